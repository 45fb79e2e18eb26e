//! Result of all checks of `teeleak doctor`.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnose::{Check, Diagnosis, State, cost::Cost};

/// What teeleak can observe on this system, and how to enable the rest.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'d> {
    /// Whether a snapshot can be taken.
    can_observe: bool,
    /// Result of each check.
    checks: Vec<Entry<'d>>,
    /// Cost of a snapshot, if measured.
    cost: Option<Costs>,
}

/// Cost of a snapshot and of a poll of the pools.
#[derive(Serialize, JsonSchema)]
struct Costs {
    /// Number of snapshots taken.
    n_snapshots: u32,
    /// Live allocations of the core heap in the last snapshot.
    n_allocations: Option<u32>,
    /// Regions of all TAs in the last snapshot.
    n_regions: Option<u32>,
    /// Time from the request to the last page, median.
    wall_median_ns: u64,
    /// Time from the request to the last page, maximum.
    wall_max_ns: u64,
    /// Time the TEE core's malloc lock was held, median.
    malloc_lock_median_ns: u64,
    /// Time the TEE core's malloc lock was held, maximum.
    malloc_lock_max_ns: u64,
    /// Time from a poll of the pools to the reply, median.
    poll_wall_median_ns: u64,
    /// Time from a poll of the pools to the reply, maximum.
    poll_wall_max_ns: u64,
    /// Time the malloc lock was held for a poll, median.
    poll_malloc_lock_median_ns: u64,
    /// Time the malloc lock was held for a poll, maximum.
    poll_malloc_lock_max_ns: u64,
}

/// Result of one check.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Check")]
struct Entry<'d> {
    /// Short name of the check, stable across releases.
    name: &'d str,
    /// What it lets teeleak observe.
    brings: &'d str,
    /// Result of the check.
    #[schemars(extend("enum" = ["present", "missing", "unknown"]))]
    state: &'static str,
    /// Details of the result.
    detail: &'d str,
    /// How to fix it.
    remedy: Option<&'d str>,
}

/// Writes a diagnosis and the costs of a snapshot, if they were measured.
pub(crate) fn write(
    diagnosis: &Diagnosis,
    cost: Option<Cost>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let checks = diagnosis.checks.iter().map(entry).collect();
    let cost = cost.map(costs);
    let document = Document { can_observe: diagnosis.can_observe, checks, cost };
    super::write("doctor", &document, out)
}

fn entry(check: &Check) -> Entry<'_> {
    let state = match check.state {
        State::Present => "present",
        State::Missing => "missing",
        State::Unknown => "unknown",
    };
    let Check { id, brings, detail, .. } = check;
    Entry { name: id.name(), brings, state, detail, remedy: check.remedy.as_deref() }
}

fn costs(cost: Cost) -> Costs {
    Costs {
        n_snapshots: cost.snapshots,
        n_allocations: cost.counts.allocations,
        n_regions: cost.counts.regions,
        wall_median_ns: cost.wall.median_ns,
        wall_max_ns: cost.wall.max_ns,
        malloc_lock_median_ns: cost.lock.median_ns,
        malloc_lock_max_ns: cost.lock.max_ns,
        poll_wall_median_ns: cost.poll_wall.median_ns,
        poll_wall_max_ns: cost.poll_wall.max_ns,
        poll_malloc_lock_median_ns: cost.poll_lock.median_ns,
        poll_malloc_lock_max_ns: cost.poll_lock.max_ns,
    }
}
