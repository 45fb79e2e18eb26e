//! A snapshot, page by page.
//!
//! Each reply of the PTA becomes a head and its rows. `SnapshotCursor::part` identifies the reply (see each
//! section), `SnapshotCursor::index` is the number of its rows in earlier pages.

use heapless::Vec;
use teeleak_proto::{
    pta,
    record::{Record, RecordWriter},
    snapshot::{Section, SectionHead, SnapshotCursor, SnapshotRequest},
};

use crate::{
    Pta, Query, Refusal,
    pta::{Batch, Scratch},
    rows::Row,
};

/// Most slices of the sites: enough for 32,000 sites.
pub const SLICES_MAX: u32 = 64;

/// Most TA instances with listed regions; a head counts further ones as lost.
pub const INSTANCES_MAX: usize = 128;

/// Longest head with its length, in bytes: of 64-bit numbers at most 10, of 32-bit ones 5.
const HEAD_BYTES: usize = 2 + 1 + 1 + 5 * 5 + 2 * 10;

/// Longest row with its length, in bytes: a block.
const ROW_BYTES: usize = 2 + 1 + 10 + (1 + 64) + 5 * 5 + 4 * 3;

/// A page in progress.
pub(crate) struct Page<'p, 'b> {
    pub(crate) pta: &'p mut dyn Pta,
    pub(crate) scratch: &'p mut Scratch,
    pub(crate) writer: &'p mut RecordWriter<'b>,
    pub(crate) epoch_from: u32,
    /// Whether the combined reply of the PTA was requested for this page.
    pub(crate) census_asked: bool,
}

/// Result of writing a reply.
enum Wrote {
    /// All rows fit; the PTA continues at `next`, 0 at the end.
    All { next: u32 },
    /// The page is full; number of rows written so far.
    Full { rows: u32 },
}

/// Part and index where a section continues on the next page.
type More = Option<(u32, u32)>;

/// Refuses unknown sections and invalid cursors.
pub(crate) fn check(request: &SnapshotRequest) -> Result<(), Refusal> {
    let mask = Section::ALL.iter().fold(0, |bits, section| bits | section.bit());
    let cursor = request.cursor;
    let section = Section::ALL.get(usize::from(cursor.section)).copied();
    let sliced = section == Some(Section::Sites);
    let placed = section.is_some() && (!sliced || cursor.part < 2 * SLICES_MAX);
    if request.sections & !mask == 0 && placed { Ok(()) } else { Err(Refusal::BadParameters) }
}

impl Page<'_, '_> {
    /// Writes the requested sections from the cursor on; returns the start of the next page.
    pub(crate) fn fill(&mut self, request: &SnapshotRequest) -> Option<SnapshotCursor> {
        let cursor = request.cursor;
        for (number, section) in (0u8..).zip(Section::ALL).skip(usize::from(cursor.section)) {
            if request.sections & section.bit() == 0 {
                continue;
            }
            let (part, index) =
                if number == cursor.section { (cursor.part, cursor.index) } else { (0, 0) };
            if section != Section::Records && (part, index) == (0, 0) && !self.census_asked {
                let sites = (section == Section::Sites).then_some(self.epoch_from);
                self.scratch.ask_census(self.pta, sites);
                self.census_asked = true;
            }
            if let Some((part, index)) = self.section(section, part, index) {
                return Some(SnapshotCursor { section: number, part, index });
            }
        }
        None
    }

    fn section(&mut self, section: Section, part: u32, index: u32) -> More {
        match section {
            Section::Pools => self.list::<pta::Pool>(section, pta::CMD_POOLS, part, index),
            Section::Sites => self.sites(part, index),
            Section::Stacks => self.list::<pta::Stack>(section, pta::CMD_STACKS, part, index),
            Section::Records => self.list::<pta::Record>(section, pta::CMD_RECORDS, part, index),
            Section::Owners => self.list::<pta::Owner>(section, pta::CMD_OWNERS, part, index),
            Section::Instances => {
                self.list::<pta::Instance>(section, pta::CMD_INSTANCES, part, index)
            }
            Section::Sessions => self.list::<pta::Session>(section, pta::CMD_SESSIONS, part, index),
            Section::Regions => self.regions(part, index),
        }
    }

    /// A section that the PTA lists by index: the part is the first index of the reply.
    fn list<T: Row>(&mut self, section: Section, cmd: u32, part: u32, index: u32) -> More {
        let (mut part, mut index) = (part, index);
        loop {
            match self.reply::<T>(section, 0, &Query::from_index(cmd, part), index) {
                Wrote::Full { rows } => return Some((part, rows)),
                Wrote::All { next } if next > part => (part, index) = (next, 0),
                Wrote::All { .. } => return None,
            }
        }
    }

    /// Sites: the part is the number of slices, a power of two, plus the slice; 0 if not chosen
    /// yet.
    fn sites(&mut self, part: u32, index: u32) -> More {
        let probed = part == 0;
        let (mut part, mut index) = (if probed { self.slices() } else { part }, index);
        let slices = 1 << part.ilog2();
        while slices <= SLICES_MAX && part < 2 * slices {
            let query = self.slice(part - slices, slices);
            let reuse = index > 0 || (probed && slices == 1);
            match self.write_reply::<pta::Site>(Section::Sites, 0, &query, (index, reuse)) {
                Wrote::Full { rows } => return Some((part, rows)),
                Wrote::All { .. } => (part, index) = (part + 1, 0),
            }
        }
        None
    }

