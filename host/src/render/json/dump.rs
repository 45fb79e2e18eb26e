//! What a dump says.

use std::io::{self, Write};

use serde::Serialize;
use teeleak_analysis::{
    model::{Finding, Pool},
    oom::{Held, Holder, Verdict, Why},
};

use super::{incident, report, snapshot};
use crate::last::Taken;

#[derive(Serialize)]
struct Document<'t> {
    #[serde(skip_serializing_if = "Option::is_none")]
    out_of_memory: Option<OutOfMemory<'t>>,
    findings: Vec<report::Entry<'t>>,
    taken_from: Vec<Part<'t>>,
    kernel: Vec<Kernel<'t>>,
}

/// Which pool ran out, and who holds it.
#[derive(Serialize)]
pub(crate) struct OutOfMemory<'t> {
    pools: Vec<Short<'t>>,
    fullest: Option<snapshot::PoolFigures<'t>>,
    asked_by: Option<incident::Entry<'t>>,
    holders_by_site: Vec<Share>,
    holders_by_ta: Vec<Share>,
    grown: Vec<Grown>,
    n_censuses: usize,
    action: &'t str,
}

#[derive(Serialize)]
struct Short<'t> {
    why: &'static str,
    reason: &'t str,
    n_failed_meanwhile: u64,
    n_incidents: u64,
    pool: snapshot::PoolFigures<'t>,
}

#[derive(Serialize)]
struct Share {
    #[serde(flatten)]
    holder: Who,
    bytes: u64,
    count: u64,
    percent_of_pool: Option<f64>,
}

#[derive(Serialize)]
struct Grown {
    #[serde(flatten)]
    holder: Who,
    bytes_first: u64,
    bytes_last: u64,
    count_first: u64,
    count_last: u64,
    since_census: usize,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Who {
    Site { file: String, line: u32, size_bytes: u64, owner: String },
    Owner { owner: String },
    Regions { uuid: String },
}

#[derive(Serialize)]
struct Part<'t> {
    what: &'t str,
    taken: Option<&'t str>,
    why_not: Option<&'t str>,
}

#[derive(Serialize)]
struct Kernel<'t> {
    from: &'t str,
    lines: Option<&'t [String]>,
    why_not: Option<String>,
}

/// Writes what was taken.
pub(crate) fn write(
    taken: &Taken,
    verdict: Option<&Verdict>,
    findings: &[Finding],
    out: &mut dyn Write,
) -> io::Result<()> {
    let part = |part: &'_ crate::last::Part| -> (Option<String>, Option<String>) {
        (part.outcome.as_ref().ok().cloned(), part.outcome.as_ref().err().cloned())
    };
    let outcomes: Vec<_> = taken.parts.iter().map(part).collect();
    let parts = taken.parts.iter().zip(&outcomes);
    let document = Document {
        out_of_memory: verdict.map(out_of_memory),
        findings: findings.iter().map(report::entry).collect(),
        taken_from: parts
            .map(|(part, (taken, why_not))| Part {
                what: part.what,
                taken: taken.as_deref(),
                why_not: why_not.as_deref(),
            })
            .collect(),
        kernel: taken
            .kernel
            .iter()
            .map(|told| Kernel {
                from: told.from,
                lines: told.lines.as_deref().ok(),
                why_not: told.lines.as_ref().err().map(ToString::to_string),
            })
            .collect(),
    };
    super::write("dump", &document, out)
}

/// What is said of the pools.
pub(super) fn out_of_memory(verdict: &Verdict) -> OutOfMemory<'_> {
    OutOfMemory {
        pools: verdict
            .short
            .iter()
            .map(|short| Short {
                why: why(short.why),
                reason: &short.reason,
                n_failed_meanwhile: short.failed_meanwhile,
                n_incidents: short.n_incidents,
                pool: figures(&short.pool),
            })
            .collect(),
        fullest: verdict.fullest.as_ref().map(figures),
        asked_by: verdict.asked_by.as_ref().map(incident::entry),
        holders_by_site: verdict.by_site.iter().map(share).collect(),
        holders_by_ta: verdict.by_ta.iter().map(share).collect(),
        grown: verdict
            .grown
            .iter()
            .map(|one| Grown {
                holder: who(&one.holder),
                bytes_first: one.bytes.0,
                bytes_last: one.bytes.1,
                count_first: one.count.0,
                count_last: one.count.1,
                since_census: one.since,
            })
            .collect(),
        n_censuses: verdict.n_censuses,
        action: &verdict.action,
    }
}

fn figures(pool: &Pool) -> snapshot::PoolFigures<'_> {
    snapshot::pool(pool)
}

fn share(held: &Held) -> Share {
    Share {
        holder: who(&held.holder),
        bytes: held.bytes,
        count: held.count,
        percent_of_pool: held.percent,
    }
}

fn who(holder: &Holder) -> Who {
    match holder {
        Holder::Site { file, line, size, owner } => Who::Site {
            file: file.to_string(),
            line: *line,
            size_bytes: *size,
            owner: owner.to_string(),
        },
        Holder::Owner(owner) => Who::Owner { owner: owner.to_string() },
        Holder::Regions(uuid) => Who::Regions { uuid: uuid.to_string() },
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Leak => "leak",
        Why::Fragmented => "fragmented",
        Why::Full => "full",
        Why::TooSmall => "too_small",
        Why::Unknown => "unknown",
    }
}
