//! The wire formats between teeleak's parts: the commands and records of the TA, the frames of a
//! capture file, and mirrors of the structures in the PTA's C header.
//!
//! Rules of the wire, for every type here:
//! - Enum variants and struct fields are only ever appended; `version` negotiates that.
//! - Every loss is counted, and the count is sent with the remaining data.
//! - Lengths are bounded by `limits`; a decoder never allocates by a peer's length.
//!
//! This crate only encodes and decodes.
//!
//! ```
//! use teeleak_proto::{record::{self, Record}, mark::Epoch};
//!
//! let mut buffer = [0u8; 64];
//! let mut writer = record::RecordWriter::new(&mut buffer);
//! writer.push(&Record::Epoch(Epoch { epoch: 7, era: 0 })).unwrap();
//! let length = writer.length();
//! let records: Vec<_> = record::read(&buffer[..length]).collect();
//! assert_eq!(records, [Ok(Record::Epoch(Epoch { epoch: 7, era: 0 }))]);
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod bind;
pub mod canary;
pub mod census;
pub mod client;
pub mod command;
pub mod event;
pub mod frame;
pub mod hello;
pub mod ledger;
pub mod limits;
pub mod mark;
pub mod normal_world;
pub mod note;
pub mod pool;
pub mod pta;
pub mod push;
pub mod record;
pub mod snapshot;
pub mod stock;
pub mod tee_result;
mod uuid;
pub mod values;
pub mod version;

pub use uuid::Uuid;
