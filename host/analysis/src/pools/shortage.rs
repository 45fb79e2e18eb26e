//! Why an allocation failed: the pool was full or fragmented.

use crate::{model::Pool, text};

/// Largest request whose failure can't be fragmentation, in bytes: free pieces are at least this
/// large. bget, the allocator of optee_os, keeps no smaller free block than
/// its header and two links (`struct bfhead` of lib/libutils/isoc/bget.c, 32 bytes on 64-bit cores,
/// to which malloc debug adds its own header and alignment).
const TINY: u64 = 64;

/// Overhead of an allocation in bytes: headers of bget and malloc debug.
const OVERHEAD: u64 = 64;

/// A pool with less than this fraction free counts as full: defragmentation would not help for long.
const LEFTOVERS: u64 = 16;

/// What a failed request shows about a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shortage {
    /// So small a request fails only if the pool is full.
    Tiny {
        /// Bytes requested.
        requested: u64,
    },
    /// Less was free than requested.
    Full {
        /// Bytes requested.
        requested: u64,
        /// Free bytes at that time.
        free: u64,
    },
    /// Enough was free, but not in one piece.
    Fragmented {
        /// Bytes requested.
        requested: u64,
        /// Free bytes at that time.
        free: u64,
    },
    /// Enough was free, but so little that the pool was practically full.
    Leftovers {
        /// Bytes requested.
        requested: u64,
        /// Free bytes at that time.
        free: u64,
        /// Size of the pool in bytes.
        size: u64,
    },
    /// More than the whole pool was requested: that says nothing about how full it was.
    Impossible {
        /// Bytes requested.
        requested: u64,
        /// Size of the pool in bytes.
        size: u64,
    },
    /// The free amount is unknown.
    Unknown {
        /// Bytes requested.
        requested: u64,
    },
}

impl Shortage {
    /// The shortage that a failed request of `requested` bytes shows, with `free` bytes free in total.
    #[must_use]
    pub const fn new(requested: u64, free: Option<u64>) -> Self {
        match free {
            _ if requested <= TINY => Self::Tiny { requested },
            None => Self::Unknown { requested },
            Some(free) if free < requested.saturating_add(OVERHEAD) => {
                Self::Full { requested, free }
            }
            Some(free) => Self::Fragmented { requested, free },
        }
    }

    /// The shortage that the largest failed request of a pool shows.
    #[must_use]
    pub fn of_pool(pool: &Pool) -> Option<Self> {
        let request_size = pool.biggest_alloc_fail.filter(|requested| *requested > 0)?;
        pool.num_alloc_fail.filter(|failures| *failures > 0)?;
        let usage = pool.biggest_alloc_fail_used;
        let free = pool.size.zip(usage).map(|(size, used)| size.saturating_sub(used));
        match (Self::new(request_size, free), pool.size) {
            (Self::Fragmented { requested, free }, Some(size)) if free < size / LEFTOVERS => {
                Some(Self::Leftovers { requested, free, size })
            }
            (shortage, size) => Some(shortage.in_pool(size)),
        }
    }

    /// The same shortage in a pool of this size: a request that is larger could never succeed.
    #[must_use]
    pub fn in_pool(self, size: Option<u64>) -> Self {
        let request_size = self.request_size();
        match size.filter(|size| *size > 0 && request_size > *size) {
            Some(size) => Self::Impossible { requested: request_size, size },
            None => self,
        }
    }

    /// The reasoning, as a sentence that can be checked by hand.
    #[must_use]
    pub fn reason(&self) -> String {
        let request = format!("a request of {} bytes failed", text::number(self.request_size()));
        match self {
            Self::Tiny { .. } => format!(
                "{request}: any pool that is not full has pieces of that size, so it is not \
                 fragmentation"
            ),
            Self::Full { free, .. } => format!(
                "{request} while {} bytes were free in total, so it is not fragmentation",
                text::number(*free)
            ),
            Self::Fragmented { free, .. } => format!(
                "{request} although {} bytes were free in total: no piece was large enough, it is \
                 fragmentation",
                text::number(*free)
            ),
            Self::Leftovers { free, size, .. } => format!(
                "{request} while {} of {} bytes were free in total: the pool was full, and these are \
                 the gaps between its allocations",
                text::number(*free),
                text::number(*size)
            ),
            Self::Impossible { size, .. } => format!(
                "{request}, more than the whole pool of {} bytes: it could never succeed and says \
                 nothing about how full the pool was; only the largest request is recorded, so the \
                 others may have been smaller",
                text::number(*size)
            ),
            Self::Unknown { .. } => format!(
                "{request}; the free amount at that time is unknown, so it may be either full or \
                 fragmented"
            ),
        }
    }

    /// Bytes of the request that failed.
    pub(super) const fn request_size(&self) -> u64 {
        match self {
            Self::Tiny { requested }
            | Self::Full { requested, .. }
            | Self::Fragmented { requested, .. }
            | Self::Leftovers { requested, .. }
            | Self::Impossible { requested, .. }
            | Self::Unknown { requested } => *requested,
        }
    }

    /// Whether more than the whole pool was requested.
    #[must_use]
    pub const fn is_impossible(&self) -> bool {
        matches!(self, Self::Impossible { .. })
    }

    /// Whether the pool was full, if known.
    #[must_use]
    pub const fn full(&self) -> Option<bool> {
        match self {
            Self::Tiny { .. } | Self::Full { .. } | Self::Leftovers { .. } => Some(true),
            Self::Fragmented { .. } => Some(false),
            Self::Impossible { .. } | Self::Unknown { .. } => None,
        }
    }
}

/// Mean size of the free piece that a free byte belongs to: the sum of the squares of the pieces over
/// their sum. `None` if not counted or nothing is free.
#[must_use]
pub fn mean_piece(pool: &Pool) -> Option<u64> {
    let free = pool.size?.checked_sub(pool.allocated?)?;
    pool.free2_sum.filter(|sum| *sum > 0)?.checked_div(free)
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{PoolKind, PoolUnit},
        pools::shortage::*,
    };

    #[test]
    fn four_bytes_are_no_fragmentation() {
        let shortage = Shortage::new(4, Some(100_000));
        assert_eq!(shortage, Shortage::Tiny { requested: 4 });
        assert_eq!(shortage.full(), Some(true));
        assert!(shortage.reason().contains("a request of 4 bytes failed"));
        assert!(shortage.reason().ends_with("so it is not fragmentation"));
    }

    #[test]
    fn what_is_left_in_a_full_pool_is_no_fragmentation() {
        let pool = |used| Pool {
            kind: PoolKind::CoreHeap,
            unit: PoolUnit::Bytes,
            allocated: Some(used),
            max_allocated: Some(used),
            size: Some(1_054_608),
            largest_free: None,
            free2_sum: None,
            num_alloc_fail: Some(3),
            biggest_alloc_fail: Some(432),
            biggest_alloc_fail_used: Some(used),
            num_alloc: None,
        };
        let full = |used| Shortage::of_pool(&pool(used)).and_then(|shortage| shortage.full());
        assert_eq!(full(1_048_560), Some(true));
        assert_eq!(full(900_000), Some(false));
    }

    #[test]
    fn free_space_decides() {
        assert_eq!(Shortage::new(7689, Some(5000)).full(), Some(true));
        assert_eq!(Shortage::new(7689, Some(50_000)).full(), Some(false));
        assert_eq!(Shortage::new(7689, None).full(), None);
    }
}
