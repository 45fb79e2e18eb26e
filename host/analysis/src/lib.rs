//! The analysis of teeleak: facts in, findings out.
//!
//! ```text
//! bytes of a source ── parse ──> model (facts) ── growth, protocol, pool, cause ──> findings
//! ```
//!
//! This crate does no I/O, reads no clock, knows no command line and does not link against libteec,
//! so every analysis of a live device can be repeated from its recording.
#![forbid(unsafe_code)]

pub mod alarm;
pub mod audit;
pub mod birthplace;
pub mod blame;
pub mod catalogue;
mod cause;
pub mod clients;
pub mod fingerprint;
pub mod growth;
pub mod known_leaks;
pub mod mistake;
pub mod model;
pub mod normal_world;
pub mod one_look;
pub mod parse;
pub mod pools;
pub mod protocol;
pub mod suggest;
pub mod ta_names;
pub mod text;
pub mod triage;
