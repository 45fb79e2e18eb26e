//! Scans one chunk of text: every line once, independent of all others.
//!
//! Since no line depends on another one here, chunks can be scanned in any order, by any number of
//! threads; [`super::Assembler`] then assembles their facts in the order of the text. So the result
//! is the same for all chunk sizes.

mod joined;
mod lines;

use super::{
    chunk_facts::ChunkFacts,
    lines::{
        line::{self, FULL, MAX_LINE},
        prefix::{self, CachedPrefix, LineHead},
        stamp,
    },
    messages::{
        damage,
        fact::{ChunkEntry, ChunkRun, ConsoleFact, LineOrigin, MapLine, RejectReason},
        mdbg,
    },
    rules::{LineHits, RuleCursor, RuleHit, Rules},
};

/// Longest pause between two records of one dump, in nanoseconds: a record takes 1 to 4 ms on a
/// console of 115200 baud, and nothing else runs on that core during a dump.
pub(super) const PAUSE_NS: u64 = 2_000_000_000;

/// Scans `chunk`, which must end with a whole line unless it is the last one of its source.
///
/// `harvest` is overwritten.
pub fn scan(chunk: &[u8], rules: &Rules, harvest: &mut ChunkFacts) {
    scan_lines(chunk, |_| 1, rules, harvest);
}

/// Scans a chunk whose frames were removed: `source_lines` has, for each of its lines, the number of lines
/// of the source that end with it.
pub fn scan_unframed(chunk: &[u8], source_lines: &[u32], rules: &Rules, harvest: &mut ChunkFacts) {
    scan_lines(chunk, |line| source_lines.get(line).copied().unwrap_or(1), rules, harvest);
}

#[inline]
fn scan_lines(
    chunk: &[u8],
    source_lines: impl Fn(usize) -> u32 + Copy,
    rules: &Rules,
    harvest: &mut ChunkFacts,
) {
    harvest.clear();
    let mut scanner = Scanner {
        words: None,
        known: None,
        chunk,
        controls: line::has_controls(chunk),
        cursor: rules.cursor(chunk),
        rules,
        run: None,
        line: 0,
        weight: 1,
        clean: Vec::new(),
        out: harvest,
    };
    let mut rest = chunk;
    let mut read = 0;
    for number in 0.. {
        if rest.is_empty() {
            break;
        }
        let start = chunk.len() - rest.len();
        let (line, ended) = line::take(&mut rest);
        let lines = source_lines(number);
        scanner.weight = u64::from(lines.max(1));
        scanner.line(start, line, ended);
        scanner.line = scanner.line.saturating_add(lines);
        read += scanner.weight;
    }
    scanner.end_run();
    scanner.out.source_lines = u64::from(scanner.line);
    scanner.note_near_lines(source_lines);
    let lines = &mut scanner.out.tally.lines;
    lines.read = read;
    lines.ignored = lines.read - lines.parsed - lines.rejected;
}

struct Scanner<'a> {
    chunk: &'a [u8],
    /// Whether prefixes of releases up to 2.6 occur; determined when first needed.
    words: Option<bool>,
    /// The prefix of the previous line.
    known: Option<CachedPrefix<'a>>,
    /// Whether lines may contain control sequences.
    controls: bool,
    cursor: RuleCursor<'a>,
    rules: &'a Rules,
    run: Option<OpenRun<'a>>,
    line: u32,
    /// Lines that the line at hand counts as: those it was joined from, and one if it is a part of one.
    weight: u64,
    clean: Vec<u8>,
    out: &'a mut ChunkFacts,
}

/// The run that the last record belongs to.
struct OpenRun<'a> {
    who: LineOrigin,
    entry: usize,
    from: u32,
    /// Line of the last record: the records of a run are on successive lines, so the run gives the line
    /// of each.
    line: u32,
    ordinals: Option<(u32, u32)>,
    /// The text before the last record.
    left: &'a [u8],
}

impl<'a> Scanner<'a> {
    #[inline]
    fn line(&mut self, start: usize, raw: &'a [u8], ended: bool) {
        let line = line::trim(raw);
        let hits = self.cursor.hits(start, start + raw.len());
        if !ended || self.controls || raw.len() > MAX_LINE {
            self.cold((raw, None), ended, hits);
            return;
        }
        // Trimming the start of a line shifts the offsets of its literals.
        let hits = if raw.first() == Some(&b'\r') { hits.anywhere() } else { hits };
        if !hits.is_none() && self.step(line, hits) {
            return;
        }
        let head = CachedPrefix::find(&mut self.known, line);
        if head.is_some_and(|head| self.hot(head)) {
            self.out.tally.lines.parsed += self.weight;
            return;
        }
        self.cold((raw, head), ended, LineHits::NONE);
    }

