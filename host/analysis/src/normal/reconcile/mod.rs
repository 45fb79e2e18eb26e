//! Two ledgers of the same memory, held against each other.

pub(super) mod books;
pub(super) mod shared;
