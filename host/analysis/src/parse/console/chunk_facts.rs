//! The facts of one chunk of text, line by line, before they are assembled with other chunks.

use std::ops::Range;

use super::{
    messages::fact::{ChunkEntry, RejectReason},
    rules::{BestLines, RuleSteps, UserFiles},
    sites::ChunkSites,
};
use crate::{model::Accounting, parse::framing::StampCounts};

/// The facts of one chunk of text. Reuse it for the next chunk: it keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct ChunkFacts {
    pub(super) entries: Vec<ChunkEntry>,
    /// Sites of the records of all runs.
    pub(super) ids: Vec<u32>,
    pub(super) sites: ChunkSites,
    /// Steps of rules.
    pub(super) steps: RuleSteps,
    pub(super) tally: Tally,
    /// Lines of the source that the chunk takes; fewer than were read if one held several.
    pub(super) source_lines: u64,
    /// Source line that printed the first record, if its prefix has one.
    pub(super) printed_at: Option<u32>,
    pub(super) rejects: Rejects,
    /// Files that the user named.
    pub(super) files: UserFiles,
    /// Lines that nearly fit a file, by its position.
    pub(super) near: Vec<(usize, BestLines)>,
}

/// How many lines of a chunk, or of a whole text, were parsed, ignored and rejected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Lines read, parsed, ignored and rejected.
    pub lines: Accounting,
    /// Lines rejected by reason, in the order of `RejectReason::ALL`.
    pub why: [u64; RejectReason::ALL.len()],
    /// Messages lost from lines that also held an intact one.
    pub spliced: u64,
    /// Stamps before the lines that were parsed.
    pub stamps: StampCounts,
}

impl Tally {
    /// Adds the lines of another chunk.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.spliced += other.spliced;
        self.stamps.add(&other.stamps);
        for (sum, n) in self.why.iter_mut().zip(other.why) {
            *sum += n;
        }
    }
}

/// A line that was rejected.
#[derive(Clone, Debug)]
struct Reject {
    line: u32,
    why: RejectReason,
    text: Range<usize>,
}

/// The rejected lines, if they are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Rejects {
    pub(super) keep: bool,
    lines: Vec<Reject>,
    text: Vec<u8>,
}

impl Rejects {
    pub(super) fn push(&mut self, line: u32, why: RejectReason, text: &[u8]) {
        if self.keep {
            let start = self.text.len();
            self.text.extend_from_slice(text);
            self.lines.push(Reject { line, why, text: start..self.text.len() });
        }
    }
}

impl ChunkFacts {
    /// No facts; `keep_rejects` if [`Self::rejects`] is needed.
    #[must_use]
    pub fn new(keep_rejects: bool) -> Self {
        let rejects = Rejects { keep: keep_rejects, ..Rejects::default() };
        Self { rejects, ..Self::default() }
    }

    /// How many of the chunk's lines were parsed, ignored and rejected.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The rejected lines: line within the chunk from 0, why, and its bytes.
    pub fn rejects(&self) -> impl Iterator<Item = (u32, RejectReason, &[u8])> {
        let text = &self.rejects.text;
        self.rejects.lines.iter().map(|line| (line.line, line.why, &text[line.text.clone()]))
    }

    /// Clears it, keeping the memory.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.ids.clear();
        self.sites.clear();
        self.steps.clear();
        self.near.clear();
        self.tally = Tally::default();
        self.source_lines = 0;
        self.printed_at = None;
        self.rejects.lines.clear();
        self.rejects.text.clear();
    }
}
