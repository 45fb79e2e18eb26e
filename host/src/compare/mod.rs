//! Comparisons of snapshots, and of runs.

pub(crate) mod censuses;
pub(crate) mod runs;
