//! What a dump says.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    model::{Finding, Pool},
    pools::oom::{Held, Holder, Verdict, Why},
};

use super::{finding, incident, snapshot};
use crate::dump::collect::Taken;

/// Everything that could be taken of a system that ran out of memory, and which pool it was.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'t> {
    /// Which pool ran out, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    out_of_memory: Option<OutOfMemory<'t>>,
    /// What was found in what was kept.
    findings: Vec<finding::Entry<'t>>,
    /// What was taken, and what could not be.
    taken_from: Vec<Part<'t>>,
    /// What the kernel of the normal world tells.
    kernel: Vec<Kernel<'t>>,
}

/// Which pool ran out, and who holds it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OutOfMemory<'t> {
    /// Pools that ran out, the likeliest first.
    pools: Vec<Short<'t>>,
    /// The fullest pool, where none ran out.
    fullest: Option<snapshot::PoolFigures<'t>>,
    /// Who asked for what there was no room for.
    asked_by: Option<incident::Entry<'t>>,
    /// Who holds most of the core heap, by allocation site.
    holders_by_site: Vec<Share>,
    /// Who holds most, by TA.
    holders_by_ta: Vec<Share>,
    /// What grew before.
    grown: Vec<Grown>,
    /// Censuses that growth was judged by.
    n_censuses: usize,
    /// Looks at the pools alone, after the last census: the holders are older than the pools.
    n_polls_since: usize,
    /// What to do next.
    action: &'t str,
}

/// A pool that ran out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Shortfall")]
struct Short<'t> {
    /// Why, in one word.
    #[schemars(extend("enum" = ["leak", "fragmented", "full", "too_small", "unknown"]))]
    why: &'static str,
    /// Why, in a sentence.
    reason: &'t str,
    /// Allocations that failed while it was looked at.
    n_failed_meanwhile: u64,
    /// Incidents that are about it.
    n_incidents: u64,
    /// Its figures.
    pool: snapshot::PoolFigures<'t>,
}

/// A part of a pool.
#[derive(Serialize, JsonSchema)]
struct Share {
    #[serde(flatten)]
    holder: Who,
    /// Bytes that are held.
    bytes: u64,
    /// Objects that are held.
    count: u64,
    /// Percent of the pool, where its size is known.
    percent_of_pool: Option<f64>,
}

/// Something that grew.
#[derive(Serialize, JsonSchema)]
struct Grown {
    #[serde(flatten)]
    holder: Who,
    /// Bytes at first.
    bytes_first: u64,
    /// Bytes at last.
    bytes_last: u64,
    /// Objects at first.
    count_first: u64,
    /// Objects at last.
    count_last: u64,
    /// Census since which it grows, from 0.
    since_census: usize,
}

/// Who holds a part of a pool.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Who {
    /// An allocation site.
    Site {
        /// Source file as the build names it.
        file: String,
        /// Source line.
        line: u32,
        /// Bytes requested by each allocation.
        size_bytes: u64,
        /// Who the allocations are for.
        owner: String,
    },
    /// All allocations for somebody.
    Owner {
        /// For whom.
        owner: String,
    },
    /// The regions of a TA.
    Regions {
        /// Which TA.
        uuid: String,
    },
}

/// A part of the dump.
#[derive(Serialize, JsonSchema)]
struct Part<'t> {
    /// Which.
    what: &'t str,
    /// What was taken, where it could be.
    taken: Option<&'t str>,
    /// Why it could not be taken.
    why_not: Option<&'t str>,
}

/// What the kernel tells in one place.
#[derive(Serialize, JsonSchema)]
struct Kernel<'t> {
    /// Where.
    from: &'t str,
    /// What it tells.
    lines: Option<&'t [String]>,
    /// Why it could not be read.
    why_not: Option<String>,
}

/// Writes what was taken.
pub(crate) fn write(
    taken: &Taken,
    verdict: Option<&Verdict>,
    findings: &[Finding],
    out: &mut dyn Write,
) -> io::Result<()> {
    let part = |part: &'_ crate::dump::collect::Part| -> (Option<String>, Option<String>) {
        (part.outcome.as_ref().ok().cloned(), part.outcome.as_ref().err().cloned())
    };
    let outcomes: Vec<_> = taken.parts.iter().map(part).collect();
    let parts = taken.parts.iter().zip(&outcomes);
    let document = Document {
        out_of_memory: verdict.map(out_of_memory),
        findings: findings.iter().map(finding::entry).collect(),
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
                why: reason_name(short.why),
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
                holder: holder_json(&one.holder),
                bytes_first: one.bytes.0,
                bytes_last: one.bytes.1,
                count_first: one.count.0,
                count_last: one.count.1,
                since_census: one.since,
            })
            .collect(),
        n_censuses: verdict.n_censuses,
        n_polls_since: verdict.n_polls_since,
        action: &verdict.action,
    }
}

fn figures(pool: &Pool) -> snapshot::PoolFigures<'_> {
    snapshot::pool(pool)
}

fn share(held: &Held) -> Share {
    Share {
        holder: holder_json(&held.holder),
        bytes: held.bytes,
        count: held.count,
        percent_of_pool: held.percent,
    }
}

fn holder_json(holder: &Holder) -> Who {
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

fn reason_name(why: Why) -> &'static str {
    match why {
        Why::Leak => "leak",
        Why::Fragmented => "fragmented",
        Why::Full => "full",
        Why::TooSmall => "too_small",
        Why::Unknown => "unknown",
    }
}
