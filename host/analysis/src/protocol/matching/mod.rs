//! Runs events through compiled protocols: the step of each event, and the resources held after it.

pub(super) mod engine;
pub(super) mod group;
pub(super) mod index;
pub(super) mod order;
pub(super) mod releases;
pub(super) mod step_matcher;
pub(super) mod table;
pub(super) mod unpaired;
