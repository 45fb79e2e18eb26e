//! Checks the data that the secure world hands over.

use teeleak_proto::{
    limits,
    push::{APPEND, FIRST, LAST},
    record::{self, RecordError},
};

/// A page of a push.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page<'d> {
    /// Whether a push begins with it.
    pub first: bool,
    /// Whether a push ends with it.
    pub last: bool,
    /// Its records.
    pub records: &'d [u8],
}

/// Why a call is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Unknown command, or unknown bits of the sub-command.
    NotSupported,
    /// Empty, longer than [`limits::FRAME_BYTES`], or not made of records.
    BadParameters,
}

impl<'d> Page<'d> {
    /// Reads a call of the plugin. Unknown records of a newer TA pass if their lengths are valid:
    /// the reader counts them.
    ///
    /// # Errors
    /// Why it was refused: see [`Refused`].
    pub fn read(command: u32, sub_command: u32, data: &'d [u8]) -> Result<Self, Refused> {
        if command != APPEND || sub_command & !(FIRST | LAST) != 0 {
            return Err(Refused::NotSupported);
        }
        let is_whole = |read: Result<_, RecordError>| {
            !matches!(read, Err(RecordError::Truncated | RecordError::TooLong))
        };
        let is_valid_size = !data.is_empty() && data.len() <= limits::FRAME_BYTES;
        if !is_valid_size || !record::read(data).all(|read| is_whole(read.map(drop))) {
            return Err(Refused::BadParameters);
        }
        let (first, last) = (sub_command & FIRST != 0, sub_command & LAST != 0);
        Ok(Self { first, last, records: data })
    }
}
