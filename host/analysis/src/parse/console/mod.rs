//! Console text of any OP-TEE release, however it was recorded.
//!
//! ```text
//! chunk of bytes ── scan ──> Harvest   each line alone, in parallel
//! Harvest, Harvest ... ── Assembler ──> Observation   in the order of the text
//! ```
//!
//! Invariants: lines read = parsed + ignored + rejected; the chunk size makes no difference to the
//! observation; memory is bounded whatever the text; the observation has only facts that a line states.
//! Property tests (`tests/log_properties.rs`) and a fuzz target (`cargo xtask fuzz text`) check this.

mod chunk_facts;
mod dialect;
mod dump;
mod fold;
mod lines;
mod messages;
mod reading;
mod rules;
mod scan;
mod sites;

pub use chunk_facts::{ChunkFacts, Tally};
pub use dump::{DumpSite, MarkedDump};
pub use fold::{Assembler, IterationSplit};
pub(crate) use lines::bytes::{dec, hex, hex32, uuid};
pub use lines::{chunk::chunk_end, line::MAX_LINE};
pub use messages::fact::RejectReason;
pub(crate) use reading::{LineReading, is_bare_incident, is_other_fact, prefix_start, reading};
pub(crate) use rules::literal_text;
pub use rules::{MarkError, Rules};
pub use scan::{scan, scan_unframed};
