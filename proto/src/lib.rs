//! What teeleak's parts say to each other: the commands and records of the TA, the frames of a
//! capture file, and mirrors of the structures that the PTA's C header defines.
//!
//! Rules of the wire, for every type here:
//! - Enum variants and struct fields are only ever appended; `version` says how that is negotiated.
//! - Everything that can be lost is counted, and the count travels with what was not lost.
//! - Lengths are bounded by `limits`; a decoder never allocates what a peer asks for.
//!
//! There is no logic in this crate beyond encoding and decoding.
//!
//! ```
//! use teeleak_proto::{record::{self, Record}, mark::Epoch};
//!
//! let mut buffer = [0u8; 64];
//! let mut writer = record::Writer::new(&mut buffer);
//! writer.push(&Record::Epoch(Epoch { epoch: 7, era: 0 })).unwrap();
//! let used = writer.used();
//! let records: Vec<_> = record::read(&buffer[..used]).collect();
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
pub mod normal;
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
