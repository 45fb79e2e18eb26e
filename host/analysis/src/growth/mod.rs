//! Growth: what gets more with every iteration, and what only did so at first.
//!
//! ```text
//! samples ── collect ──> Series per site, TA, kind of session ── judge ──> Judgement ──> findings
//! ```
//!
//! [`judge()`] is pure statistics over one [`Series`] and knows nothing of OP-TEE; [`findings`] builds
//! the series from an observation, takes away what idle iterations do as well, puts together what
//! grows together, and says it in words. Invariants: what was not seen is never taken as zero; a
//! series that the iterations don't decide is undecided, and says how many more would do.

pub(crate) mod collect;
mod exact;
mod judge;
mod judgement;
pub(crate) mod report;
mod series;
mod spread;
mod staircase;
mod statistics;
mod survivors;

pub use judge::judge;
pub use judgement::{Basis, Estimate, Judgement};
pub use report::{Options, findings};
pub use series::{Cohort, Series};
