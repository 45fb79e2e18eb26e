//! Why an allocation failed: nothing left, or nothing in one piece.

use crate::{model::Pool, text};

/// Largest request whose failure can't be fragmentation, in bytes: whatever is free is free in
/// pieces of at least this size. bget, the allocator of optee_os, keeps no smaller free block than
/// its header and two links (`struct bfhead` of lib/libutils/isoc/bget.c, 32 bytes on 64-bit cores,
/// to which malloc debug adds its own header and alignment).
const TINY: u64 = 64;

/// Bytes that an allocation takes on top of what was requested: headers of bget and malloc debug.
const OVERHEAD: u64 = 64;

/// A pool of which less than this part was free counts as full: making its free pieces one would not
/// have helped for long.
const LEFTOVERS: u64 = 16;

/// What a failed request says of a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shortage {
    /// So small a request fails only where nothing is left.
    Tiny {
        /// Bytes requested.
        requested: u64,
    },
    /// Less was free than requested.
    Full {
        /// Bytes requested.
        requested: u64,
        /// Bytes that were free then, in all.
        free: u64,
    },
    /// Enough was free, but not in one piece.
    Fragmented {
        /// Bytes requested.
        requested: u64,
        /// Bytes that were free then, in all.
        free: u64,
    },
    /// Enough was free, but so little of the pool that it is what is left over in a full one.
    Leftovers {
        /// Bytes requested.
        requested: u64,
        /// Bytes that were free then, in all.
        free: u64,
        /// Bytes of the pool.
        size: u64,
    },
    /// It is not known how much was free.
    Unknown {
        /// Bytes requested.
        requested: u64,
    },
}

impl Shortage {
    /// What the failure of a request of `requested` bytes says if `free` bytes were free in all.
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

    /// What the biggest failure that a pool counted says.
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
            (shortage, _) => Some(shortage),
        }
    }

    /// The reasoning, as a sentence that can be checked by hand.
    #[must_use]
    pub fn reason(&self) -> String {
        let request = format!("a {}-byte request failed", text::number(self.request_size()));
        match self {
            Self::Tiny { .. } => format!(
                "{request}: pieces of that size are left in any pool that is not full, so it is not \
                 fragmentation"
            ),
            Self::Full { free, .. } => format!(
                "{request} while {} bytes were free in all, so it is not fragmentation",
                text::number(*free)
            ),
            Self::Fragmented { free, .. } => format!(
                "{request} although {} bytes were free in all: no piece was large enough, it is \
                 fragmentation",
                text::number(*free)
            ),
            Self::Leftovers { free, size, .. } => format!(
                "{request} while {} of {} bytes were free in all: the pool was full, and these are \
                 what was left between its allocations",
                text::number(*free),
                text::number(*size)
            ),
            Self::Unknown { .. } => format!(
                "{request}; how much was free then is not known, so that it may be either full or \
                 fragmented"
            ),
        }
    }

    /// Bytes of the request that failed.
    const fn request_size(&self) -> u64 {
        match self {
            Self::Tiny { requested }
            | Self::Full { requested, .. }
            | Self::Fragmented { requested, .. }
            | Self::Leftovers { requested, .. }
            | Self::Unknown { requested } => *requested,
        }
    }

    /// Whether the pool was full, if that is known.
    #[must_use]
    pub const fn full(&self) -> Option<bool> {
        match self {
            Self::Tiny { .. } | Self::Full { .. } | Self::Leftovers { .. } => Some(true),
            Self::Fragmented { .. } => Some(false),
            Self::Unknown { .. } => None,
        }
    }
}

/// How the free memory of a pool is cut up now: size of the piece that a free byte lies in on
/// average, which is the sum of the squares of the pieces over their sum. `None` where nobody
/// counts it or nothing is free.
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
        assert!(shortage.reason().contains("a 4-byte request failed"));
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
