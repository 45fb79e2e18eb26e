//! Pools from the output of `xtest --stats`.

use teeleak_proto::Uuid;

use super::table_cycle::TableCycle;
use crate::{
    model::{Pool, PoolKind, PoolUnit, TaName},
    parse::{console::messages::fact::StatLine, stats::kind},
};

/// A table of `xtest --stats`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum StatTable {
    /// A pool.
    Pool(Pool),
    /// The heap of a TA: UUID, whether it panicked, sessions, heap.
    Heap(Uuid, bool, Option<u32>, Pool),
}

/// Assembles tables from their lines.
#[derive(Default)]
pub(super) struct StatTables {
    open: Option<(u64, StatTable)>,
    /// Place of the last line in its table.
    last: Option<u8>,
    cycle: TableCycle,
    figures: usize,
    /// Lines of the open table.
    lines: u64,
    done: Vec<(u64, StatTable)>,
    /// Lines of which nothing came: tables without figures, figures without a table.
    pub(super) unused: u64,
}

impl StatTables {
    /// Reads the line with the number `at`.
    pub(super) fn line(&mut self, at: u64, line: &StatLine) {
        if !matches!(line, StatLine::Row(_) | StatLine::HighWater(_)) {
            self.lines += 1;
        }
        if let Some(place) = place(line) {
            // The lines of a table are in order: what comes earlier in it belongs to another one, without a head.
            if self.last.is_some_and(|last| place <= last) {
                let table = self.cycle.next();
                self.begin(at, table);
            }
            self.last = Some(place);
        }
        match line {
            StatLine::Pool(name) => {
                let table = self.cycle.pool(name);
                self.begin(at, table);
            }
            StatLine::Ta(uuid) => {
                let table = self.cycle.heap(*uuid);
                self.begin(at, Some(table));
            }
            StatLine::Panicked(yes) => {
                if let Some((_, StatTable::Heap(_, panicked, ..))) = &mut self.open {
                    *panicked = *yes;
                }
            }
            StatLine::Sessions(n) => {
                if let Some((_, StatTable::Heap(_, _, sessions, _))) = &mut self.open {
                    *sessions = Some(*n);
                }
            }
            StatLine::Figure(n, value) => self.figure(*n, *value),
            StatLine::Heading => {}
            StatLine::Row(pool) => self.done.push((at, StatTable::Pool(Pool::clone(pool)))),
            StatLine::HighWater(most) => {
                let pool = Pool { max_allocated: Some(*most), ..empty(PoolKind::Crypto) };
                self.done.push((at, StatTable::Pool(pool)));
            }
        }
    }

    /// Reads a line that a TA printed, which is about its own heap and pool of big numbers.
    pub(super) fn line_of_ta(&mut self, at: u64, line: &StatLine, ta: Option<Uuid>) {
        let table = match (line, ta) {
            (StatLine::Row(pool), Some(uuid)) if pool.kind == PoolKind::CoreHeap => {
                let kind = PoolKind::TaHeap(TaName::Uuid(uuid));
                StatTable::Heap(uuid, false, None, Pool { kind, ..Pool::clone(pool) })
            }
            (StatLine::Row(pool), None) if pool.kind == PoolKind::CoreHeap => {
                let kind = PoolKind::Named("heap of a TA that no line names".into());
                StatTable::Pool(Pool { kind, ..Pool::clone(pool) })
            }
            (StatLine::HighWater(most), _) => {
                let kind = PoolKind::Named("crypto bignum pool of a TA".into());
                StatTable::Pool(Pool { max_allocated: Some(*most), ..empty(kind) })
            }
            _ => return self.line(at, line),
        };
        self.done.push((at, table));
    }

    /// Ends the open table.
    pub(super) fn end(&mut self) {
        let open = self.open.take();
        if self.figures > 0 {
            self.done.extend(open);
        } else {
            self.unused += self.lines;
        }
        (self.figures, self.lines, self.last) = (0, 0, None);
    }

    /// Takes the finished tables, with the number of their first line.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, (u64, StatTable)> {
        self.done.drain(..)
    }

    /// Begins a table; `None` if nobody knows which.
    fn begin(&mut self, at: u64, table: Option<StatTable>) {
        self.lines -= 1;
        self.end();
        self.lines = 1;
        self.open = table.map(|table| (at, table));
    }

    fn figure(&mut self, n: u8, value: u64) {
        let Some((_, StatTable::Pool(pool) | StatTable::Heap(_, _, _, pool))) = &mut self.open
        else {
            return;
        };
        let place = match n {
            0 => &mut pool.allocated,
            1 => &mut pool.max_allocated,
            2 => &mut pool.size,
            3 => &mut pool.num_alloc_fail,
            4 => &mut pool.biggest_alloc_fail,
            _ => &mut pool.biggest_alloc_fail_used,
        };
        *place = Some(value);
        self.figures += 1;
    }
}

/// Place of the line in its table, below the head.
const fn place(line: &StatLine) -> Option<u8> {
    match line {
        StatLine::Panicked(_) => Some(0),
        StatLine::Sessions(_) => Some(1),
        StatLine::Heading => Some(2),
        StatLine::Figure(n, _) => Some(3 + *n),
        StatLine::Pool(_) | StatLine::Ta(_) | StatLine::Row(_) | StatLine::HighWater(_) => None,
    }
}

impl StatTable {
    /// The empty table of a pool with that name.
    pub(super) fn of_pool(name: &str) -> Self {
        Self::Pool(empty(kind(name)))
    }

    /// The empty table of a TA's heap.
    pub(super) const fn of_heap(uuid: Uuid) -> Self {
        Self::Heap(uuid, false, None, empty(PoolKind::TaHeap(TaName::Uuid(uuid))))
    }
}

const fn empty(kind: PoolKind) -> Pool {
    Pool::without_figures(kind, PoolUnit::Bytes)
}
