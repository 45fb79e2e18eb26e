//! Messages of OP-TEE, by kind.

pub(super) mod classify;
pub(super) mod damage;
pub(super) mod fact;
pub(super) mod mdbg;
pub(super) mod pool_line;
mod pool_spellings;
pub(super) mod registers;
pub(super) mod reports;
pub(super) mod session;
pub(super) mod stats;
pub(super) mod status;
pub(super) mod trouble;
