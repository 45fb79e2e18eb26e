//! Pools from the output of `xtest --stats`.

use teeleak_proto::Uuid;

use crate::{
    model::{Pool, PoolKind, PoolUnit},
    parse::{console::messages::fact::StatLine, stats::kind},
};

/// A table of `xtest --stats`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Table {
    /// A pool.
    Pool(Pool),
    /// The heap of a TA: UUID, whether it panicked, sessions, heap.
    Heap(Uuid, bool, Option<u32>, Pool),
}

/// Assembles tables from their lines.
#[derive(Default)]
pub(super) struct Pools {
    open: Option<(u64, Table)>,
    figures: usize,
    done: Vec<(u64, Table)>,
}

impl Pools {
    /// Reads the line with the number `at`.
    pub(super) fn line(&mut self, at: u64, line: &StatLine) {
        match line {
            StatLine::Pool(name) => self.begin(at, Table::Pool(empty(kind(name)))),
            StatLine::Ta(uuid) => {
                let heap = empty(PoolKind::Named("heap".into()));
                self.begin(at, Table::Heap(*uuid, false, None, heap));
            }
            StatLine::Panicked(yes) => {
                if let Some((_, Table::Heap(_, panicked, ..))) = &mut self.open {
                    *panicked = *yes;
                }
            }
            StatLine::Sessions(n) => {
                if let Some((_, Table::Heap(_, _, sessions, _))) = &mut self.open {
                    *sessions = Some(*n);
                }
            }
            StatLine::Figure(n, value) => self.figure(*n, *value),
            StatLine::Heading => {}
        }
    }

    /// Ends the open table.
    pub(super) fn end(&mut self) {
        let open = self.open.take();
        if self.figures > 0 {
            self.done.extend(open);
        }
        self.figures = 0;
    }

    /// Takes the finished tables, with the number of their first line.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, (u64, Table)> {
        self.done.drain(..)
    }

    fn begin(&mut self, at: u64, table: Table) {
        self.end();
        self.open = Some((at, table));
    }

    fn figure(&mut self, n: u8, value: u64) {
        let Some((_, Table::Pool(pool) | Table::Heap(_, _, _, pool))) = &mut self.open else {
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

const fn empty(kind: PoolKind) -> Pool {
    Pool {
        kind,
        unit: PoolUnit::Bytes,
        allocated: None,
        max_allocated: None,
        size: None,
        largest_free: None,
        free2_sum: None,
        num_alloc_fail: None,
        biggest_alloc_fail: None,
        biggest_alloc_fail_used: None,
    }
}
