//! Data of an OP-TEE without our PTA: from its statistics PTA, and from its console output.
//!
//! In a capture, a snapshot of such an OP-TEE is one [`StatsReply`] for each query to the
//! statistics PTA, the unchanged console text, and then a [`DumpFrame`], which ends it.

use serde::{Deserialize, Serialize};

use crate::Uuid;

/// UUID of the statistics PTA (`STATS_UUID` in optee_os lib/libutee/include/pta_stats.h@4.10.0).
pub const STATS_UUID: Uuid =
    Uuid(*b"\xd9\x6a\x5b\x40\xe2\xc7\xb1\xaf\x87\x94\x10\x02\xa5\xd5\xc6\x1b");

/// `STATS_CMD_PAGER_STATS` of the same header.
pub const PAGER_STATS: u32 = 0;

/// `STATS_CMD_ALLOC_STATS`: counters of the pools.
pub const ALLOC_STATS: u32 = 1;

/// `STATS_CMD_MEMLEAK_STATS`: prints all live allocations of the core heap; since 3.5.0.
pub const MEMLEAK_STATS: u32 = 2;

/// `STATS_CMD_TA_STATS`: the heap of each TA; since 3.20.0.
pub const TA_STATS: u32 = 3;

/// `ALLOC_ID_ALL`: all pools at once.
pub const ALL_POOLS: u32 = 0;

/// `ALLOC_ID_HEAP`: the core heap.
pub const HEAP: u32 = 1;

/// The error that every OP-TEE release prints when [`PAGER_STATS`] comes without parameters
/// (core/pta/stats.c, core/arch/arm/pta/stats.c before): a mark that any client can set on the
/// console.
pub const MARK: &str = "expect 3 output values as argument";

/// A reply of the statistics PTA. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatsReply<'a> {
    /// [`ALLOC_STATS`] or [`TA_STATS`].
    pub command: u32,
    /// `TEE_Result`.
    pub result: u32,
    /// Size of this OP-TEE's `struct pta_stats_alloc` in bytes, from its reply to too short a
    /// buffer.
    pub element_bytes: u32,
    /// The bytes that it wrote.
    pub reply: &'a [u8],
}

/// How a dump on the console ended. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DumpEnd {
    /// With the mark that was set after it.
    Marked,
    /// By silence after the last record; this OP-TEE prints no marks.
    Quiet,
    /// By neither, within the time limit.
    TimedOut,
    /// Not requested: no console to read it from.
    NotAsked,
}

/// Ends a snapshot: which part of the console text is a dump of the core heap. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DumpFrame {
    /// `TEE_Result` of the request.
    pub result: u32,
    /// How it ended.
    pub end: DumpEnd,
    /// Bytes of console text right before this frame that came since the request.
    pub bytes: u32,
    /// Whether some of that text was overwritten before it was read.
    pub overrun: bool,
    /// Whether text between the last dump and the request was overwritten.
    pub overrun_before: bool,
}
