//! Series of allocation sites.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use teeleak_proto::Uuid;

use super::{RunTimeline, column::Column, timeline::Births};
use crate::growth::Series;
use crate::model::{Completeness, Owner, OwnerId, Sample, Site};

/// The owner of a site's allocations, over the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::growth) enum OwnerKey {
    Unknown,
    Core,
    /// TA or PTA.
    Ta(Uuid),
    /// A number missing from the owner tables.
    Number(u16),
}

impl OwnerKey {
    pub(in crate::growth) const fn uuid(self) -> Option<Uuid> {
        match self {
            Self::Ta(uuid) => Some(uuid),
            _ => None,
        }
    }
}

/// The identity of a site: session and epoch are summed out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::growth) struct SiteKey {
    pub(in crate::growth) file: Arc<str>,
    pub(in crate::growth) line: u32,
    pub(in crate::growth) size: u64,
    pub(in crate::growth) owner: OwnerKey,
    pub(in crate::growth) server: OwnerKey,
    pub(in crate::growth) caller: Option<u64>,
}

/// Objects of one site.
pub(in crate::growth) struct SiteSeries {
    pub(in crate::growth) key: SiteKey,
    /// Objects, less the growth of idle iterations.
    pub(in crate::growth) objects: Series,
    /// Objects per idle iteration.
    pub(in crate::growth) idle: f64,
}

/// The series of all sites, in order of keys.
pub(in crate::growth) fn sites(timeline: &RunTimeline<'_>, samples: &[Sample]) -> Vec<SiteSeries> {
    let owners = owners(samples);
    let births = timeline.births();
    let measured_columns = columns(&timeline.measured, births.as_ref(), &owners);
    let idle_samples: Vec<_> = timeline.idle.iter().copied().map(Some).collect();
    let idle = columns(&idle_samples, None, &owners);
    let mut series: Vec<_> = measured_columns
        .into_iter()
        .map(|(key, column)| {
            let idle = idle.get(&key).map_or(0.0, |column| column.idle_rate().0);
            let mut objects = column.objects(0, births.is_some());
            objects.subtract(idle);
            SiteSeries { key, objects, idle }
        })
        .collect();
    series.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    series
}

fn columns(
    samples: &[Option<&Sample>],
    births: Option<&Births>,
    owners: &BTreeMap<u16, Uuid>,
) -> HashMap<SiteKey, Column> {
    let empty = empty(samples);
    let mut columns = HashMap::new();
    for (at, sample) in samples.iter().enumerate() {
        // Incomplete data is a gap: a partial count must not be compared.
        let Some(Completeness::Complete(sites) | Completeness::Counted(sites, _)) =
            sample.map(|sample| &sample.sites)
        else {
            continue;
        };
        for site in sites {
            let birth = births.map(|births| site.epoch.map_or(0, |epoch| births.iteration(epoch)));
            let column = columns.entry(key(site, owners)).or_insert_with(|| empty.clone());
            column.add(at, birth, site.count, site.count.saturating_mul(site.size));
        }
    }
    columns
}

/// The column of a site without objects.
fn empty(samples: &[Option<&Sample>]) -> Column {
    let is_seen = |sample: &Option<&Sample>| {
        sample.is_some_and(|sample| {
            matches!(sample.sites, Completeness::Complete(_) | Completeness::Counted(..))
        })
    };
    let mut column = Column::new(samples.iter().map(is_seen));
    for (at, sample) in samples.iter().enumerate() {
        if let Some(Completeness::Counted(_, gap)) = sample.map(|sample| &sample.sites) {
            column.hide(at, gap.lost);
        }
    }
    column
}

fn key(site: &Site, owners: &BTreeMap<u16, Uuid>) -> SiteKey {
    SiteKey {
        file: site.file.clone(),
        line: site.line,
        size: site.size,
        owner: owner(site.owner, owners),
        server: owner(site.server, owners),
        caller: site.caller,
    }
}

fn owner(id: OwnerId, owners: &BTreeMap<u16, Uuid>) -> OwnerKey {
    match id {
        OwnerId::Unknown => OwnerKey::Unknown,
        OwnerId::Core => OwnerKey::Core,
        OwnerId::Number(number) => {
            owners.get(&number).map_or(OwnerKey::Number(number), |uuid| OwnerKey::Ta(*uuid))
        }
    }
}

/// UUIDs by owner number; numbers are not reused within one boot, so any snapshot will do.
fn owners(samples: &[Sample]) -> BTreeMap<u16, Uuid> {
    let tables = samples.iter().filter_map(|sample| sample.owners.value()).flatten();
    tables.filter_map(|owner: &Owner| Some((owner.number, owner.uuid?))).collect()
}
