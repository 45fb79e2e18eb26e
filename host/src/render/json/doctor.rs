//! What is there and what is not.

use std::io::{self, Write};

use serde::Serialize;

use crate::{
    cost::Cost,
    diagnose::{Check, Diagnosis, State},
};

#[derive(Serialize)]
struct Document<'d> {
    can_observe: bool,
    checks: Vec<Entry<'d>>,
    cost: Option<Costs>,
}

#[derive(Serialize)]
struct Costs {
    n_snapshots: u32,
    n_allocations: Option<u32>,
    n_regions: Option<u32>,
    wall_median_ns: u64,
    wall_max_ns: u64,
    malloc_lock_median_ns: u64,
    malloc_lock_max_ns: u64,
    poll_wall_median_ns: u64,
    poll_wall_max_ns: u64,
    poll_malloc_lock_median_ns: u64,
    poll_malloc_lock_max_ns: u64,
}

#[derive(Serialize)]
struct Entry<'d> {
    name: &'d str,
    brings: &'d str,
    state: &'static str,
    detail: &'d str,
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
    let Check { name, brings, detail, .. } = check;
    Entry { name, brings, state, detail, remedy: check.remedy.as_deref() }
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
