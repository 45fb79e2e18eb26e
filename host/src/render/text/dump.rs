//! What a dump says: which pool ran out comes first.

use std::io::{self, Write};

use teeleak_analysis::{
    model::{Finding, Pool, Severity},
    oom::{Grown, Held, Holder, Shortfall, Verdict, Why},
};

use super::{BAD, DIM, GOOD, HEAD, WARN, finding, incident};
use crate::{
    last::Taken,
    render::words::{self, count, grouped},
};

/// Writes what was taken.
pub(crate) fn write(
    taken: &Taken,
    verdict: Option<&Verdict>,
    findings: &[Finding],
    out: &mut dyn Write,
) -> io::Result<()> {
    match verdict {
        Some(verdict) => {
            oom(verdict, taken.observation().and_then(words::census_seconds), out)?;
        }
        None => {
            writeln!(out, "{WARN}not known{WARN:#}: nothing of the secure world could be seen")?;
        }
    }
    let failures: Vec<_> =
        findings.iter().filter(|found| found.severity == Severity::Failure).collect();
    for (n, found) in failures.iter().enumerate() {
        finding::write(n + 1, found, &failures, out)?;
    }
    parts(taken, out)?;
    kernel(taken, out)
}

/// What is said of the pools, and of who holds them.
pub(crate) fn oom(verdict: &Verdict, seconds: Option<u64>, out: &mut dyn Write) -> io::Result<()> {
    match (&verdict.short.first(), &verdict.fullest) {
        (Some(short), _) => first_line(short, out)?,
        (None, Some(pool)) => writeln!(
            out,
            "{GOOD}no pool ran out{GOOD:#}: fullest is {}, {}",
            words::pool(&pool.kind),
            figures(pool)
        )?,
        (None, None) => writeln!(out, "{WARN}not known{WARN:#}: the pools could not be seen")?,
    }
    for short in &verdict.short {
        reason(short, out)?;
    }
    if let Some(asked) = &verdict.asked_by {
        incident::write(std::slice::from_ref(asked), out)?;
    }
    held("biggest holders by site", &verdict.by_site, out)?;
    held("biggest holders by TA", &verdict.by_ta, out)?;
    grown(verdict, seconds, out)?;
    writeln!(out, "\n{HEAD}next{HEAD:#} {}", verdict.action)
}

fn first_line(short: &Shortfall, out: &mut dyn Write) -> io::Result<()> {
    let pool = &short.pool;
    if pool.num_alloc_fail.is_none() && short.n_incidents == 0 {
        return writeln!(out, "{BAD}{} is full{BAD:#}: {}", words::pool(&pool.kind), figures(pool));
    }
    write!(out, "{BAD}{} ran out{BAD:#}:", words::pool(&pool.kind))?;
    if let Some(asked) = pool.biggest_alloc_fail.filter(|asked| *asked > 0) {
        write!(out, " {} {} were asked for,", grouped(asked), words::unit(pool.unit))?;
    }
    let times = pool.num_alloc_fail.unwrap_or(0).max(short.n_incidents);
    write!(out, " {} failed", count(times, "allocation"))?;
    writeln!(out, "; {}", figures(pool))
}

/// What is free of a pool.
fn figures(pool: &Pool) -> String {
    let unit = words::unit(pool.unit);
    let Some((size, used)) = pool.size.zip(pool.allocated) else {
        return "its size is not known".into();
    };
    let mut text =
        format!("{} of {} {unit} are free", grouped(size.saturating_sub(used)), grouped(size));
    if let Some(largest) = pool.largest_free {
        text.push_str(&format!(", the largest piece {}", grouped(largest)));
    }
    text
}

fn reason(short: &Shortfall, out: &mut dyn Write) -> io::Result<()> {
    let pool = words::pool(&short.pool.kind);
    write!(out, "  {pool}: {WARN}{}{WARN:#}: {}", why(short.why), short.reason)?;
    match short.failed_meanwhile {
        0 => writeln!(out),
        n => writeln!(out, "; {n} of the failures while it was watched"),
    }
}

/// Why a pool ran out, in a few words.
pub(crate) fn why(why: Why) -> &'static str {
    match why {
        Why::Leak => "a leak",
        Why::Fragmented => "fragmentation",
        Why::Full => "full, and whether something leaks is not decided",
        Why::TooSmall => "too small for a peak that has passed",
        Why::Unknown => "not known why",
    }
}

fn held(title: &str, all: &[Held], out: &mut dyn Write) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}{title}{HEAD:#}")?;
    for one in all {
        let share = one.percent.map_or(String::new(), |percent| format!(" {percent:>5.1} %"));
        let (bytes, n) = (grouped(one.bytes), grouped(one.count));
        writeln!(out, "  {bytes:>11} bytes{share} in {n:>6}  {}", holder(&one.holder))?;
    }
    Ok(())
}

fn grown(verdict: &Verdict, seconds: Option<u64>, out: &mut dyn Write) -> io::Result<()> {
    if verdict.n_censuses < 2 {
        let why = "one census can't show growth: no window of `teeleak watch` was there";
        return writeln!(out, "\n{HEAD}grown{HEAD:#} {DIM}not known, {why}{DIM:#}");
    }
    let n = verdict.n_censuses;
    writeln!(out, "\n{HEAD}grown{HEAD:#} {DIM}since the window began, over {n} censuses{DIM:#}")?;
    if verdict.grown.is_empty() {
        writeln!(out, "  nothing")?;
    }
    for one in &verdict.grown {
        let Grown { bytes, count, since, .. } = one;
        let ago = verdict.n_censuses.saturating_sub(*since) as u64;
        let ago =
            seconds.map_or(String::new(), |each| format!(", about {} s ago", grouped(ago * each)));
        writeln!(
            out,
            "  {:>11} bytes, {} to {} objects, since census {since}{ago}  {}",
            format!("+{}", grouped(bytes.1.saturating_sub(bytes.0))),
            grouped(count.0),
            grouped(count.1),
            holder(&one.holder)
        )?;
    }
    Ok(())
}

/// A holder in one line.
pub(crate) fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Site { file, line, size, owner } => {
            format!("{file}:{line}, {} bytes each, for {owner}", grouped(*size))
        }
        Holder::Owner(owner) => owner.to_string(),
        Holder::Regions(uuid) => format!("regions of TA {uuid}"),
    }
}

fn parts(taken: &Taken, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{HEAD}taken from{HEAD:#}")?;
    for part in &taken.parts {
        match &part.outcome {
            Ok(told) => writeln!(out, "  {:<20} {GOOD}{told}{GOOD:#}", part.what)?,
            Err(why) => writeln!(out, "  {:<20} {WARN}not{WARN:#}: {why}", part.what)?,
        }
    }
    Ok(())
}

fn kernel(taken: &Taken, out: &mut dyn Write) -> io::Result<()> {
    for told in &taken.kernel {
        match &told.lines {
            Ok(lines) if lines.is_empty() => {
                writeln!(out, "  {:<20} nothing of OP-TEE", told.from)?;
            }
            Ok(lines) => {
                for (n, line) in lines.iter().enumerate() {
                    let from = if n == 0 { told.from } else { "" };
                    writeln!(out, "  {from:<20} {DIM}{line}{DIM:#}")?;
                }
            }
            Err(error) => {
                writeln!(out, "  {:<20} {WARN}not{WARN:#}: {error}: run as root", told.from)?;
            }
        }
    }
    Ok(())
}
