//! How tools spell the figures and names of pools: add a spelling here.

use crate::model::PoolKind;

/// The figure that a word gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PoolFigure {
    InUse,
    Peak,
    Size,
    Free,
    LargestFree,
    Failures,
    BiggestFailure,
    UsedAtFailure,
}

/// Spellings of figures; `_` stands for a blank or a dash too.
pub(super) const FIGURES: [(PoolFigure, &[&str]); 8] = {
    use PoolFigure::{
        BiggestFailure, Failures, Free, InUse, LargestFree, Peak, Size, UsedAtFailure,
    };
    [
        (
            InUse,
            &[
                "allocated",
                "alloc",
                "cur_alloc",
                "current_alloc",
                "curr_alloc",
                "cur",
                "current",
                "used",
                "use",
                "in_use",
                "inuse",
                "usage",
                "cur_used",
                "bytes_allocated",
                "alloc_bytes",
                "used_bytes",
                "allocated_bytes",
                "bytes_used",
            ],
        ),
        (
            Peak,
            &[
                "max",
                "max_alloc",
                "max_allocated",
                "max_used",
                "max_usage",
                "peak",
                "peak_used",
                "peak_alloc",
                "peak_usage",
                "high_water",
                "highwater",
                "high_water_mark",
                "hwm",
                "watermark",
                "highest",
                "max_bytes_allocated",
                "at_most",
            ],
        ),
        (
            Size,
            &[
                "size",
                "total",
                "of",
                "heap_size",
                "pool_size",
                "total_size",
                "capacity",
                "size_of_pool",
                "total_bytes",
                "size_bytes",
                "limit",
            ],
        ),
        (Free, &["free", "avail", "available", "remaining", "left", "free_bytes", "bytes_free"]),
        (
            LargestFree,
            &["largest_free", "max_free", "biggest_free", "largest_free_block", "largest_block"],
        ),
        (
            Failures,
            &[
                "fail",
                "fails",
                "failed",
                "failures",
                "failure",
                "num_alloc_fail",
                "alloc_fail",
                "alloc_fails",
                "alloc_failures",
                "failed_allocs",
                "failed_allocations",
                "fail_count",
                "num_fail",
                "nfail",
                "fail_cnt",
            ],
        ),
        (
            BiggestFailure,
            &[
                "biggest_fail_size",
                "biggest_fail",
                "biggest_alloc_fail",
                "largest_fail",
                "largest_fail_size",
                "max_fail",
                "max_fail_size",
                "fail_size",
            ],
        ),
        (
            UsedAtFailure,
            &[
                "biggest_fail_used",
                "biggest_alloc_fail_used",
                "largest_fail_used",
                "used_at_fail",
                "used_at_failure",
                "fail_used",
            ],
        ),
    ]
};

/// Names of pools, in lower case and without anything but letters.
pub(super) const POOLS: [(PoolKind, &[&str]); 5] = [
    (
        PoolKind::CoreHeap,
        &["heap", "coreheap", "teeheap", "teecoreheap", "tcheap", "opteeheap", "opteecoreheap"],
    ),
    (PoolKind::NexusHeap, &["kheap", "nexheap", "nexusheap"]),
    (
        PoolKind::TaRam,
        &[
            "taheap",
            "taram",
            "tamem",
            "tamemory",
            "tapool",
            "secureddr",
            "physicaltamemory",
            "tasecmem",
            "taddr",
            "memoryfortas",
        ],
    ),
    (PoolKind::Crypto, &["mempool", "mpipool", "mpimempool", "bignumpool", "bignum", "cryptopool"]),
    (PoolKind::PageTables, &["pagetables", "pgt", "pgtcache", "xlattables", "translationtables"]),
];

/// Words that a name may begin with and that say nothing about the pool.
pub(super) const TAGS: [&str; 10] =
    ["pool", "tee", "optee", "stats", "stat", "memstats", "memstat", "heapstat", "teestats", "mem"];

/// Words that no pool's name has: the line is about a request that a pool could not meet.
pub(super) const TROUBLE_WORDS: [&str; 3] = ["exhausted", "failed", "request"];

/// Words of which an unknown pool's name has one.
pub(super) const MEMORY_WORDS: [&str; 4] = ["heap", "pool", "ram", "arena"];