    /// Reads the line if it is a record in its usual form, intact and alone.
    #[inline]
    fn hot(&mut self, head: LineHead<'a>) -> bool {
        if head.length == FULL {
            return false;
        }
        let Some(Ok((count, tail))) = mdbg::split(head.message) else { return false };
        let Ok(number) = self.out.sites.number(tail) else { return false };
        self.printed_at(&head);
        self.record(origin_of(&head), head.left, count, number);
        true
    }

    /// Adds a record to the open run, or starts one.
    #[inline]
    fn record(&mut self, who: LineOrigin, left: &'a [u8], count: Option<u32>, number: u32) {
        match &mut self.run {
            Some(run) if run.line + 1 == self.line && run.continues(who, left, count) => {
                (run.left, run.line) = (left, self.line);
                if let (Some((_, last)), Some(count)) = (&mut run.ordinals, count) {
                    *last = count;
                }
            }
            _ => self.begin_run(who, left, count),
        }
        self.out.ids.push(number);
        self.out.tally.stamps.note(left, self.weight);
        // What follows may be another dump, with its own time.
        if self.out.sites.is_of_heap(number) {
            self.end_run();
        }
    }

    fn begin_run(&mut self, who: LineOrigin, left: &'a [u8], count: Option<u32>) {
        self.end_run();
        let start = u32::try_from(self.out.ids.len()).unwrap_or(u32::MAX);
        let ordinals = count.map(|count| (count, count));
        self.run = Some(OpenRun {
            who,
            entry: self.out.entries.len(),
            from: start,
            line: self.line,
            ordinals,
            left,
        });
        let time = stamp::read(left);
        let run = ChunkRun { from: start, to: start, ordinals, until: time };
        self.out.entries.push(ChunkEntry {
            line: self.line,
            who,
            time,
            what: ConsoleFact::Records(run),
        });
    }

