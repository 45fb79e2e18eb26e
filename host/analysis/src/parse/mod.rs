//! Parses the bytes of sources into facts.

pub mod capture;
pub mod console;
pub mod framing;
pub mod ftrace;
pub mod ledgers;
pub mod lines;
pub mod stats;
pub mod strace;
