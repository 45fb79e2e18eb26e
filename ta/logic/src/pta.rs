//! Queries the PTA and checks its replies like any other input.

use core::{marker::PhantomData, ops::Range};

use teeleak_proto::pta::{self, CLayout};

use crate::Refusal;

/// Bytes of one reply of the PTA: about 450 allocation sites or 1,500 regions at once.
pub const SCRATCH_BYTES: usize = 48 << 10;

/// Header of a list reply, in bytes.
const HEAD: usize = pta::Reply::SIZE;

/// The query of a list command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Query {
    /// `PTA_LEAK_AUDIT_CMD_*`.
    pub cmd: u32,
    /// `value[1]`, a and b.
    pub first: [u32; 2],
    /// `value[2]`, a and b.
    pub second: [u32; 2],
}

impl Query {
    /// The query for a list from an index on.
    pub(crate) const fn from_index(cmd: u32, index: u32) -> Self {
        Self { cmd, first: [index, 0], second: [0, 0] }
    }
}

/// The open session to the PTA. Errors are `TEE_Result` codes.
pub trait Pta {
    /// Result of opening the session, 0 when it is open.
    fn open_result(&self) -> u32;

    /// Queries `struct pta_leak_audit_info`; returns the bytes written.
    ///
    /// # Errors
    /// The error code of the PTA.
    fn info(&mut self, out: &mut [u8]) -> Result<usize, u32>;

    /// Runs a list command; returns the bytes written. `out` is aligned to 8 bytes.
    ///
    /// # Errors
    /// The error code of the PTA.
    fn list(&mut self, query: &Query, out: &mut [u8]) -> Result<usize, u32>;

    /// Runs a command that takes two values and returns two.
    ///
    /// # Errors
    /// The error code of the PTA.
    fn exchange(&mut self, cmd: u32, input: [u32; 2]) -> Result<[u32; 2], u32>;
}

/// Buffer for PTA replies: 8-byte aligned, in private memory of the TA.
#[repr(C, align(8))]
pub(crate) struct Scratch {
    bytes: [u8; SCRATCH_BYTES],
    holds: Holds,
}

/// Contents of the buffer, with their size in bytes.
#[derive(Clone, Copy)]
enum Holds {
    Nothing,
    /// A reply to a query.
    Reply(Query, usize),
    /// Parts of `PTA_LEAK_AUDIT_CMD_CENSUS`.
    Census(usize),
}

/// A checked reply of the PTA.
pub(crate) struct Batch<'s, T> {
    pub(crate) head: pta::Reply,
    entries: &'s [u8],
    entry: PhantomData<T>,
}

impl<T: CLayout> Batch<'_, T> {
    /// Its entries.
    pub(crate) fn rows(&self) -> impl Iterator<Item = T> {
        self.entries.chunks_exact(usize::from(self.head.entry_size)).filter_map(parse)
    }
}

/// Longest entry that an older PTA leaves fields out of, in bytes.
const APPENDED_BYTES: usize = pta::Site::SIZE;

/// An entry; fields that an older PTA doesn't know are 0.
fn parse<T: CLayout>(entry: &[u8]) -> Option<T> {
    if entry.len() >= T::SIZE {
        return T::parse(entry);
    }
    let mut whole = [0; APPENDED_BYTES];
    whole.get_mut(..entry.len())?.copy_from_slice(entry);
    T::parse(&whole)
}

impl Scratch {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; SCRATCH_BYTES], holds: Holds::Nothing }
    }

    /// Queries `struct pta_leak_audit_info`.
    pub(crate) fn info(&mut self, pta: &mut dyn Pta) -> Result<pta::Info, Refusal> {
        self.holds = Holds::Nothing;
        let length = pta.info(&mut self.bytes).map_err(Refusal::Pta)?;
        let bytes = self.bytes.get(..length).ok_or(Refusal::BadFormat)?;
        pta::Info::parse(bytes).ok_or(Refusal::BadFormat)
    }

    /// Requests and caches the combined reply, with or without sites. If the PTA does not support
    /// it, each list is queried separately.
    pub(crate) fn ask_census(&mut self, pta: &mut dyn Pta, sites: Option<u32>) {
        let first = [sites.unwrap_or(0), u32::from(sites.is_some())];
        let query = Query { cmd: pta::CMD_CENSUS, first, second: [0, 0] };
        self.holds = match pta.list(&query, &mut self.bytes) {
            Ok(used) => Holds::Census(used),
            Err(_) => Holds::Nothing,
        };
    }

    /// Runs a list command.
    pub(crate) fn ask<T: CLayout>(
        &mut self,
        pta: &mut dyn Pta,
        query: &Query,
    ) -> Result<Batch<'_, T>, Refusal> {
        self.holds = Holds::Nothing;
        let length = pta.list(query, &mut self.bytes).map_err(Refusal::Pta)?;
        self.holds = Holds::Reply(*query, length);
        self.read(0..length)
    }

    /// The reply to a query, and whether the PTA was queried for it. With `reuse` a cached reply is
    /// returned, if any: rows of one walk stay together even across a page end.
    pub(crate) fn get<T: CLayout>(
        &mut self,
        pta: &mut dyn Pta,
        query: &Query,
        reuse: bool,
    ) -> Result<(Batch<'_, T>, bool), Refusal> {
        let cached_range = if reuse { self.place(query) } else { None };
        match cached_range {
            Some(range) => Ok((self.read(range)?, false)),
            None => Ok((self.ask(pta, query)?, true)),
        }
    }

    fn place(&self, query: &Query) -> Option<Range<usize>> {
        match self.holds {
            Holds::Reply(held, used) if held == *query => Some(0..used),
            Holds::Census(used) => self.part(query, used),
            _ => None,
        }
    }

    /// Range of the reply to a query within the combined reply.
    fn part(&self, query: &Query, used: usize) -> Option<Range<usize>> {
        let mut offset = 0;
        loop {
            let part = pta::Part::parse(self.bytes.get(offset..used)?)?;
            let start = offset + pta::Part::SIZE;
            let end = start.checked_add(usize::try_from(part.size).ok()?)?;
            if (query.cmd, query.first, query.second) == (part.cmd, [part.value, 0], [0, 0]) {
                return (part.result == 0 && end <= used).then_some(start..end);
            }
            offset = end;
        }
    }

    fn read<T: CLayout>(&self, range: Range<usize>) -> Result<Batch<'_, T>, Refusal> {
        let bytes = self.bytes.get(range).ok_or(Refusal::BadFormat)?;
        let head = pta::Reply::parse(bytes).ok_or(Refusal::BadFormat)?;
        let entry_size = usize::from(head.entry_size);
        let count = usize::try_from(head.count).map_err(|_| Refusal::BadFormat)?;
        // A newer PTA may have longer entries, shorter ones are those of the first version.
        let is_short = entry_size < T::SIZE && entry_size != T::FIRST_SIZE;
        if head.version == 0 || is_short {
            return Err(Refusal::BadFormat);
        }
        let size = count.checked_mul(entry_size).ok_or(Refusal::BadFormat)?;
        let entries = bytes.get(HEAD..).and_then(|rest| rest.get(..size));
        Ok(Batch { head, entries: entries.ok_or(Refusal::BadFormat)?, entry: PhantomData })
    }
}
