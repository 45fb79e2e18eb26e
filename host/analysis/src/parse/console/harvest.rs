//! What one chunk of text said, line by line, before it is put together with its neighbours.

use std::ops::Range;

use super::{
    messages::fact::{Entry, Why},
    rules::Steps,
    sites::Sites,
};
use crate::model::Accounting;

/// What one chunk of text said. To be used again and again: it keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct Harvest {
    pub(super) entries: Vec<Entry>,
    /// Sites of the records of all runs.
    pub(super) ids: Vec<u32>,
    pub(super) sites: Sites,
    /// Steps that rules name.
    pub(super) steps: Steps,
    pub(super) tally: Tally,
    /// Source line that printed the first record, where its prefix says so.
    pub(super) printed_at: Option<u32>,
    pub(super) rejects: Rejects,
}

/// Where the lines of a chunk, or of a whole text, went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Lines, parsed, ignored and rejected.
    pub lines: Accounting,
    /// Lines rejected by reason, in the order of [`Why::ALL`].
    pub why: [u64; Why::ALL.len()],
    /// Messages lost from lines that held another, intact one, too.
    pub spliced: u64,
}

impl Tally {
    /// Adds the lines of another chunk.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.spliced += other.spliced;
        for (sum, n) in self.why.iter_mut().zip(other.why) {
            *sum += n;
        }
    }
}

/// A line that was rejected.
#[derive(Clone, Debug)]
struct Reject {
    line: u32,
    why: Why,
    text: Range<usize>,
}

/// The lines that were rejected, where somebody wants to see them.
#[derive(Clone, Debug, Default)]
pub(super) struct Rejects {
    pub(super) keep: bool,
    lines: Vec<Reject>,
    text: Vec<u8>,
}

impl Rejects {
    pub(super) fn push(&mut self, line: u32, why: Why, text: &[u8]) {
        if self.keep {
            let start = self.text.len();
            self.text.extend_from_slice(text);
            self.lines.push(Reject { line, why, text: start..self.text.len() });
        }
    }
}

impl Harvest {
    /// An empty one; `keep_rejects` if [`Self::rejects`] is wanted.
    #[must_use]
    pub fn new(keep_rejects: bool) -> Self {
        let rejects = Rejects { keep: keep_rejects, ..Rejects::default() };
        Self { rejects, ..Self::default() }
    }

    /// Where the chunk's lines went.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The lines that were rejected: line within the chunk from 0, why, and its bytes.
    pub fn rejects(&self) -> impl Iterator<Item = (u32, Why, &[u8])> {
        let text = &self.rejects.text;
        self.rejects.lines.iter().map(|line| (line.line, line.why, &text[line.text.clone()]))
    }

    /// Forgets all, keeping the memory.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.ids.clear();
        self.sites.clear();
        self.steps.all.clear();
        self.tally = Tally::default();
        self.printed_at = None;
        self.rejects.lines.clear();
        self.rejects.text.clear();
    }
}
