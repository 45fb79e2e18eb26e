//! Kernel functions that allocate the memory in use.

pub(super) mod callers;
pub(super) mod repeats;
pub(super) mod sites;
