//! Successive records, until they are split into dumps.

use super::{cut_points::CutPoints, names::LogSites, recurrence::RunEnd};
use crate::model::Time;

/// Records that are kept, in 1 MiB: a thousand dumps of some hundred records.
const MOST: usize = 1 << 18;
/// Runs of records that are kept, in 3 MiB.
const MOST_RUNS: usize = 1 << 16;

/// A finished dump.
#[derive(Clone, Debug, Default)]
pub(super) struct ConsoleDump {
    /// Line of its first record.
    pub(super) line: u64,
    pub(super) time: Option<Time>,
    /// Whether the heap is a TA's rather than the core's.
    pub(super) of_ta: bool,
    /// Sites with their numbers of allocations, in order of sites.
    pub(super) groups: Vec<(u32, u32)>,
    /// Missing records, as far as known.
    pub(super) lost: u64,
    /// Records of damaged lines that are known, and counted in `groups`.
    pub(super) restored: u64,
    /// Whether the text ends within it, or it is no single dump.
    pub(super) cut: bool,
}

impl ConsoleDump {
    /// Allocations of a site.
    pub(super) fn count(&self, site: u32) -> u32 {
        let place = self.groups.binary_search_by_key(&site, |group| group.0);
        place.map_or(0, |at| self.groups[at].1)
    }

    /// Adds allocations of a site.
    pub(super) fn add(&mut self, site: u32, n: u32) {
        match self.groups.binary_search_by_key(&site, |group| group.0) {
            Ok(at) => self.groups[at].1 = self.groups[at].1.saturating_add(n),
            Err(at) => self.groups.insert(at, (site, n)),
        }
    }

    /// Adds allocations of a site whose records were damaged.
    pub(super) fn restore(&mut self, site: u32, n: u32) {
        self.add(site, n);
        self.restored = self.restored.saturating_add(n.into());
    }
}

/// Records on successive lines.
#[derive(Clone, Copy, Debug)]
struct LineRun {
    /// Index of its first record.
    from: usize,
    /// Line and time of its first record.
    at: (u64, Option<Time>),
    /// Records missing before it.
    lost: u64,
}

/// Records of one or more dumps, and the counts of those that had no room.
#[derive(Default)]
pub(super) struct RecordRun {
    ids: Vec<u32>,
    runs: Vec<LineRun>,
    /// Index and source line of records that may be the pool table.
    tables: Vec<(usize, u32)>,
    /// The first dump, as far as its records are not kept.
    first: Option<ConsoleDump>,
    /// Allocations of the first dump, by site.
    counts: Vec<u32>,
    touched: Vec<u32>,
    /// Whether no more records are added.
    over: bool,
    /// Whether the text ends within the last dump.
    cut: bool,
}

impl RecordRun {
    /// Starts a run at a line and time, with `lost` records missing before it.
    pub(super) fn run(&mut self, at: (u64, Option<Time>), lost: u64) {
        self.over = false;
        let start = self.ids.len();
        // Chunk boundaries must not make a difference, so a run continues across them.
        let goes_on = lost == 0
            && !self.follows_table(start)
            && self.runs.last().is_some_and(|run| run.at.0 + (start - run.from) as u64 == at.0);
        if !goes_on {
            self.runs.push(LineRun { from: start, at, lost });
        }
    }

    /// Adds the records of the run on that line, by the numbers of their sites; returns how many had room.
    pub(super) fn records(
        &mut self,
        line: u64,
        ids: impl Iterator<Item = Option<u32>>,
        names: &LogSites,
    ) -> usize {
        self.counts.resize(names.len(), 0);
        let mut n_taken = 0;
        for (n, id) in ids.enumerate() {
            if self.is_full() {
                return n;
            }
            n_taken = n + 1;
            let Some(id) = id else {
                let position = (line + n as u64 + 1, None);
                self.runs.push(LineRun { from: self.ids.len(), at: position, lost: 1 });
                continue;
            };
            if let Some(line) = names.table_line(id) {
                self.tables.push((self.ids.len(), line));
            }
            self.ids.push(id);
        }
        n_taken
    }

    /// Whether the record right before `at` may be the pool table.
    fn follows_table(&self, at: usize) -> bool {
        self.tables.binary_search_by_key(&at, |(table, _)| table + 1).is_ok()
    }

