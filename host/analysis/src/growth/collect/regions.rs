//! Series of the regions of TA instances.

use std::collections::BTreeMap;

use teeleak_proto::Uuid;

use super::{Timeline, column::Column};
use crate::growth::Series;
use crate::model::{Instance, Part, Region, Sample};

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
pub(in crate::growth) fn regions(timeline: &Timeline<'_>) -> Vec<InstanceSeries> {
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
    /// Its last known regions, with the iteration that mapped them.
    known: BTreeMap<Region, usize>,
    gone: bool,
}

impl Follower {
    fn new(uuid: Uuid, from: usize, samples: usize) -> Self {
        let column = Column::new((0..samples).map(|_| false));
        Self { uuid, column, from, known: BTreeMap::new(), gone: false }
    }

    fn see(&mut self, at: usize, regions: &[Region]) {
        self.column.see(at);
        let fresh = if at == self.from { 0 } else { at };
        let birth = |region: &Region| self.known.get(region).copied().unwrap_or(fresh);
        let live_regions: BTreeMap<_, _> =
            regions.iter().map(|region| (*region, birth(region))).collect();
        for (region, born) in &live_regions {
            self.column.add(at, Some(*born), 1, region.size);
        }
        self.known = live_regions;
    }

    fn series(self, idle: (f64, f64)) -> InstanceSeries {
        let mut regions = self.column.objects(self.from, true);
        regions.subtract(idle.0);
        let mut bytes = self.column.bytes(self.from);
        bytes.subtract(idle.1);
        let lasting_regions = self.known.iter().filter(|(_, born)| **born > self.from);
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

fn follow(samples: &[Option<&Sample>]) -> BTreeMap<u32, Follower> {
    let mut followers = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        let Some(part) = sample.map(|sample| &sample.instances) else { continue };
        let Some(instances) = part.value() else { continue };
        if matches!(part, Part::Complete(_)) {
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
    // A busy instance, or one with missing regions, leaves a gap.
    let Part::Complete(regions) = &instance.regions else { return };
    followers
        .entry(instance.id)
        .or_insert_with(|| Follower::new(instance.uuid, at, samples))
        .see(at, regions);
}
