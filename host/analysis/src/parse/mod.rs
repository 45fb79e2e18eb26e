//! Bytes of a source in, facts out.

pub mod console;
pub mod ftrace;
pub mod ledgers;
pub mod stats;
pub mod strace;
