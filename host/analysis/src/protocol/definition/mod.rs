//! Protocol definitions: files, keys, and the forms for the engine and the TA's ledger.

pub(super) mod bind;
pub(super) mod builtin;
pub(super) mod compile;
pub(super) mod key;
pub(super) mod toml_file;
