//! What a single look shows: what is alive, who is odd, how full the pools are.
//!
//! Growth takes several snapshots; one of them is a fact all the same. It never is a verdict: what would
//! turn it into one is its last line.

mod heaps;
mod tas;

use std::{collections::BTreeMap, sync::Arc};

pub use heaps::{HeapLook, HeldSite};
pub use tas::{SmallRegions, TaLook};

use crate::{
    model::{Observation, Pool, PoolKind},
    text,
};

/// Snapshots from which growth can be judged.
const ENOUGH: usize = 4;

/// The newest state of everything that was observed.
#[derive(Clone, Debug)]
pub struct OneLook {
    /// Number of snapshots.
    pub n_snapshots: usize,
    /// Live allocations of each heap.
    pub heaps: Vec<HeapLook>,
    /// TAs with their regions, most regions first.
    pub tas: Vec<TaLook>,
    /// The newest figures of each pool.
    pub pools: Vec<Pool>,
    /// What would turn the look into a verdict; `None` if there is one.
    pub next_step: Option<Arc<str>>,
}

impl OneLook {
    /// The newest state of an observation, `decided` if growth was judged; `None` if it shows nothing
    /// alive.
    #[must_use]
    pub fn new(observation: &Observation, decided: bool) -> Option<Self> {
        let mut look = Self {
            n_snapshots: observation.samples.len(),
            heaps: heaps::newest(&observation.samples),
            tas: tas::newest(&observation.samples),
            pools: newest_pools(observation),
            next_step: None,
        };
        look.compare_with_regions();
        look.next_step = (!decided).then(|| look.next().into());
        let is_empty = look.heaps.is_empty() && look.tas.is_empty() && look.pools.is_empty();
        (!is_empty).then_some(look)
    }

    /// Whether there are too few snapshots to judge growth.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.n_snapshots < ENOUGH
    }

    /// The look in one line: `one snapshot: 57 allocations, 5,044 bytes; largest: core/mm/vm.c:188`.
    #[must_use]
    pub fn headline(&self) -> String {
        let facts: Vec<_> = [self.heap_fact(), self.ta_fact(), self.pool_fact()]
            .into_iter()
            .flatten()
            .take(2)
            .collect();
        let snapshots = match self.n_snapshots {
            1 => "one snapshot".to_owned(),
            n => format!("{}, too few to judge growth", text::count(n as u64, "snapshot")),
        };
        format!("{snapshots}: {}", facts.join("; "))
    }

    fn heap_fact(&self) -> Option<String> {
        let heap = self.heaps.first()?;
        let (allocations, bytes) =
            (text::count(heap.count, "allocation"), text::number(heap.bytes));
        let at_least = if heap.lost > 0 { "at least " } else { "" };
        let place = match &heap.heap {
            PoolKind::CoreHeap => String::new(),
            heap => format!(" in the {}", heap.label()),
        };
        let largest = heap.sites.first().map_or(String::new(), |site| {
            format!("; largest: {}:{} ({})", site.file, site.line, site.amount())
        });
        Some(format!("{at_least}{allocations}, {bytes} bytes{place}{largest}"))
    }

    fn ta_fact(&self) -> Option<String> {
        let ta = self.tas.iter().find(|ta| ta.others.is_some()).or(self.tas.first())?;
        let others =
            ta.others.map_or(String::new(), |n| format!(", the others {}", text::number(n)));
        Some(format!("TA {} has {}{others}", ta.uuid, text::count(ta.n_regions, "region")))
    }

    fn pool_fact(&self) -> Option<String> {
        let fullest = self.pools.iter().filter(|pool| pool.kind != PoolKind::Threads);
        let pool = fullest.max_by_key(|pool| permille(pool))?;
        let (used, size) = (pool.allocated?, pool.size?);
        let (unit, share) = (text::pool_unit(pool.unit), text::share(used, size));
        let (used, size) = (text::number(used), text::number(size));
        Some(format!("{}: {used} of {size} {unit} in use ({share})", pool.kind.label()))
    }

    /// Marks the sites that have as many objects as all TAs have regions.
    fn compare_with_regions(&mut self) {
        let n_regions: u64 = self.tas.iter().map(|ta| ta.n_regions).sum();
        let core = self.heaps.iter_mut().filter(|heap| heap.heap == PoolKind::CoreHeap);
        for site in core.flat_map(|heap| &mut heap.sites) {
            site.is_per_region = n_regions > 4 && site.count == n_regions;
        }
    }

    fn next(&self) -> String {
        let mut suspects: Vec<_> = { self.heaps.iter() }
            .filter_map(|heap| heap.sites.iter().max_by_key(|site| site.count))
            .filter(|site| site.count > 1)
            .map(|site| format!("{}:{}", site.file, site.line))
            .collect();
        let odd = self.tas.iter().filter(|ta| ta.others.is_some() || ta.small.is_some());
        suspects.extend(odd.map(|ta| format!("the regions of TA {}", ta.uuid)));
        let action = match (self.heaps.is_empty(), self.tas.is_empty()) {
            (false, false) => "take the dump and the region maps again after the same work",
            (false, true) => "take the dump again after each round of the same work",
            (true, false) => "print the region maps again after each round of the same work",
            (true, true) => "print the figures again after each round of the same work",
        };
        let rounds = format!("{action}, at least {} times", ENOUGH + 1);
        match suspects.is_empty() {
            true => format!("{rounds}: what a leak holds has grown then"),
            false => format!("{rounds}, and see whether {} grew", text::list(&suspects)),
        }
    }
}

/// The newest figures of each pool that has any.
fn newest_pools(observation: &Observation) -> Vec<Pool> {
    let mut newest: BTreeMap<&PoolKind, &Pool> = BTreeMap::new();
    for pool in observation.samples.iter().flat_map(|sample| sample.all_pools()) {
        newest.insert(&pool.kind, pool);
    }
    newest.into_values().cloned().collect()
}

/// Thousandths of a pool in use; 0 if unknown.
fn permille(pool: &Pool) -> u64 {
    let (Some(used), Some(size)) = (pool.allocated, pool.size) else { return 0 };
    used.saturating_mul(1000).checked_div(size).unwrap_or(0)
}
