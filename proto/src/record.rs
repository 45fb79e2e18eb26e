//! Records: the contents of replies and of capture frames.
//!
//! On the wire each is its length in bytes (`u16`, little-endian) and then a postcard-encoded
//! [`Record`]. The length lets a reader skip an unknown variant.

use serde::{Deserialize, Serialize};

use crate::{
    canary::CanaryRecord,
    census::{
        BlockRecord, InstanceRecord, OwnerRecord, RegionRecord, SessionRecord, SiteRecord,
        StackRecord,
    },
    event::{EventRecord, EventsHead},
    hello::Hello,
    ledger::{LedgerHead, OutstandingRecord, Violation},
    limits,
    mark::Epoch,
    pool::PoolRecord,
    push::{Push, UnwrittenCount},
    snapshot::{SectionHead, SnapshotCursor},
};

/// A record from the TA.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Record<'a> {
    /// End of a reply; `next` is the start of the next page, if any.
    End {
        /// Where to continue.
        next: Option<SnapshotCursor>,
    },
    /// The TA and its features.
    #[serde(borrow)]
    Hello(Hello<'a>),
    /// The current epoch.
    Epoch(Epoch),
    /// The canary's site.
    Canary(CanaryRecord),
    /// Start or continuation of a section.
    Section(SectionHead),
    /// Allocations of one site.
    #[serde(borrow)]
    Site(SiteRecord<'a>),
    /// One allocation.
    #[serde(borrow)]
    Block(BlockRecord<'a>),
    /// The meaning of an owner number.
    Owner(OwnerRecord),
    /// A TA instance.
    Instance(InstanceRecord),
    /// An open session.
    Session(SessionRecord),
    /// A region of the instance that the section head names.
    Region(RegionRecord),
    /// A pool.
    Pool(PoolRecord),
    /// Start of a page of events.
    Events(EventsHead),
    /// An event.
    Event(EventRecord),
    /// Start of the ledger.
    Ledger(LedgerHead),
    /// An outstanding resource.
    Outstanding(OutstandingRecord),
    /// A broken rule.
    Violation(Violation),
    /// Start of a push.
    Push(Push),
    /// Count of pages that the plugin could not write.
    Unwritten(UnwrittenCount),
    /// A call stack of allocations.
    Stack(StackRecord),
}

/// Why a record could not be read or written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordError {
    /// The buffer is too small: nothing was written.
    NoRoom,
    /// Longer than [`limits::RECORD_BYTES`].
    TooLong,
    /// The data ends within a record.
    Truncated,
    /// A variant or a field that this build does not know, or garbage.
    Unknown,
}

/// Writes whole records into a buffer.
pub struct RecordWriter<'b> {
    buffer: &'b mut [u8],
    used: usize,
}

impl<'b> RecordWriter<'b> {
    /// A writer at the start of `buffer`.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, used: 0 }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// [`RecordError::NoRoom`] when it does not fit, [`RecordError::TooLong`] when it never would.
    pub fn push(&mut self, record: &Record<'_>) -> Result<(), RecordError> {
        if let Record::Region(region) = record
            && self.push_region(region)
        {
            return Ok(());
        }
        let room = self.buffer.get_mut(self.used + 2..).ok_or(RecordError::NoRoom)?;
        let limit = room.len().min(limits::RECORD_BYTES);
        let full =
            if limit < limits::RECORD_BYTES { RecordError::NoRoom } else { RecordError::TooLong };
        let length = postcard::to_slice(record, &mut room[..limit]).map_err(|_| full)?.len();
        let length_bytes = u16::try_from(length).map_err(|_| RecordError::TooLong)?.to_le_bytes();
        self.buffer[self.used..self.used + 2].copy_from_slice(&length_bytes);
        self.used += 2 + length;
        Ok(())
    }

    /// Appends a region as postcard does, but without copying each byte twice: most records of a
    /// snapshot are regions. Returns false where the longest region would not fit.
    fn push_region(&mut self, region: &RegionRecord) -> bool {
        let room = self.buffer.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut);
        let Some(room): Option<&mut [u8; REGION_BYTES]> = room else { return false };
        room[2] = REGION;
        let mut end = 3;
        let RegionRecord { va, size, pa, attr, flags } = *region;
        for value in [va, size, pa, attr.into(), flags.into()] {
            end = varint(room, end, value);
        }
        // At most 43, so one byte holds it.
        #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
        let length = (end - 2) as u8;
        [room[0], room[1]] = [length, 0];
        self.used += end;
        true
    }

    /// Bytes written so far.
    #[must_use]
    pub fn length(&self) -> usize {
        self.used
    }

    /// Bytes still free.
    #[must_use]
    pub fn room(&self) -> usize {
        self.buffer.len() - self.used
    }
}

/// Longest region with its length, in bytes: of 64-bit numbers at most 10, of 32-bit ones 5.
const REGION_BYTES: usize = 2 + 1 + 3 * 10 + 2 * 5;

/// Writes a number, seven bits per byte, low bits first; returns its end.
#[expect(clippy::cast_possible_truncation, reason = "the bits that are cut are written next")]
fn varint(room: &mut [u8; REGION_BYTES], at: usize, value: u64) -> usize {
    let (mut at, mut rest) = (at, value);
    while rest >= 0x80 {
        room[at] = rest as u8 | 0x80;
        rest >>= 7;
        at += 1;
    }
    room[at] = rest as u8;
    at + 1
}

/// Number of [`Record::Region`], its first byte: lets a reader count regions without decoding them.
pub const REGION: u8 = 10;

/// Reads records one after the other.
///
/// An unknown record is reported and skipped; truncation is reported once and ends the iteration.
pub fn read(data: &[u8]) -> RecordReader<'_> {
    RecordReader { rest: data }
}

/// Number of [`Record::End`].
const END: u8 = 0;

/// The start of the next page, from the [`Record::End`] of a reply; `None` if the reply has no end.
/// Decodes nothing else.
#[must_use]
pub fn next_page(reply: &[u8]) -> Option<Option<SnapshotCursor>> {
    let mut rest = reply;
    loop {
        let (body, after) = split(rest)?;
        if after.is_empty() {
            let (number, next) = body.split_first()?;
            return postcard::from_bytes(next).ok().filter(|_| *number == END);
        }
        rest = after;
    }
}

/// Iterator of [`read`].
pub struct RecordReader<'a> {
    rest: &'a [u8],
}

impl<'a> RecordReader<'a> {
    /// Skips the next records with one number; returns their count.
    pub fn skip_all(&mut self, number: u8) -> u32 {
        let mut n_skipped = 0;
        while let Some((body, rest)) = split(self.rest)
            && body.first() == Some(&number)
        {
            self.rest = rest;
            n_skipped += 1;
        }
        n_skipped
    }
}

impl<'a> Iterator for RecordReader<'a> {
    type Item = Result<Record<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((body, rest)) = split(self.rest) else {
            self.rest = &[];
            return Some(Err(RecordError::Truncated));
        };
        self.rest = rest;
        if body.len() > limits::RECORD_BYTES {
            return Some(Err(RecordError::TooLong));
        }
        Some(postcard::from_bytes(body).map_err(|_| RecordError::Unknown))
    }
}

fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}