    fn end_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        let end = u32::try_from(self.out.ids.len()).unwrap_or(u32::MAX);
        let end_time = stamp::read(run.left);
        if let Some(entry) = self.out.entries.get_mut(run.entry) {
            entry.what = ConsoleFact::Records(ChunkRun {
                from: run.from,
                to: end,
                ordinals: run.ordinals,
                until: end_time,
            });
        }
    }

    /// Keeps the lines that nearly fit a file of the user's own.
    fn note_near_lines(&mut self, source_lines: impl Fn(usize) -> u32) {
        let files = self.rules.files();
        if files.0.is_empty() {
            return;
        }
        self.out.files = files.clone();
        let mut near = files.near_lines(self.chunk, self.out.steps.used);
        for line in near.iter_mut().flat_map(|(_, best)| &mut best.0) {
            let lines_before = 0..usize::try_from(line.place.at).unwrap_or(usize::MAX);
            line.place.at = lines_before.map(|at| u64::from(source_lines(at))).sum();
        }
        self.out.near = near;
    }

    /// Reads any line that [`Self::hot`] did not, with its prefix if already found.
    fn cold(&mut self, (raw, head): (&'a [u8], Option<LineHead<'a>>), ended: bool, hits: LineHits) {
        if raw.len() > MAX_LINE {
            self.reject(None, RejectReason::TooLong, &raw[..MAX_LINE]);
            return;
        }
        if self.controls && line::has_controls(raw) {
            let mut clean = std::mem::take(&mut self.clean);
            line::without_controls(raw, &mut clean);
            self.clean_line((&clean, None), ended, LineHits::ANY);
            self.clean = clean;
        } else {
            self.clean_line((line::trim(raw), head), ended, hits.anywhere());
        }
    }

    /// Reads the line if a rule matches it, or each of the messages that damage made one line of.
    fn step(&mut self, line: &[u8], hits: LineHits) -> bool {
        let Some(start) = joined::second_start(line) else { return self.take_step(line, hits) };
        if !self.take_step(&line[..start], hits.anywhere()) {
            return self.take_step(line, hits);
        }
        // A line counts once, whatever it holds.
        let weight = std::mem::take(&mut self.weight);
        self.take_joined(&line[start..]);
        self.weight = weight;
        true
    }

    /// Reads what follows the first message of a line.
    fn take_joined(&mut self, mut rest: &[u8]) {
        while let Some(start) = joined::second_start(rest)
            && self.take_step(&rest[..start], LineHits::ANY)
        {
            rest = &rest[start..];
        }
        if !self.take_step(rest, LineHits::ANY)
            && let Some(head) = prefix::find(rest)
        {
            self.take_tagged(rest, head, true);
        }
    }

    /// Reads a message if a rule matches it.
    fn take_step(&mut self, line: &[u8], hits: LineHits) -> bool {
        let Some(hit) = self.rules.apply(line, hits, &mut self.out.steps) else { return false };
        let fact = match hit {
            RuleHit::Mark => ConsoleFact::Mark,
            RuleHit::Step => ConsoleFact::Step,
        };
        let edge = prefix::edge(line);
        let origin =
            edge.map_or(NOBODY, |edge| LineOrigin { image: Some(edge.image), thread: edge.thread });
        self.fact(origin, edge.map_or(line, |edge| edge.left), fact);
        true
    }

    fn clean_line(
        &mut self,
        (line, head): (&[u8], Option<LineHead<'_>>),
        ended: bool,
        hits: LineHits,
    ) {
        if !hits.is_none() && self.step(line, hits) {
            return;
        }
        match head.or_else(|| prefix::find(line)).or_else(|| self.find_words(line)) {
            Some(head) => self.take_tagged(line, head, ended),
            None => self.take_untagged(line, ended),
        }
    }

    fn find_words<'l>(&mut self, line: &'l [u8]) -> Option<LineHead<'l>> {
        let (chunk, controls) = (self.chunk, self.controls);
        // Control sequences may be in the middle of the words.
        let words = self.words.get_or_insert_with(|| controls || prefix::has_words(chunk));
        if *words { prefix::find_words(line) } else { None }
    }

    fn cold_record(&mut self, head: &LineHead<'_>, count: Option<u32>) {
        if let Some(Ok((_, tail))) = mdbg::split(head.message) {
            self.printed_at(head);
            self.lone_record(origin_of(head), head.left, count, tail);
        }
    }

    #[inline]
    fn printed_at(&mut self, head: &LineHead<'_>) {
        if head.source_line != 0 && self.out.printed_at.is_none() {
            self.out.printed_at = Some(head.source_line);
        }
    }

    fn untagged_record(&mut self, line: &[u8]) {
        if let Some(at) = memchr::memmem::find(line, b"buffer: ") {
            self.lone_record(NOBODY, &line[..at], None, &line[at + 8..]);
        }
    }

    /// Adds a record of a cleaned line as a run of its own, since the text before it does not live as
    /// long as the chunk.
    fn lone_record(&mut self, who: LineOrigin, left: &[u8], count: Option<u32>, tail: &[u8]) {
        self.end_run();
        match self.out.sites.number(tail) {
            Ok(number) => {
                let start = u32::try_from(self.out.ids.len()).unwrap_or(u32::MAX);
                self.out.ids.push(number);
                let time = stamp::read(left);
                let ordinals = count.map(|count| (count, count));
                let run =
                    ChunkRun { from: start, to: start.saturating_add(1), ordinals, until: time };
                self.push(who, time, ConsoleFact::Records(run));
                self.out.tally.stamps.note(left, self.weight);
                self.out.tally.lines.parsed += self.weight;
            }
            Err(why) => self.reject(Some(who), why, tail),
        }
    }

    fn fact(&mut self, who: LineOrigin, left: &[u8], what: ConsoleFact) {
        self.end_run();
        self.out.tally.stamps.note(left, self.weight);
        self.out.tally.lines.parsed += self.weight;
        // The time of a map is that of its first line.
        let has_time = !matches!(what, ConsoleFact::Region(MapLine { index: 1.., .. }));
        self.push(who, if has_time { stamp::read(left) } else { None }, what);
    }

    fn reject(&mut self, who: Option<LineOrigin>, why: RejectReason, text: &[u8]) {
        self.end_run();
        self.out.tally.lines.rejected += self.weight;
        self.out.tally.why[why as usize] += 1;
        self.out.rejects.push(self.line, why, text);
        let lost_line = damage::lost_line(text);
        self.push(who.unwrap_or(NOBODY), None, ConsoleFact::Damaged(lost_line));
    }

    /// Counts an unrelated line of the secure world.
    fn take_other(&mut self, who: LineOrigin) {
        self.end_run();
        if let Some(ChunkEntry { who: last, what: ConsoleFact::Other(n), .. }) =
            self.out.entries.last_mut()
            && *last == who
        {
            *n = n.saturating_add(1);
            return;
        }
        self.push(who, None, ConsoleFact::Other(1));
    }

    fn push(&mut self, who: LineOrigin, time: Option<crate::model::Time>, what: ConsoleFact) {
        self.out.entries.push(ChunkEntry { line: self.line, who, time, what });
    }
}

impl OpenRun<'_> {
    #[inline]
    fn continues(&self, who: LineOrigin, left: &[u8], count: Option<u32>) -> bool {
        if self.who != who {
            return false;
        }
        match (self.ordinals, count) {
            (Some((_, last)), Some(count)) => last.checked_add(1) == Some(count),
            (None, None) => {
                stamp::same_second(self.left, left)
                    || stamp::is_soon_after(self.left, left, PAUSE_NS)
            }
            _ => false,
        }
    }
}

/// The normal world, or an unknown writer.
const NOBODY: LineOrigin = LineOrigin { image: None, thread: None };

#[inline]
fn origin_of(head: &LineHead<'_>) -> LineOrigin {
    LineOrigin { image: Some(head.image), thread: head.thread }
}
