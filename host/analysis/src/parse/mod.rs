//! Bytes of a source in, facts out.

pub mod stats;
pub mod strace;
pub mod text;
