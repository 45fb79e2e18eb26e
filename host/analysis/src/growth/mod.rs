//! Growth analysis: what grows with every iteration, and what only grew at first.
//!
//! ```text
//! samples ── collect ──> Series per site, TA, kind of session ── judge ──> Judgement ──> findings
//! ```
//!
//! [`judge()`] is pure statistics over one [`Series`] and knows nothing of OP-TEE; [`findings`] builds
//! the series from an observation, subtracts the growth of idle iterations, groups what grows
//! together and writes the findings. Invariants: missing data is never taken as zero; a series
//! without a verdict is undecided, with the number of further iterations that would decide.

pub(crate) mod collect;
mod difference;
mod exact;
mod judge;
mod judgement;
pub(crate) mod report;
mod rise;
mod series;
mod spread;
mod staircase;
mod statistics;
mod student;
mod survivors;
mod wanted;

pub use difference::{FEWEST_TO_COMPARE, MeasuredRate, RateDifference, difference};
pub use judge::judge;
pub use judgement::{Basis, Estimate, Judgement};
pub use report::{GrowthOptions, findings};
pub use series::{Cohort, Series};
