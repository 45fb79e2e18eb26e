//! Comparisons of snapshots, and of runs.

pub(crate) mod growth;
pub(crate) mod runs;
pub(crate) mod snapshots;
