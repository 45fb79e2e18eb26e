//! Events run through compiled protocols: which step each is, and what is held after it.

pub(super) mod engine;
pub(super) mod group;
pub(super) mod index;
pub(super) mod matcher;
pub(super) mod order;
pub(super) mod table;
pub(super) mod unpaired;
