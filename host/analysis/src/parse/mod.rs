//! Bytes of a source in, facts out.

pub mod kernel;
pub mod normal;
pub mod stats;
pub mod strace;
pub mod text;
