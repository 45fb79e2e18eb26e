//! Where and when a fact was seen.

use super::Name;

/// Who says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// Observed by the TEE core.
    Tee,
    /// Claimed by the normal world.
    Ree,
    /// Parsed from text.
    Text,
}

/// A place in a source that a person can go and look at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Name of the source: a file, a device.
    pub source: Name,
    /// Line of a text from 1, frame of a capture from 1.
    pub at: u64,
}

/// Which clock a time was read from; times of different clocks don't compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Clock {
    /// The secure world's counter since it was reset.
    Counter,
    /// `CLOCK_MONOTONIC` of the normal world, which kernel log stamps use, too.
    Monotonic,
    /// Wall clock of whoever wrote the log.
    Wall,
}

/// A time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time {
    /// Whose.
    pub clock: Clock,
    /// In nanoseconds.
    pub ns: u64,
}

/// What a stretch of a run is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// Before anything.
    Before,
    /// Sampling without the workload.
    Idle,
    /// Iterations that don't count.
    Warmup,
    /// Iterations that count.
    Measured,
    /// After everything.
    After,
}

/// When a sample was taken, in terms of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment {
    /// Which stretch had just ended.
    pub stage: Stage,
    /// Which iteration of it had just ended, from 1; 0 where there are none.
    pub iteration: u32,
}
