//! Memory ledgers of the normal-world kernel, unparsed.
//!
//! A snapshot of the ledgers is one [`NormalTextFrame`] for each file, a long one in several pieces, and one
//! [`UnreadLedger`] for each unreadable item. They belong to the preceding phase.

use serde::{Deserialize, Serialize};

/// Longest piece of a text in a frame, in bytes.
pub const PIECE_BYTES: usize = 256 << 10;

/// A text, or a piece of it. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NormalTextFrame<'a> {
    /// Path of its file: `/proc/meminfo`.
    pub path: &'a str,
    /// Time of the read (`CLOCK_MONOTONIC`), in nanoseconds.
    pub monotonic_ns: u64,
    /// Whether it continues the previous frame.
    pub continued: bool,
    /// Whether the text is incomplete.
    pub cut: bool,
    /// The bytes of the text.
    pub text: &'a [u8],
}

/// Why something was not observed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum UnreadReason {
    /// It is missing.
    Absent,
    /// This user may not read it.
    Refused,
    /// It exceeds the limit for reading one file.
    NoRoom,
    /// It disappeared, or failed, while it was read.
    Moved,
}

/// Something that was not observed. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnreadLedger<'a> {
    /// Name of a ledger, or of a part of one.
    pub what: &'a str,
    /// The reason.
    pub why: UnreadReason,
    /// How to enable it; may be empty.
    pub remedy: &'a str,
    /// Number of objects not observed, 0 if unknown.
    pub lost: u64,
}

/// Why a run does not observe the TEE. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TeeAbsenceFrame<'a> {
    /// Whether a TEE exists but could not be reached.
    pub there: bool,
    /// The reason.
    pub why: &'a str,
}
