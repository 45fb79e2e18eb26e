//! Where one dump ends and the next one begins.
//!
//! No release marks it. What tells, in this order:
//! - `count:` starts again (a vendor's form);
//! - the thread that dumps said something else: it holds the heap's lock with all exceptions masked until
//!   the dump is over, so the dump was over;
//! - somebody opened the statistics PTA, which dumps on request;
//! - many other lines, or more than two seconds, lie between two records;
//! - the table of the heap's own pools was listed: the first thing ever allocated lies at the end of the
//!   first pool, and few have a second one. Where they do, what follows it is put back as soon as one of the
//!   other signs shows where the dump really ended.

use super::names::Names;
use crate::model::Time;
use crate::parse::text::{
    fact::{Run, Who},
    prefix::Image,
    scan::PAUSE_NS,
    stamp,
};

/// Lines of other threads that may be printed during a dump before they need the heap themselves.
const CHATTER: u32 = 3;

/// A finished dump.
#[derive(Clone, Debug)]
pub(super) struct Dump {
    /// Line of its first record.
    pub(super) line: u64,
    pub(super) time: Option<Time>,
    /// Whether it is of a TA's heap rather than the core's.
    pub(super) of_ta: bool,
    /// Site and objects, in order of sites.
    pub(super) groups: Vec<(u32, u32)>,
    /// Records that are missing, as far as that can be known.
    pub(super) lost: u64,
}

/// Why a dump was taken to begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Begin {
    First,
    Count,
    Thread,
    Requested,
    Chatter,
    Pause,
    Table,
}

impl Begin {
    pub(super) const TEXTS: [(Self, &'static str); 6] = [
        (Self::Count, "their count starts again"),
        (Self::Thread, "the dumping thread had said something else"),
        (Self::Requested, "the statistics PTA had been opened"),
        (Self::Chatter, "many other lines came before"),
        (Self::Pause, "two seconds had passed"),
        (Self::Table, "the table of the heap's pools, which comes last, was listed"),
    ];
}

/// The dump that records are added to.
struct Open {
    dump: Dump,
    who: Who,
    ordinal: Option<u32>,
    until: Option<Time>,
    /// Whether the last record was the pool table.
    at_table: bool,
    hints: Hints,
}

/// What lies between the last record and the next one.
#[derive(Clone, Copy, Default)]
struct Hints {
    others: u32,
    same_thread: bool,
    /// Whether a thread of the core spoke: one that serves a call, not an interrupt.
    thread: bool,
    requested: bool,
    damaged: u64,
}

/// Finds dumps in runs of records.
#[derive(Default)]
pub(super) struct Dumps {
    open: Option<Open>,
    /// A dump that ended with the pool table, and may turn out to go on.
    held: Option<Dump>,
    /// Objects by site of the open dump.
    counts: Vec<u32>,
    touched: Vec<u32>,
    /// Damaged lines since the last thing that was whole.
    damaged: u64,
    done: Vec<Dump>,
    pub(super) begins: Vec<(Begin, u64)>,
    pub(super) records: u64,
    /// Whether a dump was seen to go on after its pool table.
    goes_on: bool,
    /// Line of the pool table, as far as the text has told up to here.
    table: u32,
}

impl Dumps {
    /// Takes a run of records that begins at the line and time `at`.
    pub(super) fn run(
        &mut self,
        at: (u64, Option<Time>),
        who: Who,
        (run, ids): (&Run, &[u32]),
        names: &Names,
    ) {
        self.counts.resize(names.len(), 0);
        if let Some(begin) = self.begins(who, at.1, run) {
            // A count starts with 0 or 1.
            let first = run.ordinals.map(|(first, _)| u64::from(first.saturating_sub(1)));
            self.begin(begin, at, who, first.unwrap_or(self.damaged));
        } else if let Some(open) = &mut self.open {
            open.dump.lost += match (open.ordinal, run.ordinals) {
                (Some(last), Some((first, _))) => u64::from(first - last - 1),
                _ => open.hints.damaged,
            };
            open.hints = Hints::default();
        }
        self.damaged = 0;
        for (line, id) in (at.0..).zip(ids) {
            self.record((line, at.1), names.resolve(*id), names, run.ordinals.is_some());
        }
        if let Some(open) = &mut self.open {
            open.hints = Hints::default();
            open.until = run.until;
            open.ordinal = run.ordinals.map(|(_, last)| last);
        }
    }

    /// Other lines of the secure world.
    pub(super) fn other(&mut self, who: Who, lines: u32) {
        self.damaged = 0;
        if who.image.is_none() {
            return;
        }
        if let Some(open) = &mut self.open {
            open.hints.others = open.hints.others.saturating_add(lines);
            open.hints.thread |= who.thread.is_some();
            open.hints.same_thread |= who.thread.is_some() && who.thread == open.who.thread;
        }
    }

    /// Somebody opened the PTA that dumps.
    pub(super) const fn requested(&mut self) {
        if let Some(open) = &mut self.open {
            open.hints.requested = true;
        }
    }

    /// A line that could not be read.
    pub(super) const fn damaged(&mut self) {
        self.damaged += 1;
        if let Some(open) = &mut self.open {
            open.hints.damaged += 1;
        }
    }

