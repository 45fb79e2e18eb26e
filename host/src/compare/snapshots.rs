//! Differences between samples. They are *growth*: only a run can show that something leaks.

use std::{collections::BTreeMap, sync::Arc};

use teeleak_analysis::model::{Completeness, Gap, Owner, OwnerId, Pool, PoolKind, Sample, Site};
use teeleak_proto::Uuid;

/// Objects and their bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Amount {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

/// An amount before and after.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct AmountChange {
    pub(crate) before: Amount,
    pub(crate) after: Amount,
    /// The number of objects in each sample if there are more than two; `None` if not observed.
    pub(crate) course: Vec<Option<u64>>,
}

impl AmountChange {
    /// The increase (or decrease) in objects and bytes.
    pub(crate) fn growth(&self) -> (i64, i64) {
        let minus = |a: u64, b: u64| {
            i64::try_from(i128::from(a) - i128::from(b)).unwrap_or(if a > b {
                i64::MAX
            } else {
                i64::MIN
            })
        };
        (minus(self.after.count, self.before.count), minus(self.after.bytes, self.before.bytes))
    }
}

/// What identifies a site: epochs, sessions and callers are summed up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ComparedSiteKey {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) size: u64,
    pub(crate) owner: ComparedOwnerKey,
    /// The heap: the TEE core's, or that of a TA.
    pub(crate) heap: PoolKind,
}

/// What identifies an owner across samples.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum ComparedOwnerKey {
    Unknown,
    Core,
    Ta(Uuid),
    Pta(Uuid),
    /// A number without an entry in the owner table.
    Number(u16),
}

/// The changes between samples.
pub(crate) struct Difference {
    pub(crate) sites: BTreeMap<ComparedSiteKey, AmountChange>,
    /// Regions by TA.
    pub(crate) regions: BTreeMap<Uuid, AmountChange>,
    /// Sessions by TA or PTA.
    pub(crate) sessions: BTreeMap<Uuid, AmountChange>,
    /// The amount in use, in the unit of the pool.
    pub(crate) pools: Vec<(PoolKind, AmountChange)>,
    /// What either sample could not observe.
    pub(crate) gaps: Vec<Gap>,
    /// Whether anything could be compared.
    pub(crate) compared: bool,
}

/// Compares the last of some samples, at least one, with the first.
pub(crate) fn samples(samples: &[&Sample]) -> Difference {
    let [before, .., after] = samples else { return two(samples[0], samples[0]) };
    let mut difference = two(before, after);
    if samples.len() > 2 {
        difference.follow(samples);
    }
    difference
}

impl Difference {
    /// Records the number of objects in each sample.
    fn follow(&mut self, samples: &[&Sample]) {
        for sample in samples {
            let guard = |part: bool| part.then_some(());
            let of_sites = guard(has_sites(sample)).map(|()| sites(sample));
            let of_regions = guard(sample.instances.value().is_some()).map(|()| regions(sample));
            let of_sessions = guard(sample.sessions.value().is_some()).map(|()| sessions(sample));
            note(&mut self.sites, of_sites.as_ref());
            note(&mut self.regions, of_regions.as_ref());
            note(&mut self.sessions, of_sessions.as_ref());
        }
        let middle_samples = &samples[1..samples.len() - 1];
        self.gaps.extend(middle_samples.iter().flat_map(|sample| gaps(sample)));
    }
}

fn note<K: Ord>(changes: &mut BTreeMap<K, AmountChange>, seen: Option<&BTreeMap<K, Amount>>) {
    for (key, change) in changes {
        let count = seen.map(|seen| seen.get(key).map_or(0, |amount| amount.count));
        change.course.push(count);
    }
}

fn two(before: &Sample, after: &Sample) -> Difference {
    let are_both = |a: bool, b: bool| a && b;
    let observed_parts = |sample: &Sample| {
        [
            has_sites(sample),
            sample.instances.value().is_some(),
            sample.sessions.value().is_some(),
            sample.pools.value().is_some(),
        ]
    };
    let compared: Vec<_> = observed_parts(before)
        .into_iter()
        .zip(observed_parts(after))
        .map(|(a, b)| are_both(a, b))
        .collect();
    Difference {
        sites: changes(compared[0], sites(before), sites(after)),
        regions: changes(compared[1], regions(before), regions(after)),
        sessions: changes(compared[2], sessions(before), sessions(after)),
        pools: if compared[3] { pools(before, after) } else { Vec::new() },
        gaps: gaps(before).into_iter().chain(gaps(after)).collect(),
        compared: compared.contains(&true),
    }
}

