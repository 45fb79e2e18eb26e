//! Pools: resources that can run out.

use serde::{Deserialize, Serialize};

use crate::census::zero_if_absent;

/// A pool's figures, named as in `struct pta_stats_alloc` of optee_os.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PoolRecord {
    /// `PTA_LEAK_AUDIT_POOL_*`.
    pub kind: u16,
    /// `PTA_LEAK_AUDIT_UNIT_*`.
    pub unit: u16,
    /// `PTA_LEAK_AUDIT_KNOWN_*`: the figures that are counted.
    pub known: u32,
    /// In use now.
    pub allocated: u64,
    /// Peak use.
    pub max_allocated: u64,
    /// Total size.
    pub size: u64,
    /// Biggest free block.
    pub largest_free: u64,
    /// Sum of the squares of the free blocks.
    pub free2_sum: u64,
    /// Failed allocations.
    pub num_alloc_fail: u64,
    /// Biggest failed allocation.
    pub biggest_alloc_fail: u64,
    /// In use when that one failed.
    pub biggest_alloc_fail_used: u64,
    /// Allocations since boot that succeeded, freed or not. Records of version 1 end before it.
    #[serde(deserialize_with = "zero_if_absent")]
    pub num_alloc: u64,
}
