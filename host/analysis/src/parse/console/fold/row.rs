//! Records that follow each other, until it is known which dumps they are.

use super::{
    cuts::{Cuts, End},
    dumps::Dump,
    names::Names,
};
use crate::model::Time;

/// Records that are kept: a thousand dumps of some hundred records, in 1 MiB.
const MOST: usize = 1 << 18;
/// Runs of records that are kept, in 3 MiB.
const MOST_RUNS: usize = 1 << 16;

/// A run of records on successive lines.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Its first record.
    from: usize,
    /// Line and time of that.
    at: (u64, Option<Time>),
    /// Records that are missing before it.
    lost: u64,
}

/// Records of one or more dumps, and of the last one what there is no room for.
#[derive(Default)]
pub(super) struct Row {
    ids: Vec<u32>,
    runs: Vec<Run>,
    /// Records that may be the pool table, and their source lines.
    tables: Vec<(usize, u32)>,
    /// The first dump, as far as it is not kept.
    first: Option<Dump>,
    /// Objects by site of that.
    counts: Vec<u32>,
    touched: Vec<u32>,
    /// Whether nothing is added any more.
    over: bool,
}

impl Row {
    /// Begins a run at a line and time, with records missing before it.
    pub(super) fn run(&mut self, at: (u64, Option<Time>), lost: u64) {
        self.over = false;
        let start = self.ids.len();
        // How a text is cut into chunks must not tell, so what goes on does.
        let goes_on = lost == 0
            && !self.follows_table(start)
            && self.runs.last().is_some_and(|run| run.at.0 + (start - run.from) as u64 == at.0);
        if !goes_on {
            self.runs.push(Run { from: start, at, lost });
        }
    }

    /// Adds the records of the run on that line, by their number in the harvest: how many there is room for.
    pub(super) fn records(&mut self, line: u64, ids: &[u32], names: &Names) -> usize {
        self.counts.resize(names.len(), 0);
        for (n, local) in ids.iter().enumerate() {
            if self.is_full() {
                return n;
            }
            let Some(id) = names.resolve(*local) else {
                let position = (line + n as u64 + 1, None);
                self.runs.push(Run { from: self.ids.len(), at: position, lost: 1 });
                continue;
            };
            if let Some(line) = names.table_line(id) {
                self.tables.push((self.ids.len(), line));
            }
            self.ids.push(id);
        }
        ids.len()
    }

    /// Whether what may be the pool table is right before that record.
    fn follows_table(&self, at: usize) -> bool {
        self.tables.binary_search_by_key(&at, |(table, _)| table + 1).is_ok()
    }

    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }

    const fn is_full(&self) -> bool {
        self.ids.len() >= MOST || self.runs.len() >= MOST_RUNS
    }

    /// Whether it is known to have ended, and was cut.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Where the pool table is: it is further down in its file than whatever else looks like it.
    pub(super) fn tables(&self, known: &mut u32) -> Vec<usize> {
        let highest_line = self.tables.iter().map(|(_, line)| *line).max();
        *known = highest_line.map_or(*known, |most| most.max(*known));
        self.tables.iter().filter(|(_, line)| line == known).map(|(at, _)| *at).collect()
    }

    /// Takes all dumps but the last one out.
    pub(super) fn split(&mut self, cuts: &Cuts, end: End, mut tell: impl FnMut(Dump)) {
        self.over = end == End::Sure;
        let mut start = 0;
        for to in &cuts.at {
            self.add(start, Some(*to));
            tell(self.dump());
            start = *to;
        }
        if end == End::Full && start == 0 {
            self.add(0, None);
            self.clear();
        }
        self.forget(start);
        if cuts.open && end == End::OfText {
            let position = (0, None);
            self.runs.push(Run { from: self.ids.len(), at: position, lost: 1 });
        }
    }

    /// Takes the last dump out, with records missing at its end.
    pub(super) fn take(&mut self, lost: u64) -> Dump {
        self.add(0, None);
        self.clear();
        let mut dump = self.dump();
        dump.lost += lost;
        dump
    }

    /// Adds the records from one place to another, or all there are, to the first dump.
    fn add(&mut self, from: usize, to: Option<usize>) {
        let place = self.place(from);
        let first = self.first.get_or_insert(place);
        let runs = |at: usize| self.runs.partition_point(|run| run.from < at);
        let (begun, ended) = (runs(from), to.map_or(self.runs.len(), runs));
        first.lost += self.runs[begun..ended].iter().map(|run| run.lost).sum::<u64>();
        for id in &self.ids[from..to.unwrap_or(self.ids.len())] {
            let count = &mut self.counts[*id as usize];
            if *count == 0 {
                self.touched.push(*id);
            }
            *count += 1;
        }
    }

    /// A dump that begins with that record. Its time is known only where a run surely begins with it.
    fn place(&self, from: usize) -> Dump {
        let run = self.runs.partition_point(|run| run.from <= from).checked_sub(1);
        let Some(run) = run.map(|run| self.runs[run]) else { return Dump::default() };
        let line = run.at.0 + (from - run.from) as u64;
        let time = run.at.1.filter(|_| from == 0 || self.follows_table(from));
        Dump { line, time, ..Dump::default() }
    }

    /// The first dump, with what was counted.
    fn dump(&mut self) -> Dump {
        self.touched.sort_unstable();
        let counts = &mut self.counts;
        let take = |id| (id, std::mem::take(&mut counts[id as usize]));
        let groups = self.touched.drain(..).map(take).collect();
        Dump { groups, ..self.first.take().unwrap_or_default() }
    }

    /// Forgets the records before that place.
    fn forget(&mut self, to: usize) {
        if to == 0 {
            return;
        }
        let place = self.place(to);
        self.runs.retain(|run| run.from >= to);
        let position = (place.line, place.time);
        match self.runs.first_mut() {
            Some(run) if run.from == to => run.at = position,
            _ => self.runs.insert(0, Run { from: to, at: position, lost: 0 }),
        }
        self.runs.iter_mut().for_each(|run| run.from -= to);
        self.ids.drain(..to);
        self.tables.retain(|(at, _)| *at >= to);
        self.tables.iter_mut().for_each(|(at, _)| *at -= to);
    }

    /// Forgets all records.
    fn clear(&mut self) {
        self.ids.clear();
        self.runs.clear();
        self.tables.clear();
    }
}