fn changes<K: Ord>(
    compared: bool,
    before: BTreeMap<K, Amount>,
    after: BTreeMap<K, Amount>,
) -> BTreeMap<K, AmountChange> {
    let mut changes: BTreeMap<K, AmountChange> = BTreeMap::new();
    if compared {
        for (key, amount) in before {
            changes.entry(key).or_default().before = amount;
        }
        for (key, amount) in after {
            changes.entry(key).or_default().after = amount;
        }
        changes.retain(|_, change| change.before != change.after);
    }
    changes
}

/// Whether a sample lists the allocations of any heap.
pub(crate) fn has_sites(sample: &Sample) -> bool {
    sample.all_sites().any(|(_, sites)| sites.value().is_some())
}

/// Live allocations of all heaps by site and owner.
pub(crate) fn sites(sample: &Sample) -> BTreeMap<ComparedSiteKey, Amount> {
    let mut sums: BTreeMap<ComparedSiteKey, Amount> = BTreeMap::new();
    for (heap, sites) in sample.all_sites() {
        for site in sites.value().into_iter().flatten() {
            let key = ComparedSiteKey {
                file: Arc::clone(&site.file),
                line: site.line,
                size: site.size,
                owner: site_owner(sample, site, &heap),
                heap: heap.clone(),
            };
            let sum = sums.entry(key).or_default();
            sum.count = sum.count.saturating_add(site.count);
            sum.bytes = sum.bytes.saturating_add(site.count.saturating_mul(site.size));
        }
    }
    sums
}

/// The owner of an allocation; everything in a TA's heap is the TA's.
fn site_owner(sample: &Sample, site: &Site, heap: &PoolKind) -> ComparedOwnerKey {
    match heap {
        PoolKind::TaHeap(ta) => ta.uuid().map_or(ComparedOwnerKey::Unknown, ComparedOwnerKey::Ta),
        _ => owner_key(sample, site.owner),
    }
}

/// The owner that a sample's owner id stands for.
pub(crate) fn owner_key(sample: &Sample, id: OwnerId) -> ComparedOwnerKey {
    let number = match id {
        OwnerId::Unknown => return ComparedOwnerKey::Unknown,
        OwnerId::Core => return ComparedOwnerKey::Core,
        OwnerId::Number(number) => number,
    };
    let owners = sample.owners.value().into_iter().flatten();
    let find = |owner: &&Owner| owner.number == number;
    match { owners }.find(find).and_then(|owner| Some((owner.uuid?, owner.pta))) {
        Some((uuid, true)) => ComparedOwnerKey::Pta(uuid),
        Some((uuid, false)) => ComparedOwnerKey::Ta(uuid),
        None => ComparedOwnerKey::Number(number),
    }
}

fn regions(sample: &Sample) -> BTreeMap<Uuid, Amount> {
    let mut sums: BTreeMap<Uuid, Amount> = BTreeMap::new();
    for instance in sample.instances.value().into_iter().flatten() {
        let sum = sums.entry(instance.uuid).or_default();
        for region in instance.regions.value().into_iter().flatten() {
            sum.count += 1;
            sum.bytes += region.size;
        }
    }
    sums
}

fn sessions(sample: &Sample) -> BTreeMap<Uuid, Amount> {
    let mut sums: BTreeMap<Uuid, Amount> = BTreeMap::new();
    for session in sample.sessions.value().into_iter().flatten() {
        sums.entry(session.uuid).or_default().count += 1;
    }
    sums
}

fn pools(before: &Sample, after: &Sample) -> Vec<(PoolKind, AmountChange)> {
    let in_use = |pool: &Pool| Amount { count: pool.allocated.unwrap_or(0), bytes: 0 };
    let amount = |sample: &Sample, kind: &PoolKind| {
        let pool = sample.all_pools().find(|pool| pool.kind == *kind);
        pool.map(in_use).unwrap_or_default()
    };
    let kinds = after.all_pools().map(|pool| pool.kind.clone());
    let change = |kind: PoolKind| {
        let course = Vec::new();
        let change =
            AmountChange { before: amount(before, &kind), after: amount(after, &kind), course };
        (kind, change)
    };
    kinds.map(change).filter(|(_, change)| change.before != change.after).collect()
}

/// What a sample could not observe.
pub(crate) fn gaps(sample: &Sample) -> Vec<Gap> {
    let regions = sample.instances.value().into_iter().flatten();
    let parts = [
        sample.pools.gap(),
        sample.sites.gap(),
        sample.owners.gap(),
        sample.instances.gap(),
        sample.sessions.gap(),
    ];
    let heaps = sample.heaps.iter().filter_map(|dump| dump.sites.gap());
    let of_regions = regions.filter_map(|instance| Completeness::gap(&instance.regions));
    parts.into_iter().flatten().chain(heaps).chain(of_regions).cloned().collect()
}
