//! The live allocations of a heap, by site.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use crate::{
    model::{Completeness, OwnerId, PoolKind, Sample, Site},
    pools::oom::holders::owner_name,
    text,
};

/// Sites listed for each heap.
const LISTED: usize = 10;

/// Sites with most objects that are listed in any case.
const MOST_OBJECTS: usize = 3;

/// Objects of a site from which it is worth a second look.
const SOME: u64 = 4;

/// Sites of a heap that are worth a second look.
const SUSPECTS: usize = 2;

/// The live allocations of one heap.
#[derive(Clone, Debug)]
pub struct HeapLook {
    /// The heap.
    pub heap: PoolKind,
    /// Number of allocations.
    pub count: u64,
    /// Their bytes, as requested.
    pub bytes: u64,
    /// Number of sites.
    pub n_sites: u64,
    /// Records that are missing, as far as known.
    pub lost: u64,
    /// The biggest sites, by bytes, and those with most objects.
    pub sites: Vec<HeldSite>,
}

impl HeapLook {
    /// The sites with most objects, if they have some.
    pub(super) fn most_objects(&self) -> impl Iterator<Item = &HeldSite> {
        let mut sites: Vec<_> = self.sites.iter().filter(|site| site.count >= SOME).collect();
        sites.sort_by_key(|site| Reverse(site.count));
        sites.into_iter().take(SUSPECTS)
    }
}

/// Allocations at one site for one owner.
#[derive(Clone, Debug)]
pub struct HeldSite {
    /// Source file.
    pub file: Arc<str>,
    /// Source line.
    pub line: u32,
    /// Bytes per allocation, as requested.
    pub size: u64,
    /// Number of allocations.
    pub count: u64,
    /// For whom, in words, if known.
    pub owner: Option<Arc<str>>,
    /// Whether there are as many as all TAs have regions.
    pub is_per_region: bool,
}

impl HeldSite {
    /// Bytes of all its allocations.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.size.saturating_mul(self.count)
    }

    /// `31 x 32 bytes`.
    #[must_use]
    pub fn amount(&self) -> String {
        format!("{} x {} bytes", text::number(self.count), text::number(self.size))
    }
}

/// The newest dump of each heap.
pub(super) fn newest(samples: &[Sample]) -> Vec<HeapLook> {
    let mut newest = BTreeMap::new();
    for sample in samples {
        for (heap, sites) in sample.all_sites().filter(|(_, sites)| sites.value().is_some()) {
            newest.insert(heap, (sample, sites));
        }
    }
    newest.into_iter().map(|(heap, (sample, sites))| look(heap, sample, sites)).collect()
}

fn look(heap: PoolKind, sample: &Sample, sites: &Completeness<Vec<Site>>) -> HeapLook {
    let mut sums: BTreeMap<(&Arc<str>, u32, u64, OwnerId), u64> = BTreeMap::new();
    for site in sites.value().into_iter().flatten() {
        let sum = sums.entry((&site.file, site.line, site.size, site.owner)).or_default();
        *sum = sum.saturating_add(site.count);
    }
    let held_site = |((file, line, size, owner), count): (_, u64)| HeldSite {
        file: Arc::clone(file),
        line,
        size,
        count,
        owner: (owner != OwnerId::Unknown).then(|| owner_name(sample, owner)),
        is_per_region: false,
    };
    let held_sites: Vec<_> = sums.into_iter().map(held_site).collect();
    HeapLook {
        heap,
        count: held_sites.iter().map(|site| site.count).fold(0, u64::saturating_add),
        bytes: held_sites.iter().map(HeldSite::bytes).fold(0, u64::saturating_add),
        n_sites: held_sites.len() as u64,
        lost: sites.gap().map_or(0, |gap| gap.lost),
        sites: biggest(held_sites),
    }
}

/// The biggest sites by bytes, and those with most objects.
fn biggest(mut sites: Vec<HeldSite>) -> Vec<HeldSite> {
    sites.sort_by_key(|site| Reverse(site.count));
    let count = sites.get(MOST_OBJECTS - 1).map_or(0, |site| site.count);
    sites.sort_by_key(|site| Reverse(site.bytes()));
    let mut n_more = 0;
    let mut is_listed = |(rank, site): &(usize, HeldSite)| {
        let of_objects = site.count > 1 && site.count >= count && n_more < MOST_OBJECTS;
        n_more += usize::from(of_objects);
        *rank < LISTED || of_objects
    };
    { sites.into_iter().enumerate() }.filter(|one| is_listed(one)).map(|(_, site)| site).collect()
}
