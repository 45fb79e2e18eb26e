//! Bytes of a source in, facts out.

pub mod text;
