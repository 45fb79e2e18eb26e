//! A dump as text; the pool that ran out comes first.

use std::{io, time::Duration};

use teeleak_analysis::{
    model::{Finding, Pool, Severity},
    pools::oom::{HolderGrowth, HolderShare, MemoryHolder, OomVerdict, Shortfall, ShortfallCause},
    text,
    text::{count, number},
};

use super::{TextLine, TextPage, finding, finding::FindingContext, incident};
use crate::dump::collect::CollectedDump;

/// Last lines of the kernel log shown without `-v`.
const LINES: usize = 8;

/// Writes a dump.
pub(crate) fn write(
    taken: &CollectedDump,
    verdict: Option<&OomVerdict>,
    findings: &[Finding],
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    match verdict {
        Some(verdict) => {
            let interval = taken.observation().and_then(|seen| seen.platform.census_interval);
            oom(verdict, interval, page)?;
        }
        None => {
            write_unknown("the secure world could not be observed", page)?;
        }
    }
    let failures: Vec<_> =
        findings.iter().filter(|found| found.severity == Severity::Failure).collect();
    let context = FindingContext { all: &failures, observation: taken.observation() };
    for (n, found) in failures.iter().enumerate() {
        finding::write(Some(n + 1), found, context, page)?;
    }
    parts(taken, page)?;
    kernel(taken, page)?;
    page.close()
}

fn write_unknown(why: &str, page: &mut TextPage<'_>) -> io::Result<()> {
    page.write_line(TextLine::default().warn("unknown").text(format_args!(": {why}")))
}

/// Writes the pools that ran out and their biggest holders.
pub(crate) fn oom(
    verdict: &OomVerdict,
    interval: Option<Duration>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    match (&verdict.short.first(), &verdict.fullest) {
        (Some(short), _) => first_line(short, page)?,
        (None, Some(pool)) => {
            page.write_line(TextLine::default().good("no pool ran out").text(format_args!(
                ": the fullest is {}, {}",
                pool.kind.label(),
                figures(pool)
            )))?;
        }
        (None, None) => write_unknown("the pools could not be observed", page)?,
    }
    for short in &verdict.short {
        reason(short, page)?;
    }
    if let Some(asked) = &verdict.asked_by {
        incident::write(&[asked], page)?;
    }
    let polls = verdict.n_polls_since as u64;
    holders("biggest holders by site", &verdict.by_site, polls, page)?;
    holders("biggest holders by TA", &verdict.by_ta, polls, page)?;
    growth(verdict, interval, page)?;
    page.blank()?;
    page.write_line(TextLine::default().head("next").text(" ").hang().text(&verdict.next_step))
}

fn first_line(short: &Shortfall, page: &mut TextPage<'_>) -> io::Result<()> {
    let (pool, name) = (&short.pool, short.pool.kind.label());
    if pool.num_alloc_fail.is_none() && short.n_incidents == 0 {
        let line = TextLine::default().bad(format_args!("{name} is full"));
        return page.write_line(line.text(format_args!(": {}", figures(pool))));
    }
    let mut line = TextLine::default().bad(format_args!("{name} ran out")).text(":");
    if let Some(asked) = pool.biggest_alloc_fail.filter(|asked| *asked > 0) {
        let unit = text::pool_unit(pool.unit);
        line = line.text(format_args!(" {} {unit} requested,", number(asked)));
    }
    let times = pool.num_alloc_fail.unwrap_or(0).max(short.n_incidents);
    page.write_line(line.text(format_args!(
        " {} failed; {}",
        count(times, "allocation"),
        figures(pool)
    )))
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

fn reason(short: &Shortfall, page: &mut TextPage<'_>) -> io::Result<()> {
    let line = TextLine::indent(2).text(format_args!("{}: ", short.pool.kind.label()));
    let line = line.warn(reason_text(short.why)).text(format_args!(": {}", short.reason));
    page.write_line(match short.failed_meanwhile {
        0 => line,
        n => line.text(format_args!("; {} of these failures during the recording", number(n))),
    })
}

/// Short reason why a pool ran out.
pub(crate) fn reason_text(why: ShortfallCause) -> &'static str {
    match why {
        ShortfallCause::Leak => "a leak",
        ShortfallCause::Fragmented => "fragmentation",
        ShortfallCause::Full => "full; a leak is neither shown nor excluded",
        ShortfallCause::TooSmall => "too small for a past peak",
        ShortfallCause::Unknown => "unknown reason",
    }
}

