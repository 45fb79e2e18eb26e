//! Series of the regions of TA instances.

use std::collections::BTreeMap;

use teeleak_proto::Uuid;

use super::{RunTimeline, column::Column};
use crate::growth::Series;
use crate::model::{Completeness, Instance, Region, Sample};

/// Regions of one instance.
pub(in crate::growth) struct InstanceSeries {
    pub(in crate::growth) uuid: Uuid,
    /// Number of regions, less the growth of idle iterations.
    pub(in crate::growth) regions: Series,
    /// Mapped bytes, less the growth of idle iterations.
    pub(in crate::growth) bytes: Series,
    /// Regions per idle iteration.
    pub(in crate::growth) idle: f64,
    /// Regions that exist at the end and did not at the start, by address.
    pub(in crate::growth) stayed: Vec<Region>,
    /// Index of the first snapshot of the instance.
    pub(in crate::growth) from: usize,
}

/// The series of all instances that exist at the end.
pub(in crate::growth) fn regions(timeline: &RunTimeline<'_>) -> Vec<InstanceSeries> {
    let idle_samples: Vec<_> = timeline.idle.iter().copied().map(Some).collect();
    let idle = follow(&idle_samples);
    let followers = follow(&timeline.measured);
    let live_instances = followers.into_iter().filter(|(_, follower)| !follower.gone);
    live_instances
        .map(|(id, follower)| {
            let idle = idle.get(&id).map_or((0.0, 0.0), |idle| idle.column.idle_rate());
            follower.series(idle)
        })
        .collect()
}

/// One instance followed through the snapshots.
struct Follower {
    uuid: Uuid,
    column: Column,
    from: usize,
    /// Its last known regions.
    known: KnownRegions,
    gone: bool,
}

impl Follower {
    fn new(uuid: Uuid, from: usize, samples: usize) -> Self {
        let column = Column::new((0..samples).map(|_| false));
        Self { uuid, column, from, known: KnownRegions::default(), gone: false }
    }

    /// Adds a snapshot; `lost` more regions exist, whose addresses are unknown.
    fn see(&mut self, at: usize, regions: &[Region], lost: u64) {
        self.column.see(at);
        let fresh = if at == self.from { 0 } else { at };
        let mut live_regions = KnownRegions::new(regions, fresh);
        let missing = live_regions.take_births(&self.known);
        let room = usize::try_from(lost).unwrap_or(usize::MAX);
        // Regions that were there before are most likely among those that were lost.
        let n_kept = missing.len().min(room);
        let n_new = lost.saturating_sub(n_kept as u64);
        if n_new > 0 || missing.len() > room {
            self.column.blur(at);
        }
        live_regions.extend(missing.into_iter().take(room));
        for (region, born) in &live_regions.0 {
            self.column.add(at, Some(*born), 1, region.size);
        }
        if n_new > 0 {
            self.column.add(at, Some(fresh), n_new, 0);
        }
        self.known = live_regions;
    }

    fn series(self, idle: (f64, f64)) -> InstanceSeries {
        let mut regions = self.column.objects(self.from, true);
        regions.subtract(idle.0);
        let mut bytes = self.column.bytes(self.from);
        bytes.subtract(idle.1);
        let lasting_regions = self.known.0.iter().filter(|(_, born)| *born > self.from);
        let lasting_regions = lasting_regions.map(|(region, _)| *region).collect();
        InstanceSeries {
            uuid: self.uuid,
            regions,
            bytes,
            idle: idle.0,
            stayed: lasting_regions,
            from: self.from,
        }
    }
}

/// Regions with the iteration that mapped each, in order: snapshots are compared in one pass.
#[derive(Default)]
struct KnownRegions(Vec<(Region, usize)>);

impl KnownRegions {
    fn new(regions: &[Region], born: usize) -> Self {
        let mut known: Vec<_> = regions.iter().map(|region| (*region, born)).collect();
        known.sort_unstable();
        known.dedup_by_key(|(region, _)| *region);
        Self(known)
    }

    /// Dates those that were there before, and returns those of `before` that are gone.
    fn take_births(&mut self, before: &Self) -> Vec<(Region, usize)> {
        let mut live_regions = self.0.iter_mut().peekable();
        let is_gone = |(region, born): &&(Region, usize)| {
            while live_regions.next_if(|live| live.0 < *region).is_some() {}
            let live = live_regions.next_if(|live| live.0 == *region);
            live.map(|live| live.1 = *born).is_none()
        };
        before.0.iter().filter(is_gone).copied().collect()
    }

    fn extend(&mut self, regions: impl Iterator<Item = (Region, usize)>) {
        let n_before = self.0.len();
        self.0.extend(regions);
        if self.0.len() > n_before {
            self.0.sort_unstable();
        }
    }
}

fn follow(samples: &[Option<&Sample>]) -> BTreeMap<u32, Follower> {
    let mut followers = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        let Some(part) = sample.map(|sample| &sample.instances) else { continue };
        let Some(instances) = part.value() else { continue };
        if matches!(part, Completeness::Complete(_)) {
            for (id, follower) in &mut followers {
                let follower: &mut Follower = follower;
                follower.gone = !instances.iter().any(|instance| instance.id == *id);
            }
        }
        for instance in instances {
            follow_one(&mut followers, instance, at, samples.len());
        }
    }
    followers
}

fn follow_one(
    followers: &mut BTreeMap<u32, Follower>,
    instance: &Instance,
    at: usize,
    samples: usize,
) {
    // A busy instance, or one with an unknown number of regions, leaves a gap.
    let (regions, lost) = match &instance.regions {
        Completeness::Complete(regions) => (regions, 0),
        Completeness::Counted(regions, gap) => (regions, gap.lost),
        Completeness::Partial(..) | Completeness::Unobserved(_) => return,
    };
    followers
        .entry(instance.id)
        .or_insert_with(|| Follower::new(instance.uuid, at, samples))
        .see(at, regions, lost);
}
