//! Series of allocation sites.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use teeleak_proto::Uuid;

use super::{
    RunTimeline,
    column::Column,
    origins::{self, SitePart},
    timeline::Births,
};
use crate::growth::{Series, wanted::Wanter};
use crate::model::{
    CallStack, Completeness, CoreFunctions, Owner, OwnerId, PoolKind, Reason, Sample, Site, TaName,
};

/// The owner of a site's allocations, over the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::growth) enum OwnerKey {
    Unknown,
    Core,
    /// TA or PTA, in the core heap.
    Ta(Uuid),
    /// A TA, in its own heap.
    Heap(TaName),
    /// A number missing from the owner tables.
    Number(u16),
}

impl OwnerKey {
    pub(in crate::growth) const fn uuid(self) -> Option<Uuid> {
        match self {
            Self::Ta(uuid) => Some(uuid),
            Self::Heap(ta) => ta.uuid(),
            _ => None,
        }
    }

    /// The heap that its allocations are in.
    pub(in crate::growth) const fn heap(self) -> PoolKind {
        match self {
            Self::Heap(ta) => PoolKind::TaHeap(ta),
            _ => PoolKind::CoreHeap,
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
    pub(in crate::growth) wanter: Wanter,
}

impl SiteKey {
    /// The key of all allocations of the site, and who wanted these.
    fn without_wanter(self) -> (Self, Wanter) {
        let Self { wanter, .. } = self;
        (Self { wanter: Wanter::Unknown, ..self }, wanter)
    }
}

/// Objects of one site.
pub(in crate::growth) struct SiteSeries {
    pub(in crate::growth) key: SiteKey,
    /// A call stack of the allocations, if recorded.
    pub(in crate::growth) stack: Option<CallStack>,
    /// Objects, less the growth of idle iterations.
    pub(in crate::growth) objects: Series,
    /// Objects per idle iteration.
    pub(in crate::growth) idle: f64,
}

/// The series of all sites, in order of keys.
pub(in crate::growth) fn sites(
    timeline: &RunTimeline<'_>,
    samples: &[Sample],
    functions: &CoreFunctions,
) -> Vec<SiteSeries> {
    let names = (&owners(samples), functions);
    let births = timeline.births();
    let measured_columns = columns(&timeline.measured, births.as_ref(), names);
    let idle_samples: Vec<_> = timeline.idle.iter().copied().map(Some).collect();
    let idle = columns(&idle_samples, None, names);
    let mut parts: BTreeMap<SiteKey, Vec<SitePart>> = BTreeMap::new();
    for (key, (column, stack)) in measured_columns {
        let idle = idle.get(&key).map_or(0.0, |(column, _)| column.idle_rate().0);
        let mut objects = column.objects(0, births.is_some());
        objects.subtract(idle);
        let (key, wanter) = key.without_wanter();
        let part = SitePart { wanter, stack, column, objects, idle };
        parts.entry(key).or_default().push(part);
    }
    parts.into_iter().flat_map(|(key, parts)| site_series(key, parts, timeline)).collect()
}

/// The series of a site, by who wanted the allocations.
fn site_series(
    key: SiteKey,
    mut parts: Vec<SitePart>,
    timeline: &RunTimeline<'_>,
) -> impl Iterator<Item = SiteSeries> {
    parts.sort_unstable_by(|a, b| a.wanter.cmp(&b.wanter));
    origins::settle(parts, timeline).into_iter().map(move |part| {
        let SitePart { wanter, stack, objects, idle, .. } = part;
        SiteSeries { key: SiteKey { wanter, ..key.clone() }, stack, objects, idle }
    })
}

/// Owners by number, functions by address.
type NameTables<'n> = (&'n BTreeMap<u16, Uuid>, &'n CoreFunctions);

/// Columns, and one of the call stacks of each.
fn columns(
    samples: &[Option<&Sample>],
    births: Option<&Births>,
    names: NameTables<'_>,
) -> HashMap<SiteKey, (Column, Option<CallStack>)> {
    let mut empty_columns: HashMap<PoolKind, Column> = HashMap::new();
    let mut columns = HashMap::new();
    for (at, sample) in samples.iter().enumerate() {
        for (heap, sites) in sample.iter().flat_map(|sample| sample.all_sites()) {
            // Incomplete data is a gap: a partial count must not be compared.
            let (Completeness::Complete(sites) | Completeness::Counted(sites, _)) = sites else {
                continue;
            };
            let empty =
                empty_columns.entry(heap.clone()).or_insert_with(|| empty_column(samples, &heap));
            for site in sites {
                let birth =
                    births.map(|births| site.epoch.map_or(0, |epoch| births.iteration(epoch)));
                let (column, stack) = match columns.entry(key(site, &heap, names)) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => entry.insert((empty.clone(), site.stack.clone())),
                };
                // The lowest, whatever the order of sites.
                if site.stack < *stack {
                    stack.clone_from(&site.stack);
                }
                column.add(at, birth, site.count, site.count.saturating_mul(site.size));
            }
        }
    }
    columns
}

/// The sites of a heap in a snapshot.
fn listed_sites<'a>(
    sample: Option<&'a Sample>,
    heap: &PoolKind,
) -> Option<&'a Completeness<Vec<Site>>> {
    let (_, sites) = sample?.all_sites().find(|(kind, _)| kind == heap)?;
    Some(sites)
}

/// The column of a site without objects in a heap.
fn empty_column(samples: &[Option<&Sample>], heap: &PoolKind) -> Column {
    let is_seen = |sample: &Option<&Sample>| {
        matches!(
            listed_sites(*sample, heap),
            Some(Completeness::Complete(_) | Completeness::Counted(..))
        )
    };
    let mut column = Column::new(samples.iter().map(is_seen));
    for (at, sample) in samples.iter().enumerate() {
        if let Some(Completeness::Counted(_, gap)) = listed_sites(*sample, heap)
            && gap.reason != Reason::Restored
        {
            column.hide(at, gap.lost);
        }
    }
    column
}

fn key(site: &Site, heap: &PoolKind, (owners, functions): NameTables<'_>) -> SiteKey {
    let owner_key = match heap {
        PoolKind::TaHeap(ta) => OwnerKey::Heap(*ta),
        _ => owner(site.owner, owners),
    };
    SiteKey {
        file: site.file.clone(),
        line: site.line,
        size: site.size,
        owner: owner_key,
        server: owner(site.server, owners),
        caller: site.caller,
        wanter: Wanter::new(site.stack.as_ref(), functions),
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
