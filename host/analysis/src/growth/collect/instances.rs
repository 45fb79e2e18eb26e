//! Series of TA instances.

use std::collections::BTreeMap;

use teeleak_proto::Uuid;

use super::{RunTimeline, column::Column};
use crate::growth::Series;
use crate::model::{Completeness, Instance, Sample};

/// Instances of one TA.
pub(in crate::growth) struct InstanceCountSeries {
    pub(in crate::growth) uuid: Uuid,
    /// Instances that are there, less the growth of idle iterations.
    pub(in crate::growth) instances: Series,
    /// The bytes that they map, less the growth of idle iterations.
    pub(in crate::growth) bytes: Series,
    /// Instances per idle iteration.
    pub(in crate::growth) idle: f64,
}

/// The series of all TAs that ever had an instance.
pub(in crate::growth) fn instance_counts(timeline: &RunTimeline<'_>) -> Vec<InstanceCountSeries> {
    let idle_samples: Vec<_> = timeline.idle.iter().copied().map(Some).collect();
    let idle = count(&idle_samples);
    let series = count(&timeline.measured).into_iter().map(|(uuid, column)| {
        let idle = idle.get(&uuid).map_or((0.0, 0.0), Column::idle_rate);
        let (mut instances, mut bytes) = (column.objects(0, true), column.bytes(0));
        instances.subtract(idle.0);
        bytes.subtract(idle.1);
        InstanceCountSeries { uuid, instances, bytes, idle: idle.0 }
    });
    series.collect()
}

/// Columns by UUID. Numbers of instances are not used twice, so the first snapshot that lists one is
/// that of its birth.
fn count(samples: &[Option<&Sample>]) -> BTreeMap<Uuid, Column> {
    let listed = |sample: &Option<&Sample>| {
        matches!(sample.map(|one| &one.instances), Some(Completeness::Complete(_)))
    };
    let empty = Column::new(samples.iter().map(listed));
    let first = samples.iter().position(listed).unwrap_or(0);
    let mut columns: BTreeMap<Uuid, Column> = BTreeMap::new();
    let mut births: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        let Some(Completeness::Complete(instances)) = sample.map(|one| &one.instances) else {
            continue;
        };
        let fresh = if at == first { 0 } else { at };
        for instance in instances {
            let born = *births.entry(instance.id).or_insert(fresh);
            let column = columns.entry(instance.uuid).or_insert_with(|| empty.clone());
            column.add(at, Some(born), 1, mapped_bytes(instance));
            if instance.regions.value().is_none() {
                column.blur(at);
            }
        }
    }
    columns
}

fn mapped_bytes(instance: &Instance) -> u64 {
    let regions = instance.regions.value().into_iter().flatten();
    regions.map(|region| region.size).fold(0, u64::saturating_add)
}
