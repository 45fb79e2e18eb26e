//! What a pool of the kernel had when an allocation from it failed.

use std::sync::Arc;

/// A failed allocation, and the state of its pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KernelShortage {
    /// A slab cache could not get pages.
    Slab {
        /// The cache.
        cache: Arc<str>,
        /// Bytes that a user gets.
        object: u64,
        /// Bytes that an object takes, with what debugging adds.
        buffer: u64,
        /// Objects of all nodes.
        objects: u64,
        /// Those of them that are free.
        free: u64,
        /// Flags of the request, by name.
        flags: Arc<str>,
        /// When, in seconds since boot.
        seconds: Option<u64>,
        /// Whether the kernel says that debugging made the objects larger.
        is_debugged: bool,
    },
    /// An area of contiguous memory (CMA) had no range of this size.
    Contiguous {
        /// The area; empty where the kernel does not print it.
        area: Arc<str>,
        /// Pages that were asked for.
        asked: u64,
        /// The error.
        error: u64,
        /// Lengths of its free ranges, in pages.
        ranges: Vec<u64>,
        /// Free pages, as printed.
        free: Option<u64>,
        /// Pages in all, as printed.
        total: Option<u64>,
    },
    /// The area that binder has for a process had no room.
    Binder {
        /// The process.
        pid: u64,
        /// Bytes that were asked for.
        asked: u64,
        /// Whether the half for oneway calls was full.
        is_oneway: bool,
        /// Whether the process has no area any more.
        has_no_area: bool,
        /// Bytes in use, in how many buffers.
        in_use: Option<(u64, u64)>,
        /// Free bytes, and the largest free piece.
        free: Option<(u64, u64)>,
    },
}
