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

mod assemble;
mod bytes;
mod chunk;
mod classify;
mod dialect;
mod digits;
mod dump;
mod fact;
mod harvest;
mod line;
mod literal;
mod mdbg;
mod prefix;
mod rules;
mod scan;
mod session;
mod sites;
mod stamp;
mod stats;
mod status;
mod straight;
mod trouble;

pub use assemble::{Assembler, Cut};
pub use chunk::chunk_end;
pub use dump::{Dump, DumpSite};
pub use fact::Why;
pub use harvest::{Harvest, Tally};
pub use line::MAX_LINE;
pub use rules::{MarkError, Rules};
pub use scan::scan;
