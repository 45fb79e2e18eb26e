//! Comparison of ledgers of the same memory.

pub(super) mod books;
pub(super) mod shared;
