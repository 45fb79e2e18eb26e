//! A dump of the TEE on demand, from a running watch or taken directly.

pub(crate) mod collect;
