//! What the kernel of the normal world says of its memory, as it was read.
//!
//! A sample is one [`Text`] for each file that was read, a longer one in several pieces, and one
//! [`Unseen`] for each thing that could not be. They belong to the phase before them.

use serde::{Deserialize, Serialize};

/// Longest piece of a text in a frame, in bytes.
pub const PIECE_BYTES: usize = 256 << 10;

/// A text, or a piece of it. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Text<'a> {
    /// Its file: `/proc/meminfo`.
    pub path: &'a str,
    /// When reading it began (`CLOCK_MONOTONIC`), in nanoseconds.
    pub monotonic_ns: u64,
    /// Whether it goes on where the frame before ended.
    pub continued: bool,
    /// Whether there was more, which was not read.
    pub cut: bool,
    /// What it says.
    pub text: &'a [u8],
}

/// Why something was not seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Why {
    /// It is not there.
    Absent,
    /// It may not be read.
    Refused,
    /// There was more than is read of one file.
    NoRoom,
    /// It went away, or failed, while it was read.
    Moved,
}

/// Something that was not seen. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unseen<'a> {
    /// What: the name of a ledger.
    pub what: &'a str,
    /// Why not.
    pub why: Why,
    /// What would bring it; may be empty.
    pub remedy: &'a str,
    /// How many of them.
    pub lost: u64,
}

/// Why the TEE is none of a run's observation. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NoTee<'a> {
    /// Whether there is one, which could not be reached.
    pub there: bool,
    /// Why it could not.
    pub why: &'a str,
}
