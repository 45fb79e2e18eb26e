//! Console text of any OP-TEE, in whatever way it reached a file.
//!
//! ```text
//! chunk of bytes ── scan ──> Harvest   each line by itself, in parallel
//! Harvest, Harvest ... ── Assembler ──> Observation   in the order of the text
//! ```
//!
//! Invariants: lines read = parsed + ignored + rejected; any way of cutting a text into chunks gives the same
//! observation; memory is bounded whatever the text; nothing is in the observation that no line says.
//! Property tests (`tests/log_properties.rs`) and a fuzz target (`cargo xtask fuzz text`) hold it to that.

mod dialect;
mod dump;
mod fold;
mod harvest;
mod lines;
mod messages;
mod rules;
mod scan;
mod sites;

pub use dump::{Dump, DumpSite};
pub use fold::{Assembler, Cut};
pub use harvest::{Harvest, Tally};
pub use lines::{chunk::chunk_end, line::MAX_LINE};
pub use messages::fact::Why;
pub use rules::{MarkError, Rules};
pub use scan::scan;
