//! A PTA that answers from lists, and a client that pages through the TA's replies.
#![allow(dead_code, reason = "each test uses a part of it")]

use teeleak_proto::{
    limits,
    pta::{self, CLayout},
    record::{self, Record},
    snapshot::{SnapshotCursor, SnapshotRequest},
};
use teeleak_ta_logic::{Auditor, Caller, Pta, Query, Refusal};

/// `TEE_ERROR_ITEM_NOT_FOUND`.
pub(crate) const ITEM_NOT_FOUND: u32 = 0xffff_0008;

/// What the fake knows. Entries are bytes as the PTA lays them out.
#[derive(Clone, Default)]
pub(crate) struct Fake {
    pub(crate) opened: u32,
    pub(crate) pools: Vec<Vec<u8>>,
    pub(crate) sites: Vec<Vec<u8>>,
    /// Bytes of a site, if not those of this version.
    pub(crate) site_size: usize,
    pub(crate) stacks: Vec<Vec<u8>>,
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) owners: Vec<Vec<u8>>,
    pub(crate) instances: Vec<Vec<u8>>,
    pub(crate) sessions: Vec<Vec<u8>>,
    /// Of the instance with each number.
    pub(crate) regions: Vec<(u32, Vec<Vec<u8>>)>,
    pub(crate) events: Vec<Vec<u8>>,
    /// Events that were overwritten before the first of `events`.
    pub(crate) overwritten: u64,
    /// A command that is refused, and with what.
    pub(crate) refuses: Option<(u32, u32)>,
    /// Whether everything can be asked for at once.
    pub(crate) census: bool,
    /// Most entries in one reply.
    pub(crate) at_most: Option<usize>,
    /// Flags of the replies.
    pub(crate) flags: u32,
    /// All queries so far.
    pub(crate) asked: Vec<Query>,
    /// Whether the canary was cleared last.
    pub(crate) cleared: bool,
}

/// Bytes of an entry: each field takes its low bytes from `values`, in order; text fields take
/// `text`.
pub(crate) fn entry<T: CLayout>(values: &[u64], text: &str) -> Vec<u8> {
    let mut bytes = vec![0; T::SIZE];
    for (field, n) in T::FIELDS.iter().zip(0..) {
        let value: u64 = values.get(n).copied().unwrap_or_default();
        let at = &mut bytes[field.offset..];
        match (field.c_type, field.elements) {
            ("char", _) => at[..text.len()].copy_from_slice(text.as_bytes()),
            ("uint8_t", n) => at[..n].fill(value as u8),
            ("uint16_t", _) => at[..2].copy_from_slice(&(value as u16).to_le_bytes()),
            ("uint32_t", _) => at[..4].copy_from_slice(&(value as u32).to_le_bytes()),
            _ => at[..8].copy_from_slice(&value.to_le_bytes()),
        }
    }
    bytes
}

/// Writes a list reply.
pub(crate) fn reply(
    out: &mut [u8],
    entry_size: usize,
    head: &[u64; 6],
    rows: &[&Vec<u8>],
) -> usize {
    let [total, lost, next, flags, generation, lock_ticks] = *head;
    let values =
        [1, entry_size as u64, rows.len() as u64, total, lost, next, flags, generation, lock_ticks];
    let mut bytes = entry::<pta::Reply>(&values, "");
    rows.iter().for_each(|row| bytes.extend_from_slice(row));
    out[..bytes.len()].copy_from_slice(&bytes);
    bytes.len()
}

impl Fake {
    fn room(&self, out: &[u8], size: usize) -> usize {
        ((out.len() - pta::Reply::SIZE) / size).min(self.at_most.unwrap_or(usize::MAX))
    }

    fn indexed<T: CLayout>(&self, all: &[Vec<u8>], from: u32, out: &mut [u8]) -> usize {
        let from = (from as usize).min(all.len());
        let rows: Vec<_> = all[from..].iter().take(self.room(out, T::SIZE)).collect();
        let end = from + rows.len();
        let next = if end < all.len() { end as u64 } else { 0 };
        let head = [all.len() as u64, 0, next, self.flags.into(), 7, 100];
        reply(out, T::SIZE, &head, &rows)
    }