    /// Number of dumps that were begun, of which all but the last one end with a table at that line. Unknown where
    /// other lines may separate them.
    pub(super) fn pending(&self, table: u32) -> Option<u32> {
        if self.tables.is_empty() && !self.over && self.breaks().nth(1).is_some() {
            return None;
        }
        let is_table = |(_, line): &&(usize, u32)| table == 0 || *line == table;
        let mut ends = self.tables.iter().filter(is_table).map(|(at, _)| at + 1);
        let has_more = |last: usize| last < self.ids.len();
        let n_ended = ends.clone().count();
        let last = ends.next_back().unwrap_or(0);
        u32::try_from(n_ended + usize::from(has_more(last))).ok()
    }

    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }

    const fn is_full(&self) -> bool {
        self.ids.len() >= MOST || self.runs.len() >= MOST_RUNS
    }

    /// Whether the run is known to have ended.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Indices of the pool tables: of all candidates, the one with the highest source line.
    pub(super) fn tables(&self, known: &mut u32) -> Vec<usize> {
        let highest_line = self.tables.iter().map(|(_, line)| *line).max();
        *known = highest_line.map_or(*known, |most| most.max(*known));
        self.tables.iter().filter(|(_, line)| line == known).map(|(at, _)| *at).collect()
    }

    /// Hands all dumps but the last one to `take_dump`, and removes them.
    pub(super) fn split(
        &mut self,
        cuts: &CutPoints,
        end: RunEnd,
        mut take_dump: impl FnMut(ConsoleDump),
    ) {
        self.over = end == RunEnd::Sure;
        cuts.torn.iter().for_each(|at| self.lose_end(*at));
        let mut start = 0;
        for to in &cuts.at {
            self.add(start, Some(*to));
            take_dump(self.dump());
            start = *to;
        }
        if end == RunEnd::Full && start == 0 {
            self.add(0, None);
            self.clear();
        }
        self.forget(start);
        self.cut = cuts.open && end == RunEnd::OfText;
    }

    /// Attributes the records lost before the record `at` to the dump that ends there: one, if no line shows it.
    fn lose_end(&mut self, at: usize) {
        let next = self.runs.partition_point(|run| run.from < at);
        let run = self.runs.get_mut(next).filter(|run| run.from == at && run.lost > 0);
        let lost = run.map_or(1, |run| std::mem::take(&mut run.lost));
        if let Some(before) = next.checked_sub(1).and_then(|before| self.runs.get_mut(before)) {
            before.lost += lost;
        }
    }

    /// Indices of records right before which others were lost.
    pub(super) fn holes(&self) -> impl Iterator<Item = usize> + '_ {
        self.runs.iter().filter(|run| run.lost > 0).map(|run| run.from)
    }

    /// Indices of records right before which other lines stand.
    pub(super) fn breaks(&self) -> impl Iterator<Item = usize> + '_ {
        let is_break = |pair: &&[LineRun]| {
            let [before, run] = pair else { return false };
            run.lost == 0 && before.at.0 + (run.from - before.from) as u64 != run.at.0
        };
        self.runs.windows(2).filter(is_break).map(|pair| pair[1].from)
    }

    /// Removes and returns the last dump, with `lost` records missing at its end.
    pub(super) fn take(&mut self, lost: u64) -> ConsoleDump {
        self.add(0, None);
        self.clear();
        let mut dump = self.dump();
        dump.lost += lost + u64::from(self.cut);
        dump.cut = std::mem::take(&mut self.cut);
        dump
    }

    /// Adds the records from one index up to another, or to the end, to the first dump.
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

    /// A dump that starts with that record. Its time is known only if a run surely starts there.
    fn place(&self, from: usize) -> ConsoleDump {
        let run = self.runs.partition_point(|run| run.from <= from).checked_sub(1);
        let Some(run) = run.map(|run| self.runs[run]) else { return ConsoleDump::default() };
        let line = run.at.0 + (from - run.from) as u64;
        let time = run.at.1.filter(|_| from == 0 || self.follows_table(from));
        ConsoleDump { line, time, ..ConsoleDump::default() }
    }

    /// Takes the first dump, with its counts.
    fn dump(&mut self) -> ConsoleDump {
        self.touched.sort_unstable();
        let counts = &mut self.counts;
        let take = |id| (id, std::mem::take(&mut counts[id as usize]));
        let groups = self.touched.drain(..).map(take).collect();
        ConsoleDump { groups, ..self.first.take().unwrap_or_default() }
    }

    /// Drops the records before that index.
    fn forget(&mut self, to: usize) {
        if to == 0 {
            return;
        }
        let place = self.place(to);
        self.runs.retain(|run| run.from >= to);
        let position = (place.line, place.time);
        match self.runs.first_mut() {
            Some(run) if run.from == to => run.at = position,
            _ => self.runs.insert(0, LineRun { from: to, at: position, lost: 0 }),
        }
        self.runs.iter_mut().for_each(|run| run.from -= to);
        self.ids.drain(..to);
        self.tables.retain(|(at, _)| *at >= to);
        self.tables.iter_mut().for_each(|(at, _)| *at -= to);
    }

    /// Drops all records.
    fn clear(&mut self) {
        self.ids.clear();
        self.runs.clear();
        self.tables.clear();
    }
}