    /// Ends the open dump, since nothing can be added to it any more.
    pub(super) fn end(&mut self) {
        // Nothing else runs on its core until a dump is over, so what was said after it is a sign.
        let over = self.open.as_ref().is_some_and(|open| open.hints.thread);
        if self.goes_on || over {
            self.end_for_sure();
            return;
        }
        let table_last = self.open.as_ref().is_some_and(|open| open.at_table);
        let piece = self.close();
        match (self.held.take(), piece) {
            (Some(held), Some(mut piece)) => {
                // Others had their pool table at the end, so this one's end is missing.
                piece.lost += u64::from(!table_last);
                self.done.extend([held, piece]);
            }
            (held, piece) => self.done.extend(held.into_iter().chain(piece)),
        }
    }

    /// The dumps that have ended.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, Dump> {
        self.done.drain(..)
    }

    fn begins(&self, who: Who, time: Option<Time>, run: &Run) -> Option<Begin> {
        let Some(open) = &self.open else { return Some(Begin::First) };
        if who.image != open.who.image {
            return Some(Begin::Thread);
        }
        match (open.ordinal, run.ordinals) {
            (Some(last), Some((first, _))) => return (first <= last).then_some(Begin::Count),
            (None, None) => {}
            _ => return Some(Begin::Count),
        }
        let hints = open.hints;
        let gap = open.until.zip(time).and_then(|(from, to)| stamp::distance(from, to));
        if hints.same_thread {
            Some(Begin::Thread)
        } else if hints.requested {
            Some(Begin::Requested)
        } else if hints.others > CHATTER {
            Some(Begin::Chatter)
        } else if gap.is_some_and(|gap| gap >= PAUSE_NS) {
            Some(Begin::Pause)
        } else {
            None
        }
    }

    fn begin(&mut self, begin: Begin, at: (u64, Option<Time>), who: Who, lost: u64) {
        if begin == Begin::Table {
            let ended = self.close();
            self.done.extend(std::mem::replace(&mut self.held, ended));
        } else {
            self.end_for_sure();
        }
        match self.begins.iter_mut().find(|(known, _)| *known == begin) {
            Some((_, n)) => *n += 1,
            None => self.begins.push((begin, 1)),
        }
        let of_ta = who.image == Some(Image::Ta);
        let dump = Dump { line: at.0, time: at.1, of_ta, groups: Vec::new(), lost };
        let (ordinal, hints) = (None, Hints::default());
        self.open = Some(Open { dump, who, ordinal, until: at.1, at_table: false, hints });
    }

    /// Ends the open dump where one surely ends: what came after a pool table, and has none of its own,
    /// belongs to the dump before.
    fn end_for_sure(&mut self) {
        let table_last = self.open.as_ref().is_some_and(|open| open.at_table);
        let piece = self.close();
        match (self.held.take(), piece) {
            (Some(mut held), Some(piece)) if !table_last => {
                held.lost += piece.lost;
                merge(&mut held.groups, &piece.groups);
                self.done.push(held);
                self.goes_on = true;
                self.unnote_table();
            }
            (held, piece) => self.done.extend(held.into_iter().chain(piece)),
        }
    }

    /// What was taken for the pool table is none: the dump that it seemed to end goes on.
    fn rejoin(&mut self) {
        let (Some(open), Some(held)) = (&mut self.open, self.held.take()) else { return };
        (open.dump.line, open.dump.time) = (held.line, held.time);
        open.dump.lost += held.lost;
        for (id, count) in held.groups {
            if self.counts[id as usize] == 0 {
                self.touched.push(id);
            }
            self.counts[id as usize] += count;
        }
        self.unnote_table();
    }

    fn unnote_table(&mut self) {
        if let Some((_, n)) = self.begins.iter_mut().find(|(begin, _)| *begin == Begin::Table) {
            *n -= 1;
        }
    }

    fn record(&mut self, at: (u64, Option<Time>), id: Option<u32>, names: &Names, counted: bool) {
        self.records += 1;
        let Some(open) = &mut self.open else { return };
        if open.at_table && !counted {
            let who = open.who;
            self.begin(Begin::Table, at, who, 0);
        }
        let Some(open) = &mut self.open else { return };
        let Some(id) = id else {
            open.dump.lost += 1;
            return;
        };
        let table = names.table_line(id).filter(|line| *line >= self.table);
        open.at_table = table.is_some();
        let other = table.is_some_and(|line| self.table != 0 && line > self.table);
        self.table = table.unwrap_or(self.table);
        if other {
            self.rejoin();
        }
        let count = &mut self.counts[id as usize];
        if *count == 0 {
            self.touched.push(id);
        }
        *count += 1;
    }

    /// Takes the open dump with what was counted.
    fn close(&mut self) -> Option<Dump> {
        let mut open = self.open.take()?;
        if open.hints.others == 0 {
            open.dump.lost += open.hints.damaged;
        }
        self.touched.sort_unstable();
        let counts = &mut self.counts;
        let take = |id| (id, std::mem::take(&mut counts[id as usize]));
        open.dump.groups = self.touched.drain(..).map(take).collect();
        Some(open.dump)
    }
}

/// Adds the objects of `more`, both in order of sites.
fn merge(groups: &mut Vec<(u32, u32)>, more: &[(u32, u32)]) {
    for (id, count) in more {
        match groups.binary_search_by_key(id, |(id, _)| *id) {
            Ok(at) => groups[at].1 += count,
            Err(at) => groups.insert(at, (*id, *count)),
        }
    }
}
