//! Where and when a fact was observed.

use super::Name;

/// The origin of a fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// Observed by the TEE core.
    Tee,
    /// Reported by the normal world.
    Ree,
    /// Parsed from text.
    Text,
}

/// A position in a source that a reader can look up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Name of the source: a file, a device.
    pub source: Name,
    /// Line of a text from 1, frame of a capture from 1.
    pub at: u64,
}

/// The clock of a time; times of different clocks do not compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Clock {
    /// The secure world's counter since reset.
    Counter,
    /// `CLOCK_MONOTONIC` of the normal world, also used by kernel log timestamps.
    Monotonic,
    /// Wall clock of the machine that wrote the log.
    Wall,
}

/// A time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time {
    /// Its clock.
    pub clock: Clock,
    /// Nanoseconds.
    pub ns: u64,
}

/// A stage of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// Before the first iteration.
    Before,
    /// Idle iterations: snapshots without the workload.
    Idle,
    /// Warm-up iterations, which do not count.
    Warmup,
    /// Measured iterations.
    Measured,
    /// After the last iteration.
    After,
}

/// The point of a run at which a snapshot was taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment {
    /// The current stage.
    pub stage: Stage,
    /// The iteration of the stage that has just ended, from 1; 0 if the stage has none.
    pub iteration: u32,
}
