//! All that one or more sources told.

use std::{ops::AddAssign, sync::Arc, time::Duration};

use super::{Clients, Event, Gap, Incident, Moment, NormalWorld, Place, Pool, Sample};

/// What kind of system was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Platform {
    /// OP-TEE's version string, where known.
    pub release: Option<Arc<str>>,
    /// Random number that tells two boots apart, where there is one.
    pub boot: Option<u64>,
    /// Whether only what an OP-TEE without the leak audit PTA offers was asked.
    pub stock: bool,
    /// Why the TEE was not observed, where only the normal world was.
    pub no_tee: Option<NoTee>,
    /// The workload's command line, where teeleak ran it.
    pub workload: Vec<Arc<str>>,
    /// Time from one census to the next, where `teeleak watch` took them.
    pub census_interval: Option<Duration>,
}

/// Why a TEE was not observed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoTee {
    /// Whether there is one.
    pub there: bool,
    /// What reaching it led to.
    pub why: Arc<str>,
}

/// What became of the canary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Canary {
    /// Size that was planted, in bytes.
    pub size: u32,
    /// Samples that had to show it.
    pub expected: u32,
    /// Samples that did.
    pub found: u32,
}

/// Where every line or frame of the input went: `read == parsed + ignored + rejected`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Accounting {
    /// Lines or frames read.
    pub read: u64,
    /// Those that became facts or part of one.
    pub parsed: u64,
    /// Those that are about something else.
    pub ignored: u64,
    /// Those that should have become facts and could not.
    pub rejected: u64,
}

/// Both together; what is beyond any number stays the largest one.
impl AddAssign for Accounting {
    fn add_assign(&mut self, other: Self) {
        self.read = self.read.saturating_add(other.read);
        self.parsed = self.parsed.saturating_add(other.parsed);
        self.ignored = self.ignored.saturating_add(other.ignored);
        self.rejected = self.rejected.saturating_add(other.rejected);
    }
}

/// What pools had in use between two samples.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gauge {
    /// When, in terms of the run.
    pub moment: Moment,
    /// Where it stands in its source.
    pub place: Place,
    /// The pools.
    pub pools: Vec<Pool>,
}

/// All that one or more sources told, in the order in which they told it.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// What was looked at.
    pub platform: Platform,
    /// Censuses and gauges, in order of time.
    pub samples: Vec<Sample>,
    /// Pools between the samples, in order of time.
    pub gauges: Vec<Gauge>,
    /// Events, in order of time.
    pub events: Vec<Event>,
    /// What went wrong and left a trace of its own, in order of time.
    pub incidents: Vec<Incident>,
    /// What was inferred rather than read, each a sentence: "a dump begins where ...".
    pub assumptions: Vec<Arc<str>>,
    /// What processes of the normal world say of their calls.
    pub clients: Clients,
    /// What ledgers of the normal world say.
    pub normal: NormalWorld,
    /// What could not be seen at all, beyond what the samples say.
    pub gaps: Vec<Gap>,
    /// The canary, where one was planted.
    pub canary: Option<Canary>,
    /// Iterations whose workload failed: place and exit status.
    pub failed: Vec<(Place, i32)>,
    /// Where the input went.
    pub accounting: Accounting,
}
