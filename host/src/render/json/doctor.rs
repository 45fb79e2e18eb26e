//! What is there and what is not.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnose::{Check, Diagnosis, State, cost::Cost};

/// What can be seen here, and what would bring the rest.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'d> {
    /// Whether a census can be taken.
    can_observe: bool,
    /// All that was looked for.
    checks: Vec<Entry<'d>>,
    /// What a snapshot costs, where it was measured.
    cost: Option<Costs>,
}

/// What a snapshot costs.
#[derive(Serialize, JsonSchema)]
struct Costs {
    /// Snapshots that were taken.
    n_snapshots: u32,
    /// Live allocations of the core heap in the last one.
    n_allocations: Option<u32>,
    /// Regions of all TAs in the last one.
    n_regions: Option<u32>,
    /// Time from asking to the last page, median.
    wall_median_ns: u64,
    /// The same, at most.
    wall_max_ns: u64,
    /// Time that the malloc lock of the TEE core was held, median.
    malloc_lock_median_ns: u64,
    /// The same, at most.
    malloc_lock_max_ns: u64,
    /// Time from asking for the pools to the answer, median.
    poll_wall_median_ns: u64,
    /// The same, at most.
    poll_wall_max_ns: u64,
    /// Time that the malloc lock was held for the pools, median.
    poll_malloc_lock_median_ns: u64,
    /// The same, at most.
    poll_malloc_lock_max_ns: u64,
}

/// One thing that was looked for.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Check")]
struct Entry<'d> {
    /// A short name, the same in every release.
    name: &'d str,
    /// What it lets teeleak see.
    brings: &'d str,
    /// Whether it is there.
    #[schemars(extend("enum" = ["present", "missing", "unknown"]))]
    state: &'static str,
    /// What was found.
    detail: &'d str,
    /// What to do to have it.
    remedy: Option<&'d str>,
}

/// Writes a diagnosis and, where they were measured, the costs of a snapshot.
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
