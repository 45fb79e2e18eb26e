//! What an iteration needs of a pool for a time, beyond what it finds in use.

use crate::{
    growth::collect::RunTimeline,
    model::{Gauge, Pool, PoolKind, Sample, Stage},
};

/// The most that one iteration needed beyond what was in use before it; `None` if no peak is known.
///
/// The statistics keep the most that was ever in use, so it is the peak of an iteration only where it
/// rose in it, as it does in each iteration of a leak.
pub(super) fn demand(kind: &PoolKind, timeline: &RunTimeline<'_>, gauges: &[Gauge]) -> Option<u64> {
    let pool = |sample: &Option<&'_ Sample>| -> Option<Pool> {
        (*sample)?.all_pools().find(|pool| pool.kind == *kind).cloned()
    };
    let pools: Vec<_> = timeline.measured.iter().map(pool).collect();
    let iterations = pools.iter().zip(pools.iter().skip(1)).enumerate();
    let demands = iterations.filter_map(|(at, (before, after))| {
        let before = before.as_ref()?;
        let polled = polled(kind, timeline.iteration(at + 1), gauges);
        let peak = after.as_ref().and_then(|after| risen(before, after)).max(polled)?;
        peak.checked_sub(before.allocated?)
    });
    demands.max()
}

/// The most that was ever in use, if it rose.
fn risen(before: &Pool, after: &Pool) -> Option<u64> {
    let (old, new) = (before.max_allocated?, after.max_allocated?);
    Some(new).filter(|new| *new > old && after.allocated.is_none_or(|used| *new >= used))
}

/// The most that polls within an iteration found in use.
fn polled(kind: &PoolKind, iteration: u32, gauges: &[Gauge]) -> Option<u64> {
    let is_within = |gauge: &&Gauge| {
        gauge.moment.stage == Stage::Measured && gauge.moment.iteration == iteration
    };
    let pools = gauges.iter().filter(is_within).flat_map(|gauge| &gauge.pools);
    pools.filter(|pool| pool.kind == *kind).filter_map(|pool| pool.allocated).max()
}
