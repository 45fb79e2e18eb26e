//! Which functions of the kernel allocate what stays in use.

pub(super) mod callers;
pub(super) mod repeats;
pub(super) mod sites;
