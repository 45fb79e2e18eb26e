//! Messages of OP-TEE: what each kind of line says.

pub(super) mod classify;
pub(super) mod fact;
pub(super) mod mdbg;
pub(super) mod session;
pub(super) mod stats;
pub(super) mod status;
pub(super) mod trouble;
