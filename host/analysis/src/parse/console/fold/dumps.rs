//! Finds where one dump ends and the next one starts.
//!
//! No release marks it. The signs, in this order:
//! - `count:` restarts (a vendor's form);
//! - the dumping thread printed something else: it holds the heap's lock with all exceptions masked
//!   during a dump, so the dump had ended;
//! - an iteration was marked;
//! - the statistics PTA, which dumps on request, was opened;
//! - many other lines, or two seconds, lie between two records;
//! - the table of the heap's own pools was listed: the first allocation ever made lies at the end of the
//!   first pool, and few heaps have a second one. What follows the table belongs to the same dump if it is
//!   the same in all of them, or if one of the other signs shows where the dump really ended;
//! - without such a table, the sites of the boot recur ([`super::recurrence`]), or a program prints a line after
//!   each dump ([`super::lines_between`]).

use super::{
    cut_points::CutPoints,
    names::LogSites,
    record_run::{ConsoleDump, RecordRun},
    recurrence::RunEnd,
};
use crate::{
    model::Time,
    parse::console::{
        lines::{prefix::LineImage, stamp},
        messages::fact::{ChunkRun, LineOrigin},
        scan::PAUSE_NS,
    },
};

/// Lines that other threads may print during a dump before they need the heap themselves.
const CHATTER: u32 = 3;

/// Why a dump is assumed to start.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum DumpStart {
    First,
    Count,
    Thread,
    Requested,
    Chatter,
    Pause,
    #[default]
    Table,
    Recurs,
    Lines,
}

impl DumpStart {
    pub(super) const TEXTS: [(Self, &'static str); 8] = [
        (Self::Count, "`count:` restarts"),
        (Self::Thread, "the dumping thread printed something else"),
        (Self::Requested, "the statistics PTA was opened"),
        (Self::Chatter, "many other lines came in between"),
        (Self::Pause, "two seconds passed"),
        (Self::Table, "the table of the heap's pools, the last record of a dump, was listed"),
        (Self::Recurs, "the sites allocated once at boot recurred in the same order"),
        (Self::Lines, "another line came after each record of the site that ends a dump"),
    ];
}

/// The run of dumps that records are added to.
struct OpenDump {
    who: LineOrigin,
    /// Thread of the last record: a damaged line may show another one.
    thread: Option<u16>,
    ordinal: Option<u32>,
    until: Option<Time>,
    hints: Hints,
    row: RecordRun,
}

/// What was printed between the last record and the next one.
#[derive(Clone, Copy, Default)]
struct Hints {
    others: u32,
    same_thread: bool,
    /// Whether a thread of the core printed: one that serves a call, not an interrupt.
    thread: bool,
    requested: bool,
    /// Damaged lines right after the last record, and those after other lines.
    damaged: u64,
    damaged_later: u64,
}

impl Hints {
    /// Whether the next record surely belongs to another dump.
    const fn ends_dump(self) -> bool {
        self.same_thread || self.requested || self.others > CHATTER
    }
}

impl OpenDump {
    /// Whether that thread prints the dump.
    fn is_by(&self, thread: Option<u16>) -> bool {
        thread.is_some() && (thread == self.who.thread || thread == self.thread)
    }
}

/// A record long after those before it. It starts a dump unless its stamp is damaged: then the next one is earlier.
#[derive(Clone, Copy)]
struct LateRecord {
    at: (u64, Option<Time>),
    who: LineOrigin,
    run: ChunkRun,
    /// Number of its site, which is known only as long as its chunk is read.
    site: Option<u32>,
}

/// Finds dumps in runs of records.
#[derive(Default)]
pub(super) struct DumpFinder {
    open: Option<OpenDump>,
    late: Option<LateRecord>,
    /// Damaged lines since the last intact one.
    damaged: u64,
    done: Vec<ConsoleDump>,
    pub(super) begins: Vec<(DumpStart, u64)>,
    pub(super) records: u64,
    /// Whether a dump continued after its pool table.
    goes_on: bool,
    /// Source line of the pool table, as far as known.
    table: u32,
}

impl DumpFinder {
    /// Adds a run of records that starts at the line and time `at`.
    pub(super) fn run(
        &mut self,
        at: (u64, Option<Time>),
        who: LineOrigin,
        (run, ids): (&ChunkRun, &[u32]),
        names: &LogSites,
    ) {
        self.add_late(at.1, names);
        match ids {
            [only] if self.start_reason(who, at.1, run) == Some(DumpStart::Pause) => {
                let site = names.resolve(*only);
                self.late = Some(LateRecord { at, who, run: *run, site });
            }
            _ => self.add(at, who, (run, ids), names, |id| names.resolve(id)),
        }
    }