fn holders(
    title: &str,
    all: &[HolderShare],
    polls: u64,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    page.heading(title)?;
    if polls > 0 {
        let age = format_args!("as of the last full snapshot, {} ago", count(polls, "poll"));
        page.write_line(TextLine::indent(2).warn(age))?;
    }
    for one in all {
        let share = one.percent.map_or(String::new(), |percent| format!(" {percent:>5.1} %"));
        let (bytes, n) = (number(one.bytes), number(one.count));
        let begin =
            TextLine::indent(2).text(format_args!("{bytes:>11} bytes{share} in {n:>6}  ")).hang();
        page.write_line(begin.text(holder(&one.holder)))?;
    }
    Ok(())
}

fn growth(
    verdict: &OomVerdict,
    interval: Option<Duration>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let n = verdict.n_censuses;
    page.blank()?;
    if n < 2 {
        let message = "a single snapshot can't show growth; run `teeleak watch` to record several";
        return page.write_line(
            TextLine::default().head("growth").dim(format_args!(" unknown: {message}")),
        );
    }
    let window =
        format!(" since the start of the window, over {} full snapshots", number(n as u64));
    page.write_line(TextLine::default().head("growth").dim(window))?;
    if verdict.grown.is_empty() {
        page.write_line(TextLine::indent(2).text("none"))?;
    }
    for one in &verdict.grown {
        let HolderGrowth { bytes, count, since, .. } = one;
        let n_snapshots = n.saturating_sub(*since) as u64;
        let age = interval.map_or(String::new(), |each| {
            format!(", about {} s ago", number(n_snapshots.saturating_mul(each.as_secs())))
        });
        let increase = format!("+{}", number(bytes.1.saturating_sub(bytes.0)));
        let (from, to) = (number(count.0), number(count.1));
        page.write_line(TextLine::indent(2).text(format_args!(
            "{increase:>11} bytes, {from} to {to} objects, since snapshot {since}{age}  {}",
            holder(&one.holder)
        )))?;
    }
    Ok(())
}

/// A holder as one line.
pub(crate) fn holder(holder: &MemoryHolder) -> String {
    match holder {
        MemoryHolder::Site { file, line, size, owner } => {
            format!("{file}:{line}, {} bytes each, for {owner}", number(*size))
        }
        MemoryHolder::Owner(owner) => owner.to_string(),
        MemoryHolder::Regions(uuid) => format!("regions of TA {uuid}"),
    }
}

fn parts(taken: &CollectedDump, page: &mut TextPage<'_>) -> io::Result<()> {
    page.heading("sources")?;
    taken.parts.iter().try_for_each(|part| {
        let begin = begin(part.what);
        page.write_line(match &part.outcome {
            Ok(description) => begin.good(description),
            Err(why) => begin.warn("unavailable").text(format_args!(": {why}")),
        })
    })
}

fn begin(what: &str) -> TextLine {
    TextLine::indent(2).text(format_args!("{what:<20} ")).hang()
}

fn kernel(taken: &CollectedDump, page: &mut TextPage<'_>) -> io::Result<()> {
    for log in &taken.kernel {
        match &log.lines {
            Ok(lines) if lines.is_empty() => {
                page.write_line(begin(log.from).text("no lines from OP-TEE"))?;
            }
            Ok(lines) => {
                let n_shown =
                    if lines.len() > LINES && !page.shows_all() { LINES } else { lines.len() };
                let n_hidden = lines.len() - n_shown;
                for (n, line) in lines.iter().skip(n_hidden).enumerate() {
                    page.write_line(begin(if n == 0 { log.from } else { "" }).dim(line))?;
                }
                if n_hidden > 0 {
                    page.write_line(begin("").dim(format_args!(
                        "{} earlier lines; use -v to show all",
                        number(n_hidden as u64)
                    )))?;
                }
            }
            Err(error) => {
                let message = format!(": {error}; run as root");
                page.write_line(begin(log.from).warn("unreadable").text(message))?;
            }
        }
    }
    Ok(())
}
