//! What the secure world hands over, checked.

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

/// Why something is no page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// No such command, or bits of a sub-command that don't exist.
    NotSupported,
    /// Empty, longer than [`limits::FRAME_BYTES`], or not made of records.
    BadParameters,
}

impl<'d> Page<'d> {
    /// Reads a call of the plugin. Records of a newer TA are let through as long as their lengths are
    /// right: who reads them counts what it does not know.
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
