//! How full the pools are, and whether that changed.

use std::collections::BTreeMap;

use crate::{
    model::{Pool, PoolKind, Sample},
    text,
};

/// A pool.
#[derive(Clone, Debug)]
pub struct PoolLook {
    /// Its newest figures.
    pub pool: Pool,
    /// In use at first.
    pub first: Option<u64>,
    /// Whether the amount in use never changed.
    pub steady: bool,
    /// Number of snapshots that show it.
    pub n_snapshots: u64,
}

impl PoolLook {
    /// Thousandths in use; 0 if unknown. All threads are in use whenever the TEE is busy.
    pub(super) fn permille(&self) -> u64 {
        let (Some(used), Some(size)) = (self.pool.allocated, self.pool.size) else { return 0 };
        let counts = u64::from(self.pool.kind != PoolKind::Threads);
        used.saturating_mul(1000 * counts).checked_div(size).unwrap_or(0)
    }

    /// `core heap: 54,224 of 98,288 bytes in use (55.1 %)`.
    pub(super) fn fact(&self) -> Option<String> {
        let (used, size) = (self.pool.allocated?, self.pool.size?);
        let (unit, share) = (text::pool_unit(self.pool.unit), text::share(used, size));
        let (used, size) = (text::number(used), text::number(size));
        Some(format!("{}: {used} of {size} {unit} in use ({share})", self.pool.kind.label()))
    }

    /// How the amount in use changed: `the same in all 10 snapshots`; `None` for one snapshot.
    #[must_use]
    pub fn course(&self) -> Option<String> {
        let (first, last) = (self.first?, self.pool.allocated?);
        let snapshots = text::count(self.n_snapshots, "snapshot");
        match (self.n_snapshots, self.steady) {
            (0 | 1, _) => None,
            (_, true) => Some(format!("the same in all {snapshots}")),
            _ => Some(format!("{} at first, in {snapshots}", text::number(first)))
                .filter(|_| first != last),
        }
    }
}

/// The newest figures of each pool that has any.
pub(super) fn newest(samples: &[Sample]) -> Vec<PoolLook> {
    let mut looks: BTreeMap<&PoolKind, PoolLook> = BTreeMap::new();
    for pool in samples.iter().flat_map(Sample::all_pools) {
        let look = looks.entry(&pool.kind).or_insert_with(|| PoolLook {
            pool: pool.clone(),
            first: pool.allocated,
            steady: true,
            n_snapshots: 0,
        });
        look.steady &= pool.allocated == look.first;
        look.n_snapshots += 1;
        look.pool = pool.clone();
    }
    looks.into_values().collect()
}
