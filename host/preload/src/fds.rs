//! Placeholder
pub(crate) fn load() {}
