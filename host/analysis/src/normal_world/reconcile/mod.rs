//! Comparison of ledgers of the same memory.

pub(super) mod balance;
pub(super) mod shared_memory;
