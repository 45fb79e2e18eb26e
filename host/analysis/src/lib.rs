//! The pure part of teeleak: facts in, findings out.
//!
//! ```text
//! bytes of a source ── parse ──> model (facts) ── growth, protocol, pool, cause ──> findings
//! ```
//!
//! Nothing here does I/O, reads a clock, knows the command line or links against libteec, so every
//! analysis of a live device can be repeated from its recording.
#![forbid(unsafe_code)]

pub mod alarm;
pub mod audit;
mod cause;
pub mod clients;
pub mod fingerprint;
pub mod growth;
pub mod mistake;
pub mod model;
pub mod normal;
pub mod parse;
pub mod pools;
pub mod protocol;
pub mod text;
pub mod triage;