    fn slice(&self, slice: u32, slices: u32) -> Query {
        // Zeros request all sites as one slice, as in the combined reply.
        let second = if slices == 1 { [0, 0] } else { [slice, slices] };
        Query { cmd: pta::CMD_SITES, first: [self.epoch_from, 0], second }
    }

    /// Number of slices such that each fits one reply. If the maximum is too few, or a corrupt
    /// header causes the loss, the heads count the loss.
    fn slices(&mut self) -> u32 {
        let mut slices = 1;
        while slices < SLICES_MAX && (0..slices).any(|slice| self.overflows(slice, slices)) {
            slices *= 2;
        }
        slices
    }

    fn overflows(&mut self, slice: u32, slices: u32) -> bool {
        let query = self.slice(slice, slices);
        self.scratch.get::<pta::Site>(self.pta, &query, self.census_asked).is_ok_and(
            |(batch, _)| batch.head.lost > 0 && batch.head.flags & pta::REPLY_CORRUPT == 0,
        )
    }

    /// Regions: the part is the instance number, the index counts its regions. Instances are in
    /// ascending order, since their list may change between two pages.
    fn regions(&mut self, part: u32, index: u32) -> More {
        let (instances, lost) = match self.instances() {
            Ok(found) => found,
            Err(refusal) => {
                let head =
                    SectionHead { result: refusal.code(), ..empty_head(Section::Regions, 0) };
                return self.writer.push(&Record::Section(head)).err().map(|_| (part, index));
            }
        };
        if lost > 0 && (part, index) == (0, 0) {
            let head = SectionHead { total: lost, lost, ..empty_head(Section::Regions, 0) };
            if self.writer.push(&Record::Section(head)).is_err() {
                return Some((0, 0));
            }
        }
        for instance in instances.into_iter().filter(|instance| *instance >= part) {
            let start = if instance == part { index } else { 0 };
            if let Some(index) = self.regions_of(instance, start) {
                return Some((instance, index));
            }
        }
        None
    }

    fn regions_of(&mut self, instance: u32, start: u32) -> Option<u32> {
        let mut start = start;
        loop {
            let query = Query { cmd: pta::CMD_REGIONS, first: [instance, start], second: [0, 0] };
            match self.reply::<pta::Region>(Section::Regions, instance, &query, 0) {
                Wrote::Full { rows } => return Some(start.saturating_add(rows)),
                Wrote::All { next } if next > start => start = next,
                Wrote::All { .. } => return None,
            }
        }
    }

    /// Numbers of all instances, ascending, and the number of instances that did not fit.
    fn instances(&mut self) -> Result<(Vec<u32, INSTANCES_MAX>, u32), Refusal> {
        let (mut numbers, mut lost, mut start) = (Vec::new(), 0, 0);
        loop {
            let query = Query::from_index(pta::CMD_INSTANCES, start);
            let reuse = self.census_asked;
            let (batch, _) = self.scratch.get::<pta::Instance>(self.pta, &query, reuse)?;
            for row in batch.rows() {
                lost += u32::from(numbers.push(row.instance).is_err());
            }
            if batch.head.next <= start || batch.head.count == 0 {
                break;
            }
            start = batch.head.next;
        }
        numbers.sort_unstable();
        Ok((numbers, lost))
    }

    fn reply<T: Row>(
        &mut self,
        section: Section,
        instance: u32,
        query: &Query,
        skip: u32,
    ) -> Wrote {
        self.write_reply::<T>(section, instance, query, (skip, skip > 0 || self.census_asked))
    }

    /// Writes a reply of the PTA without its first `skip` rows; `reuse` allows a cached reply.
    fn write_reply<T: Row>(
        &mut self,
        section: Section,
        instance: u32,
        query: &Query,
        (skip, reuse): (u32, bool),
    ) -> Wrote {
        let empty = empty_head(section, instance);
        let (batch, asked) = match self.scratch.get::<T>(self.pta, query, reuse) {
            Ok(got) => got,
            Err(refusal) => {
                let head = SectionHead { result: refusal.code(), ..empty };
                return match self.writer.push(&Record::Section(head)) {
                    Ok(()) => Wrote::All { next: 0 },
                    Err(_) => Wrote::Full { rows: skip },
                };
            }
        };
        let head = SectionHead {
            total: batch.head.total,
            lost: if skip == 0 { batch.head.lost } else { 0 },
            flags: batch.head.flags,
            generation: batch.head.generation,
            lock_ticks: if asked || skip == 0 { batch.head.lock_ticks } else { 0 },
            ..empty
        };
        write_rows(self.writer, &head, &batch, skip)
    }
}

fn write_rows<T: Row>(
    writer: &mut RecordWriter<'_>,
    head: &SectionHead,
    batch: &Batch<'_, T>,
    skip: u32,
) -> Wrote {
    // A head without rows at the end of a page would be repeated on the next one and count twice.
    if writer.room() < HEAD_BYTES + ROW_BYTES || writer.push(&Record::Section(*head)).is_err() {
        return Wrote::Full { rows: skip };
    }
    let n_skipped = usize::try_from(skip).unwrap_or(usize::MAX);
    for (n, row) in (skip..).zip(batch.rows().skip(n_skipped)) {
        if writer.push(&row.record()).is_err() {
            return Wrote::Full { rows: n };
        }
    }
    Wrote::All { next: batch.head.next }
}

const fn empty_head(section: Section, instance: u32) -> SectionHead {
    SectionHead {
        section,
        result: 0,
        instance,
        total: 0,
        lost: 0,
        flags: 0,
        generation: 0,
        lock_ticks: 0,
    }
}