    /// Ends the run of records: something else follows.
    pub(super) fn end_run(&mut self, names: &LogSites) {
        self.add_late(None, names);
    }

    /// Adds the record whose stamp was late; `next` is the time of the record right after it.
    fn add_late(&mut self, next: Option<Time>, names: &LogSites) {
        let Some(LateRecord { mut at, who, mut run, site }) = self.late.take() else { return };
        let until = self.open.as_ref().and_then(|open| open.until);
        // Only the next one shows whether time went on.
        let is_damaged = !is_pause(until, next) && is_earlier(next, at.1);
        if is_damaged {
            (at.1, run.until) = (None, None);
        }
        self.add(at, who, (&run, &[0]), names, |_| site);
    }

    /// Adds records, of which `resolve` returns the site's number.
    fn add(
        &mut self,
        at: (u64, Option<Time>),
        who: LineOrigin,
        (run, ids): (&ChunkRun, &[u32]),
        names: &LogSites,
        resolve: impl Fn(u32) -> Option<u32> + Copy,
    ) {
        let lost_records = if let Some(begin) = self.start_reason(who, at.1, run) {
            self.begin(begin, who);
            // A count starts with 0 or 1.
            let first = run.ordinals.map(|(first, _)| u64::from(first.saturating_sub(1)));
            first.unwrap_or(self.damaged)
        } else {
            self.open.as_ref().map_or(0, |open| match (open.ordinal, run.ordinals) {
                (Some(last), Some((first, _))) => u64::from(first - last - 1),
                _ => open.hints.damaged + open.hints.damaged_later,
            })
        };
        self.damaged = 0;
        self.records += ids.len() as u64;
        if let Some(open) = &mut self.open {
            open.hints = Hints::default();
            // A damaged stamp may run backwards.
            open.until = [open.until, at.1, run.until].into_iter().max().flatten();
            open.who.image = open.who.image.or(who.image);
            open.who.thread = open.who.thread.or(who.thread);
            open.thread = who.thread;
            open.ordinal = run.ordinals.map(|(_, last)| last).or(open.ordinal);
        }
        self.take_records(at, lost_records, ids, names, resolve);
    }

    /// Adds records to the open run; `lost` are missing before the first one.
    fn take_records(
        &mut self,
        mut at: (u64, Option<Time>),
        mut lost: u64,
        ids: &[u32],
        names: &LogSites,
        resolve: impl Fn(u32) -> Option<u32> + Copy,
    ) {
        let mut left = ids;
        while let Some(open) = &mut self.open {
            open.row.run(at, lost);
            let sites = left.iter().map(|id| resolve(*id));
            let taken_count = open.row.records(at.0, sites, names);
            left = &left[taken_count..];
            if left.is_empty() {
                return;
            }
            self.split_row(RunEnd::Full);
            (at, lost) = ((at.0 + taken_count as u64, None), 0);
        }
    }

    /// Counts other lines of the secure world.
    pub(super) fn note_other_lines(&mut self, who: LineOrigin, lines: u32) {
        self.damaged = 0;
        if who.image.is_none() {
            return;
        }
        if let Some(open) = &mut self.open {
            open.hints.others = open.hints.others.saturating_add(lines);
            open.hints.thread |= who.thread.is_some();
            // A TA prints nothing else while it dumps, and its lines show no thread.
            let of_ta = who.image == Some(LineImage::Ta) && who.image == open.who.image;
            open.hints.same_thread |= of_ta || open.is_by(who.thread);
            // Where records are counted, the count shows whether another dump begins.
            if open.ordinal.is_none() && open.hints.ends_dump() && !open.row.is_over() {
                self.split_row(RunEnd::Sure);
            }
        }
    }

    /// Records that the PTA that dumps was opened.
    pub(super) const fn note_request(&mut self) {
        if let Some(open) = &mut self.open {
            open.hints.requested = true;
        }
    }

    /// Counts a line that may have been a record.
    pub(super) fn note_damage(&mut self, who: LineOrigin) {
        let Some(open) = &mut self.open else {
            self.damaged += 1;
            return;
        };
        let hints = &mut open.hints;
        if who.image.is_some() && open.who.image.is_some() && who.image != open.who.image {
            return;
        }
        // Right after a record it belongs to the same dump; later, to this one or the next.
        if hints.others == 0 {
            hints.damaged += 1;
        } else {
            hints.damaged_later += 1;
            self.damaged += 1;
        }
    }

