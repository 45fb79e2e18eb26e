//! Series of the use of pools.

use std::collections::BTreeMap;

use super::{RunTimeline, column::Column};
use crate::growth::Series;
use crate::model::{Pool, PoolKind, Sample};

/// The use of one pool.
pub(crate) struct PoolSeries<'a> {
    /// Amount in use, less the growth of idle iterations.
    pub(crate) used: Series,
    /// Growth per idle iteration.
    pub(crate) idle: f64,
    /// Its last figures.
    pub(crate) last: &'a Pool,
    /// Its first figures.
    pub(crate) first: &'a Pool,
    /// Index of the first snapshot that shows it: the heap of a TA is there only with the TA.
    pub(crate) from: usize,
}

/// The series of all pools.
pub(crate) fn pools<'a>(timeline: &RunTimeline<'a>) -> Vec<PoolSeries<'a>> {
    let idle_samples: Vec<_> = timeline.idle.iter().copied().map(Some).collect();
    let idle = follow(&idle_samples);
    let series = follow(&timeline.measured).into_iter().map(|(kind, followed)| {
        let idle = idle.get(kind).map_or(0.0, |idle| idle.column.idle_rate().0);
        let PoolTrack { column, first, last, from } = followed;
        let mut usage = column.objects(from, false);
        usage.subtract(idle);
        PoolSeries { used: usage, idle, last, first, from }
    });
    series.collect()
}

struct PoolTrack<'a> {
    column: Column,
    first: &'a Pool,
    last: &'a Pool,
    from: usize,
}

fn follow<'a>(samples: &[Option<&'a Sample>]) -> BTreeMap<&'a PoolKind, PoolTrack<'a>> {
    let mut pools: BTreeMap<&PoolKind, PoolTrack<'_>> = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        for pool in sample.iter().flat_map(|sample| sample.all_pools()) {
            let column = || Column::new(samples.iter().map(|_| false));
            let entry = pools.entry(&pool.kind);
            let new = || PoolTrack { column: column(), first: pool, last: pool, from: at };
            let track = entry.or_insert_with(new);
            track.last = pool;
            if let Some(allocated) = pool.allocated {
                track.column.see(at);
                track.column.add(at, None, allocated, 0);
            } else if let Some(most) = pool.max_allocated.or(pool.size) {
                // The line with the amount in use was lost.
                track.column.see(at);
                track.column.hide(at, most);
            }
        }
    }
    pools
}
