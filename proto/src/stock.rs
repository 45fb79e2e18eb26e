//! What an OP-TEE without our PTA offers: its statistics PTA, and what it prints on a console.
//!
//! A census of such an OP-TEE is, in a capture: one [`StatsReply`] for each question to the statistics
//! PTA, the console's text as it came, and then a [`Dump`], which ends it.

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

/// What OP-TEE of every release prints, as an error, when [`PAGER_STATS`] comes without parameters
/// (core/pta/stats.c, core/arch/arm/pta/stats.c before): a mark that anybody can set on the console.
pub const MARK: &str = "expect 3 output values as argument";

/// What the statistics PTA answered. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatsReply<'a> {
    /// [`ALLOC_STATS`] or [`TA_STATS`].
    pub command: u32,
    /// `TEE_Result`.
    pub result: u32,
    /// Bytes of a `struct pta_stats_alloc` of this OP-TEE, as its answer to too short a buffer says.
    pub element_bytes: u32,
    /// What it wrote.
    pub reply: &'a [u8],
}

/// How a dump on the console ended. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DumpEnd {
    /// With the mark that was set after it.
    Marked,
    /// No mark is printed here; after the last record there was silence.
    Quiet,
    /// Neither, in the time that it was given.
    TimedOut,
    /// There is no console to read it from.
    NotAsked,
}

/// Ends a census: says which of the console's text is a dump of the core heap. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dump {
    /// `TEE_Result` of asking for it.
    pub result: u32,
    /// How it ended.
    pub end: DumpEnd,
    /// Bytes of console text right before this frame that came since it was asked for.
    pub bytes: u32,
    /// Whether some of that was overwritten before it was read.
    pub overrun: bool,
    /// Whether text before that, since the last dump, was.
    pub overrun_before: bool,
}
