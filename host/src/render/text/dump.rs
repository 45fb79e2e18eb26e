//! A dump as text; the pool that ran out comes first.

use std::io;

use teeleak_analysis::{
    model::{Finding, Pool, Severity},
    pools::oom::{Grown, Held, Holder, Shortfall, Verdict, Why},
    text::{self, count, number},
};

use super::{
    Line, Page,
    finding::{self, Among},
    incident,
};
use crate::{dump::collect::Taken, render::words};

/// Last lines of the kernel log shown without `-v`.
const LINES: usize = 8;

/// Writes a dump.
pub(crate) fn write(
    taken: &Taken,
    verdict: Option<&Verdict>,
    findings: &[Finding],
    page: &mut Page<'_>,
) -> io::Result<()> {
    match verdict {
        Some(verdict) => {
            oom(verdict, taken.observation().and_then(words::census_seconds), page)?;
        }
        None => {
            unknown("the secure world could not be observed", page)?;
        }
    }
    let failures: Vec<_> =
        findings.iter().filter(|found| found.severity == Severity::Failure).collect();
    let among = Among { all: &failures, observation: taken.observation() };
    for (n, found) in failures.iter().enumerate() {
        finding::write(n + 1, found, among, page)?;
    }
    parts(taken, page)?;
    kernel(taken, page)?;
    page.close()
}

fn unknown(why: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.put(Line::default().warn("unknown").text(format_args!(": {why}")))
}

/// Writes the pools that ran out and their biggest holders.
pub(crate) fn oom(verdict: &Verdict, seconds: Option<u64>, page: &mut Page<'_>) -> io::Result<()> {
    match (&verdict.short.first(), &verdict.fullest) {
        (Some(short), _) => first_line(short, page)?,
        (None, Some(pool)) => {
            page.put(Line::default().good("no pool ran out").text(format_args!(
                ": the fullest is {}, {}",
                pool.kind.label(),
                figures(pool)
            )))?;
        }
        (None, None) => unknown("the pools could not be observed", page)?,
    }
    for short in &verdict.short {
        reason(short, page)?;
    }
    if let Some(asked) = &verdict.asked_by {
        incident::write(std::slice::from_ref(asked), page)?;
    }
    let polls = verdict.n_polls_since as u64;
    held("biggest holders by site", &verdict.by_site, polls, page)?;
    held("biggest holders by TA", &verdict.by_ta, polls, page)?;
    grown(verdict, seconds, page)?;
    page.blank()?;
    page.put(Line::default().head("next").text(" ").hang().text(&verdict.action))
}

fn first_line(short: &Shortfall, page: &mut Page<'_>) -> io::Result<()> {
    let (pool, name) = (&short.pool, short.pool.kind.label());
    if pool.num_alloc_fail.is_none() && short.n_incidents == 0 {
        let line = Line::default().bad(format_args!("{name} is full"));
        return page.put(line.text(format_args!(": {}", figures(pool))));
    }
    let mut line = Line::default().bad(format_args!("{name} ran out")).text(":");
    if let Some(asked) = pool.biggest_alloc_fail.filter(|asked| *asked > 0) {
        let unit = text::pool_unit(pool.unit);
        line = line.text(format_args!(" {} {unit} requested,", number(asked)));
    }
    let times = pool.num_alloc_fail.unwrap_or(0).max(short.n_incidents);
    page.put(line.text(format_args!(" {} failed; {}", count(times, "allocation"), figures(pool))))
}

/// Free and largest free space of a pool.
fn figures(pool: &Pool) -> String {
    let unit = text::pool_unit(pool.unit);
    let Some((size, used)) = pool.size.zip(pool.allocated) else {
        return "size unknown".into();
    };
    let mut text = format!("{} of {} {unit} free", number(size.saturating_sub(used)), number(size));
    if let Some(largest) = pool.largest_free {
        text.push_str(&format!(", largest free block {}", number(largest)));
    }
    text
}

fn reason(short: &Shortfall, page: &mut Page<'_>) -> io::Result<()> {
    let line = Line::at(2).text(format_args!("{}: ", short.pool.kind.label()));
    let line = line.warn(why(short.why)).text(format_args!(": {}", short.reason));
    page.put(match short.failed_meanwhile {
        0 => line,
        n => line.text(format_args!("; {} of these failures during the recording", number(n))),
    })
}

