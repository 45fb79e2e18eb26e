//! The facts of one or more sources.

use std::{ops::AddAssign, sync::Arc, time::Duration};

use super::{
    Clients, CoreFunctions, Event, Gap, Incident, Moment, NormalWorld, Pool, Sample,
    SourceLocation, UnreadText, UnusedFile,
};

/// The observed system.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Platform {
    /// OP-TEE's version string, if known.
    pub release: Option<Arc<str>>,
    /// Random number that identifies the boot, if available.
    pub boot: Option<u64>,
    /// Whether only the data of a stock OP-TEE, without the leak audit PTA, was read.
    pub stock: bool,
    /// Whether the TEE core recorded events all along: none then means that there were none.
    pub has_events: bool,
    /// Why only the normal world was observed, if so.
    pub no_tee: Option<NoTee>,
    /// The workload's command line, if teeleak ran it.
    pub workload: Vec<Arc<str>>,
    /// Time from one census to the next, where `teeleak watch` took them.
    pub census_interval: Option<Duration>,
}

/// Why a TEE was not observed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoTee {
    /// Whether the system has a TEE.
    pub there: bool,
    /// The error on access.
    pub why: Arc<str>,
}

/// How many snapshots found the canary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Canary {
    /// Size of the canary, in bytes.
    pub size: u32,
    /// Snapshots that had to contain it.
    pub expected: u32,
    /// Snapshots that did.
    pub found: u32,
}

/// Number of input lines or frames by outcome: `read == parsed + ignored + rejected`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Accounting {
    /// Lines or frames read.
    pub read: u64,
    /// Those that became (part of) a fact.
    pub parsed: u64,
    /// Unrelated ones.
    pub ignored: u64,
    /// Those that should have become facts but could not be parsed.
    pub rejected: u64,
}

/// Saturating sum.
impl AddAssign for Accounting {
    fn add_assign(&mut self, other: Self) {
        self.read = self.read.saturating_add(other.read);
        self.parsed = self.parsed.saturating_add(other.parsed);
        self.ignored = self.ignored.saturating_add(other.ignored);
        self.rejected = self.rejected.saturating_add(other.rejected);
    }
}

/// Use of the pools between two snapshots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gauge {
    /// When, relative to the run.
    pub moment: Moment,
    /// Position in its source.
    pub place: SourceLocation,
    /// The pools.
    pub pools: Vec<Pool>,
}

/// A workload that was still running when its time was over. The last snapshot was taken then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hang {
    /// Its iteration.
    pub moment: Moment,
    /// Time since the start of the workload.
    pub after: Duration,
}

/// The facts of one or more sources, in their order.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The observed system.
    pub platform: Platform,
    /// Snapshots, in order of time.
    pub samples: Vec<Sample>,
    /// Pools between the snapshots, in order of time.
    pub gauges: Vec<Gauge>,
    /// Events, in order of time.
    pub events: Vec<Event>,
    /// Events that were lost after the last of them.
    pub lost_at_end: u64,
    /// Incidents, in order of time.
    pub incidents: Vec<Incident>,
    /// Inferences of the parsers, each a sentence: "a dump starts where ...".
    pub assumptions: Vec<Arc<str>>,
    /// Calls of processes of the normal world.
    pub clients: Clients,
    /// Ledgers of the normal world.
    pub normal: NormalWorld,
    /// Functions of the TEE core at the addresses of call stacks, if its symbols are given.
    pub core_functions: CoreFunctions,
    /// Gaps beyond those of the snapshots.
    pub gaps: Vec<Gap>,
    /// The canary, if one was planted.
    pub canary: Option<Canary>,
    /// Failed iterations of the workload: place and exit status.
    pub failed: Vec<(SourceLocation, i32)>,
    /// The iteration that did not end, if one did not.
    pub hang: Option<Hang>,
    /// Number of input lines or frames by outcome.
    pub accounting: Accounting,
    /// Files of the user's own that no line of a text fits; protocols are listed in any case.
    pub unused_files: Vec<UnusedFile>,
    /// The text, if nothing of it was recognized.
    pub unread: Option<UnreadText>,
}
