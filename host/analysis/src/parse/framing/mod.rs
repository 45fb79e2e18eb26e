//! What mail, web forms, editors and recorders do to a text, undone before any reader sees it.
//!
//! ```text
//! first bytes of a text ── Framing::detect ───> None: the text goes to its reader as it is
//! and each later part   ── Framing::begin_in ─> Framing ── TextUnframer ──> lines, and how many lines each one was
//! ```
//!
//! Time stamps stay, since readers want the time; `decoration` knows all of them. Invariants: a text
//! without evidence of a frame is not touched; every line of the text is counted in exactly one line that
//! is handed on; memory is bounded whatever the text.

mod base64;
mod characters;
mod clock;
mod colours;
mod console_start;
mod counts;
pub(crate) mod decoration;
mod detect;
mod encoding;
mod kernel_records;
mod ledger_rows;
mod lines;
mod mail;
mod numbering;
mod pasted;
mod process;
mod recorder;
mod signs;
mod stamp_kind;
mod table;
mod text_unframer;
mod unframer;
mod worth;
mod wrap;

pub use counts::FramingCounts;
pub use detect::{BEGIN, Framing};
use lines::lines_of;
pub use stamp_kind::StampCounts;
pub use text_unframer::TextUnframer;
use unframer::Unframer;