/// Short reason why a pool ran out.
pub(crate) fn why(why: Why) -> &'static str {
    match why {
        Why::Leak => "a leak",
        Why::Fragmented => "fragmentation",
        Why::Full => "full, inconclusive whether by a leak",
        Why::TooSmall => "too small for a past peak",
        Why::Unknown => "unknown reason",
    }
}

fn held(title: &str, all: &[Held], polls: u64, page: &mut Page<'_>) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    page.heading(title)?;
    if polls > 0 {
        let age = format_args!("as of the last full snapshot, {} ago", count(polls, "poll"));
        page.put(Line::at(2).warn(age))?;
    }
    for one in all {
        let share = one.percent.map_or(String::new(), |percent| format!(" {percent:>5.1} %"));
        let (bytes, n) = (number(one.bytes), number(one.count));
        let begin = Line::at(2).text(format_args!("{bytes:>11} bytes{share} in {n:>6}  ")).hang();
        page.put(begin.text(holder(&one.holder)))?;
    }
    Ok(())
}

fn grown(verdict: &Verdict, seconds: Option<u64>, page: &mut Page<'_>) -> io::Result<()> {
    let n = verdict.n_censuses;
    page.blank()?;
    if n < 2 {
        let why = "a single snapshot can't show growth; run `teeleak watch` to record several";
        return page.put(Line::default().head("growth").dim(format_args!(" unknown: {why}")));
    }
    let since = format!(" since the start of the window, over {} full snapshots", number(n as u64));
    page.put(Line::default().head("growth").dim(since))?;
    if verdict.grown.is_empty() {
        page.put(Line::at(2).text("none"))?;
    }
    for one in &verdict.grown {
        let Grown { bytes, count, since, .. } = one;
        let ago = n.saturating_sub(*since) as u64;
        let ago =
            seconds.map_or(String::new(), |each| format!(", about {} s ago", number(ago * each)));
        let more = format!("+{}", number(bytes.1.saturating_sub(bytes.0)));
        let (from, to) = (number(count.0), number(count.1));
        page.put(Line::at(2).text(format_args!(
            "{more:>11} bytes, {from} to {to} objects, since snapshot {since}{ago}  {}",
            holder(&one.holder)
        )))?;
    }
    Ok(())
}

/// A holder as one line.
pub(crate) fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Site { file, line, size, owner } => {
            format!("{file}:{line}, {} bytes each, for {owner}", number(*size))
        }
        Holder::Owner(owner) => owner.to_string(),
        Holder::Regions(uuid) => format!("regions of TA {uuid}"),
    }
}

fn parts(taken: &Taken, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("sources")?;
    taken.parts.iter().try_for_each(|part| {
        let begin = begin(part.what);
        page.put(match &part.outcome {
            Ok(told) => begin.good(told),
            Err(why) => begin.warn("unavailable").text(format_args!(": {why}")),
        })
    })
}

fn begin(what: &str) -> Line {
    Line::at(2).text(format_args!("{what:<20} ")).hang()
}

fn kernel(taken: &Taken, page: &mut Page<'_>) -> io::Result<()> {
    for told in &taken.kernel {
        match &told.lines {
            Ok(lines) if lines.is_empty() => {
                page.put(begin(told.from).text("no lines from OP-TEE"))?;
            }
            Ok(lines) => {
                let most =
                    if lines.len() > LINES && !page.tells_all() { LINES } else { lines.len() };
                let skipped = lines.len() - most;
                for (n, line) in lines.iter().skip(skipped).enumerate() {
                    page.put(begin(if n == 0 { told.from } else { "" }).dim(line))?;
                }
                if skipped > 0 {
                    page.put(begin("").dim(format_args!(
                        "{} earlier lines; use -v to show all",
                        number(skipped as u64)
                    )))?;
                }
            }
            Err(error) => {
                let why = format!(": {error}; run as root");
                page.put(begin(told.from).warn("unreadable").text(why))?;
            }
        }
    }
    Ok(())
}
