//! What a single look shows: what is alive, who is odd, how full the pools are.
//!
//! Growth takes several snapshots; one of them is a fact all the same. It never is a verdict: what would
//! turn it into one is its last line.

mod heaps;
mod pools;
mod tas;

use std::sync::Arc;

pub use heaps::{HeapLook, HeldSite};
pub use pools::PoolLook;
pub use tas::{SmallRegions, TaLook};

use crate::{
    model::{Observation, PoolKind, saturating_sum},
    text,
};

/// Snapshots from which growth can be judged.
const ENOUGH: usize = 4;

/// Snapshots that decide growth by the same amount each time.
const DECISIVE: u64 = 9;

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
    pub pools: Vec<PoolLook>,
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
            pools: pools::newest(&observation.samples),
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

    /// Whether it shows what is alive, rather than how full pools are.
    #[must_use]
    pub const fn shows_objects(&self) -> bool {
        !self.heaps.is_empty() || !self.tas.is_empty()
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
        self.pools.iter().max_by_key(|look| look.permille())?.fact()
    }

    /// Marks the sites that have as many objects as all TAs have regions.
    fn compare_with_regions(&mut self) {
        let n_regions = saturating_sum(self.tas.iter().map(|ta| ta.n_regions));
        let core = self.heaps.iter_mut().filter(|heap| heap.heap == PoolKind::CoreHeap);
        for site in core.flat_map(|heap| &mut heap.sites) {
            site.is_per_region = n_regions > 4 && site.count == n_regions;
        }
    }

    fn next(&self) -> String {
        let most_objects = self.heaps.iter().flat_map(HeapLook::most_objects);
        let mut suspects: Vec<_> =
            most_objects.map(|site| format!("{}:{}", site.file, site.line)).collect();
        let odd = self.tas.iter().filter(|ta| ta.others.is_some() || ta.small.is_some());
        suspects.extend(odd.map(|ta| format!("the regions of TA {}", ta.uuid)));
        let action = match (self.heaps.is_empty(), self.tas.is_empty()) {
            (false, false) => "take the dump and the region maps again after the same work",
            (false, true) => "take the dump again after each round of the same work",
            (true, false) => "print the region maps again after each round of the same work",
            (true, true) => "print the figures again after each round of the same work",
        };
        let rounds = format!("{action}, {DECISIVE} times or more");
        match suspects.is_empty() {
            true => format!("{rounds}: what a leak holds has grown then"),
            false => format!("{rounds}, and see whether {} grew", text::list(&suspects)),
        }
    }
}
