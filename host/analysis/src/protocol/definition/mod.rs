//! A protocol as a file defines it, and what the engine and the TA's ledger make of it.

pub(super) mod bind;
pub(super) mod compile;
pub(super) mod file;
pub(super) mod key;
pub(super) mod pack;