    fn slice(&self, [slice, slices]: [u32; 2], out: &mut [u8]) -> usize {
        let mine: Vec<_> =
            self.sites.iter().zip(0..).filter(|(_, n)| n % slices.max(1) == slice).collect();
        let size = if self.site_size == 0 { pta::Site::SIZE } else { self.site_size };
        let room = self.room(out, size);
        let rows: Vec<_> = mine.iter().take(room).map(|(row, _)| *row).collect();
        let lost = (mine.len() - rows.len()) as u64;
        let head = [self.sites.len() as u64, lost, 0, self.flags.into(), 7, 100];
        reply(out, size, &head, &rows)
    }

    /// Parts, as long as there is room for whole ones.
    fn census(&self, [epoch, with_sites]: [u32; 2], out: &mut [u8]) -> usize {
        let sites = [(pta::CMD_SITES, epoch), (pta::CMD_STACKS, 0)];
        let sites = sites.into_iter().filter(|_| with_sites == 1);
        let lists = [pta::CMD_POOLS, pta::CMD_OWNERS, pta::CMD_INSTANCES, pta::CMD_SESSIONS];
        let regions: Vec<u32> = self.regions.iter().map(|(instance, _)| *instance).collect();
        let lists = lists.into_iter().map(|cmd| (cmd, 0));
        let mut used = 0;
        let regions = regions.into_iter().map(|instance| (pta::CMD_REGIONS, instance));
        for (cmd, value) in sites.chain(lists).chain(regions) {
            let Some(room) = out.get_mut(used + pta::Part::SIZE..) else { break };
            if room.len() <= pta::Reply::SIZE + pta::Site::SIZE {
                break;
            }
            let query = Query { cmd, first: [value, 0], second: [0, 0] };
            let (size, result) = match self.answer(&query, room) {
                Ok(size) => (size, 0),
                Err(result) => (0, result),
            };
            let values = [cmd.into(), value.into(), size as u64, result.into()];
            let part = entry::<pta::Part>(&values, "");
            out[used..][..part.len()].copy_from_slice(&part);
            used += part.len() + size;
        }
        used
    }

    fn answer(&self, query: &Query, out: &mut [u8]) -> Result<usize, u32> {
        if let Some((cmd, result)) = self.refuses
            && cmd == query.cmd
        {
            return Err(result);
        }
        let [a, b] = query.first;
        Ok(match query.cmd {
            pta::CMD_POOLS => self.indexed::<pta::Pool>(&self.pools, a, out),
            pta::CMD_SITES => self.slice(query.second, out),
            pta::CMD_STACKS => self.indexed::<pta::Stack>(&self.stacks, a, out),
            pta::CMD_RECORDS => self.indexed::<pta::Record>(&self.records, a, out),
            pta::CMD_OWNERS => self.indexed::<pta::Owner>(&self.owners, a, out),
            pta::CMD_INSTANCES => self.indexed::<pta::Instance>(&self.instances, a, out),
            pta::CMD_SESSIONS => self.indexed::<pta::Session>(&self.sessions, a, out),
            pta::CMD_REGIONS => {
                let found = self.regions.iter().find(|(instance, _)| *instance == a);
                let (_, regions) = found.ok_or(ITEM_NOT_FOUND)?;
                self.indexed::<pta::Region>(regions, b, out)
            }
            pta::CMD_EVENTS => self.events(query.first, out),
            _ => return Err(0xffff_000a),
        })
    }

    fn events(&self, [low, high]: [u32; 2], out: &mut [u8]) -> usize {
        let from = (u64::from(high) << 32 | u64::from(low)).max(1);
        let first = self.overwritten + 1;
        let lost = first.saturating_sub(from);
        let skip = (from.max(first) - first).min(self.events.len() as u64) as usize;
        let rows: Vec<_> =
            self.events[skip..].iter().take(self.room(out, pta::Event::SIZE)).collect();
        let end = skip + rows.len();
        let more = u64::from(end < self.events.len());
        let head = [self.events.len() as u64, lost, more, 0, first + end as u64, 100];
        reply(out, pta::Event::SIZE, &head, &rows)
    }
}

