//! Arguments that several subcommands share, one concept a file.

pub(crate) mod analysis;
pub(crate) mod format;
pub(crate) mod named_file;
pub(crate) mod normal_world;
pub(crate) mod outputs;
pub(crate) mod tee_access;
pub(crate) mod triage;