    /// Dumps of the TEE core that were printed, as far as known, and are not finished.
    pub(super) fn pending(&self) -> Option<u32> {
        let open = self.open.as_ref().filter(|open| open.who.image != Some(LineImage::Ta));
        open.map_or(Some(0), |open| open.row.pending(self.table))
    }

    /// Ends the open dump at the mark of an iteration: no dump spans two iterations.
    pub(super) fn end_iteration(&mut self) {
        self.close(RunEnd::Sure);
    }

    /// Ends the open dump at the end of the text.
    pub(super) fn end(&mut self) {
        // Nothing else runs on its core during a dump, so a line after it proves that it ended.
        let is_complete =
            self.open.as_ref().is_some_and(|open| open.hints.thread || open.row.is_over());
        self.close(if is_complete { RunEnd::Sure } else { RunEnd::OfText });
    }

    /// Takes the finished dumps.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, ConsoleDump> {
        self.done.drain(..)
    }

    fn start_reason(
        &self,
        who: LineOrigin,
        time: Option<Time>,
        run: &ChunkRun,
    ) -> Option<DumpStart> {
        let Some(open) = &self.open else { return Some(DumpStart::First) };
        // A line that lost its whole prefix shows no image.
        if who.image.is_some() && open.who.image.is_some() && who.image != open.who.image {
            return Some(DumpStart::Thread);
        }
        match (open.ordinal, run.ordinals) {
            (Some(last), Some((first, _))) => return (first <= last).then_some(DumpStart::Count),
            // A count starts with 0 or 1, and a damaged line shows none.
            (None, Some((0 | 1, _))) => return Some(DumpStart::Count),
            // The rest of a record that another message cut.
            (Some(_), None) if who.image.is_none() => return None,
            (Some(_) | None, None) | (None, Some(_)) => {}
        }
        let hints = open.hints;
        // Where records are counted, a pause shows nothing more.
        let is_counted = open.ordinal.is_some() || run.ordinals.is_some();
        if hints.same_thread {
            Some(DumpStart::Thread)
        } else if hints.requested {
            Some(DumpStart::Requested)
        } else if hints.others > CHATTER {
            Some(DumpStart::Chatter)
        } else if !is_counted && is_pause(open.until, time) {
            Some(DumpStart::Pause)
        } else {
            None
        }
    }

    fn begin(&mut self, begin: DumpStart, who: LineOrigin) {
        let row = self.close(RunEnd::Sure);
        self.note(begin, 1);
        let row = row.unwrap_or_default();
        self.open = Some(OpenDump {
            who,
            thread: None,
            ordinal: None,
            until: None,
            hints: Hints::default(),
            row,
        });
    }

    fn note(&mut self, begin: DumpStart, times: usize) {
        match self.begins.iter_mut().find(|(known, _)| *known == begin) {
            Some((_, n)) => *n += times as u64,
            None => self.begins.push((begin, times as u64)),
        }
    }

    /// Splits the open run, and finishes all its dumps but the last one.
    fn split_row(&mut self, end: RunEnd) {
        let Some(open) = &mut self.open else { return };
        // Where records are counted, no other sign is needed.
        let cuts = if open.ordinal.is_some() {
            CutPoints::default()
        } else {
            let tables = open.row.tables(&mut self.table);
            let ids = open.row.ids();
            if tables.is_empty() {
                CutPoints::without_tables(ids, &open.row.breaks().collect::<Vec<_>>(), end)
            } else {
                CutPoints::with_holes((ids, &tables), open.row.holes(), end, self.goes_on)
            }
        };
        let of_ta = open.who.image == Some(LineImage::Ta);
        open.row.split(&cuts, end, |dump| self.done.push(ConsoleDump { of_ta, ..dump }));
        self.goes_on |= cuts.goes_on;
        self.note(cuts.sign, cuts.at.len());
    }

    /// Ends the open run, and returns it empty.
    fn close(&mut self, end: RunEnd) -> Option<RecordRun> {
        self.split_row(end);
        let open = self.open.take()?;
        let mut row = open.row;
        let dump = row.take(open.hints.damaged);
        self.done.push(ConsoleDump { of_ta: open.who.image == Some(LineImage::Ta), ..dump });
        Some(row)
    }
}

/// Whether at least two seconds passed.
fn is_pause(from: Option<Time>, to: Option<Time>) -> bool {
    from.zip(to).and_then(|(from, to)| stamp::distance(from, to)).is_some_and(|gap| gap >= PAUSE_NS)
}

/// Whether time ran backwards.
fn is_earlier(time: Option<Time>, than: Option<Time>) -> bool {
    time.zip(than).is_some_and(|(time, than)| time.clock == than.clock && time.ns < than.ns)
}