impl Pta for Fake {
    fn open_result(&self) -> u32 {
        self.opened
    }

    fn info(&mut self, out: &mut [u8]) -> Result<usize, u32> {
        let bytes = entry::<pta::Info>(&[1, 0x1f, 77, 5, 62_500_000, 0, 3, 2, 4096, 96], "4.10.0");
        out[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn list(&mut self, query: &Query, out: &mut [u8]) -> Result<usize, u32> {
        self.asked.push(*query);
        if query.cmd == pta::CMD_CENSUS && self.census {
            return Ok(self.census(query.first, out));
        }
        self.answer(query, out)
    }

    fn exchange(&mut self, cmd: u32, [a, b]: [u32; 2]) -> Result<[u32; 2], u32> {
        match cmd {
            pta::CMD_MARK => Ok([4, a]),
            pta::CMD_CANARY => {
                self.cleared = a == pta::CANARY_CLEAR;
                Ok([1000 + b, 4])
            }
            _ => Err(0xffff_000a),
        }
    }
}

/// A device with some of everything.
pub(crate) fn device(n: usize) -> Fake {
    let numbers = || 1..=n as u64;
    let regions = |instance: u64| {
        let count = if instance == 2 { n } else { 3 };
        (0..count as u64).map(|k| entry::<pta::Region>(&[k << 12, 4096, k, 0, 1], "")).collect()
    };
    Fake {
        pools: (1..8).map(|k| entry::<pta::Pool>(&[k; 8], "")).collect(),
        sites: numbers()
            .map(|k| entry::<pta::Site>(&[k, k, 56, k, 1, 2, 3, k], "core/mm/mobj.c"))
            .collect(),
        stacks: (1..5).map(|k| entry::<pta::Stack>(&[k, 0, k], "")).collect(),
        records: numbers().map(|k| entry::<pta::Record>(&[k, 56, k], "core/mm/fobj.c")).collect(),
        owners: (1..4).map(|k| entry::<pta::Owner>(&[k; 4], "")).collect(),
        // Not in order: the regions must come in order all the same.
        instances: [3, 1, 2].map(|k| entry::<pta::Instance>(&[k, k], "")).into(),
        sessions: numbers().map(|k| entry::<pta::Session>(&[1, 2, 3, k, 0, 1], "")).collect(),
        regions: (1..4).map(|k| (k as u32, regions(k))).collect(),
        census: true,
        ..Fake::default()
    }
}

/// Sends a request, expects a reply.
pub(crate) fn send(
    auditor: &mut Auditor,
    pta: &mut dyn Pta,
    command: u32,
    request: &impl serde::Serialize,
    reply: &mut [u8],
) -> Result<usize, Refusal> {
    let mut bytes = [0; limits::REQUEST_BYTES];
    let request = postcard::to_slice(request, &mut bytes).unwrap();
    auditor.handle(pta, Caller::Client, command, request, reply)
}

/// All pages of a snapshot, each a reply of `size` bytes.
pub(crate) fn snapshot(pta: &mut dyn Pta, sections: u32, size: usize) -> Vec<Vec<u8>> {
    let mut auditor = Box::new(Auditor::new());
    let mut request = SnapshotRequest { sections, epoch_from: 0, cursor: SnapshotCursor::START };
    let mut pages = Vec::new();
    loop {
        let mut reply = vec![0xa5; size];
        let used = send(&mut auditor, pta, 1, &request, &mut reply).unwrap();
        reply.truncate(used);
        let last = record::read(&reply).last();
        pages.push(reply.clone());
        match last {
            Some(Ok(Record::End { next: Some(cursor) })) => request.cursor = cursor,
            Some(Ok(Record::End { next: None })) => return pages,
            other => panic!("a page ends with {other:?}"),
        }
        assert!(pages.len() < 100_000, "pages without end, now at {:?}", request.cursor);
    }
}

/// The records of all pages, without their ends.
pub(crate) fn records(pages: &[Vec<u8>]) -> Vec<Record<'_>> {
    pages
        .iter()
        .flat_map(|page| record::read(page))
        .map(Result::unwrap)
        .filter(|record| !matches!(record, Record::End { .. }))
        .collect()
}
