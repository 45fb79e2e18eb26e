//! Two looks at the TEE, held against each other.

pub(crate) mod censuses;
pub(crate) mod runs;
