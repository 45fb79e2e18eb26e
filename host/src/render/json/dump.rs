//! A dump as JSON.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    model::{Finding, Pool},
    pools::oom::{HolderShare, MemoryHolder, OomVerdict, ShortfallCause},
};

use super::{finding, incident, snapshot};
use crate::dump::collect::CollectedDump;

/// State of a system that ran out of memory, and which pool ran out.
#[derive(Serialize, JsonSchema)]
pub(super) struct DumpDocument<'t> {
    /// Which pool ran out; missing if nothing of the secure world was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    out_of_memory: Option<OutOfMemoryJson<'t>>,
    /// Findings in the recorded window.
    findings: Vec<finding::NumberedFindingJson<'t>>,
    /// The parts of the dump, including those that are unavailable.
    taken_from: Vec<DumpPartJson<'t>>,
    /// Log lines of the kernel about OP-TEE.
    kernel: Vec<KernelLogJson<'t>>,
}

/// Which pool ran out, and its biggest holders.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OutOfMemory")]
pub(crate) struct OutOfMemoryJson<'t> {
    /// Pools that ran out, most likely first.
    pools: Vec<ShortfallJson<'t>>,
    /// The fullest pool, if none ran out.
    fullest: Option<snapshot::PoolFigures<'t>>,
    /// The allocation that failed.
    asked_by: Option<incident::IncidentJson<'t>>,
    /// Biggest holders of the core heap, by allocation site.
    holders_by_site: Vec<Share>,
    /// Biggest holders, by TA.
    holders_by_ta: Vec<Share>,
    /// Holders that grew before the dump.
    grown: Vec<HolderGrowthJson>,
    /// Number of full snapshots that growth was judged by.
    n_censuses: usize,
    /// Number of polls of the pools since the last full snapshot; the holders are older than the pools by these.
    n_polls_since: usize,
    /// What to do next.
    next: &'t str,
}

/// A pool that ran out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Shortfall")]
struct ShortfallJson<'t> {
    /// Reason, in one word.
    #[schemars(extend("enum" = ["leak", "fragmented", "full", "too_small", "unknown"]))]
    why: &'static str,
    /// Reason, as a sentence.
    reason: &'t str,
    /// Number of allocations that failed during the recording.
    n_failed_meanwhile: u64,
    /// Number of incidents about this pool.
    n_incidents: u64,
    /// Figures of the pool.
    pool: snapshot::PoolFigures<'t>,
}

/// Share of a holder in a pool.
#[derive(Serialize, JsonSchema)]
struct Share {
    #[serde(flatten)]
    holder: HolderJson,
    /// Bytes held.
    bytes: u64,
    /// Objects held.
    count: u64,
    /// Percentage of the pool, if its size is known.
    percent_of_pool: Option<f64>,
}

/// A holder that grew.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HolderGrowth")]
struct HolderGrowthJson {
    #[serde(flatten)]
    holder: HolderJson,
    /// Bytes in the first snapshot.
    bytes_first: u64,
    /// Bytes in the last snapshot.
    bytes_last: u64,
    /// Objects in the first snapshot.
    count_first: u64,
    /// Objects in the last snapshot.
    count_last: u64,
    /// Index of the snapshot since which it grows, from 0.
    since_census: usize,
}

/// Holder of a part of a pool.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Holder")]
#[serde(tag = "type", rename_all = "snake_case")]
enum HolderJson {
    /// An allocation site.
    Site {
        /// Source file as the build names it.
        file: String,
        /// Source line.
        line: u32,
        /// Bytes requested by each allocation.
        size_bytes: u64,
        /// Owner of the allocations.
        owner: String,
    },
    /// All allocations of one owner.
    Owner {
        /// The owner.
        owner: String,
    },
    /// The regions of a TA.
    Regions {
        /// UUID of the TA.
        uuid: String,
    },
}

/// A part of the dump.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Part")]
struct DumpPartJson<'t> {
    /// Name of the part.
    what: &'t str,
    /// What was recorded; null if unavailable.
    taken: Option<&'t str>,
    /// Why the part is unavailable.
    why_not: Option<&'t str>,
}

/// Lines of one kernel log.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KernelLog")]
struct KernelLogJson<'t> {
    /// Name of the log.
    from: &'t str,
    /// Its lines about OP-TEE.
    lines: Option<&'t [String]>,
    /// Why it could not be read.
    why_not: Option<String>,
}

/// Writes a dump.
pub(crate) fn write(
    taken: &CollectedDump,
    verdict: Option<&OomVerdict>,
    findings: &[Finding],
    out: &mut dyn Write,
) -> io::Result<()> {
    let part = |part: &'_ crate::dump::collect::DumpAttempt| -> (Option<String>, Option<String>) {
        (part.outcome.as_ref().ok().cloned(), part.outcome.as_ref().err().cloned())
    };
    let outcomes: Vec<_> = taken.parts.iter().map(part).collect();
    let parts = taken.parts.iter().zip(&outcomes);
    let document = DumpDocument {
        out_of_memory: verdict.map(out_of_memory),
        findings: finding::numbered_findings(findings),
        taken_from: parts
            .map(|(part, (taken, why_not))| DumpPartJson {
                what: part.what,
                taken: taken.as_deref(),
                why_not: why_not.as_deref(),
            })
            .collect(),
        kernel: taken
            .kernel
            .iter()
            .map(|log| KernelLogJson {
                from: log.from,
                lines: log.lines.as_deref().ok(),
                why_not: log.lines.as_ref().err().map(ToString::to_string),
            })
            .collect(),
    };
    super::write("dump", &document, out)
}

/// The out-of-memory verdict as JSON.
pub(super) fn out_of_memory(verdict: &OomVerdict) -> OutOfMemoryJson<'_> {
    OutOfMemoryJson {
        pools: verdict
            .short
            .iter()
            .map(|short| ShortfallJson {
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
            .map(|one| HolderGrowthJson {
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
        next: &verdict.next_step,
    }
}

fn figures(pool: &Pool) -> snapshot::PoolFigures<'_> {
    snapshot::pool(pool)
}

fn share(held: &HolderShare) -> Share {
    Share {
        holder: holder_json(&held.holder),
        bytes: held.bytes,
        count: held.count,
        percent_of_pool: held.percent,
    }
}

fn holder_json(holder: &MemoryHolder) -> HolderJson {
    match holder {
        MemoryHolder::Site { file, line, size, owner } => HolderJson::Site {
            file: file.to_string(),
            line: *line,
            size_bytes: *size,
            owner: owner.to_string(),
        },
        MemoryHolder::Owner(owner) => HolderJson::Owner { owner: owner.to_string() },
        MemoryHolder::Regions(uuid) => HolderJson::Regions { uuid: uuid.to_string() },
    }
}

fn reason_name(why: ShortfallCause) -> &'static str {
    match why {
        ShortfallCause::Leak => "leak",
        ShortfallCause::Fragmented => "fragmented",
        ShortfallCause::Full => "full",
        ShortfallCause::TooSmall => "too_small",
        ShortfallCause::Unknown => "unknown",
    }
}
