//! One section of a snapshot: its entries, and how complete they are.

use std::sync::Arc;

use crate::model::{Gap, Part, Reason};
use teeleak_proto::{pta, snapshot::SectionHead};

use super::gap;

/// Entries of one section, collected from all its pages.
pub(super) struct SectionEntries<T> {
    entries: Vec<T>,
    heads: u32,
    generation: u64,
    moved: bool,
    lost: u64,
    flags: u32,
    failed: Option<SectionHead>,
}

impl<T> Default for SectionEntries<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            heads: 0,
            generation: 0,
            moved: false,
            lost: 0,
            flags: 0,
            failed: None,
        }
    }
}

impl<T> SectionEntries<T> {
    pub(super) fn head(&mut self, head: &SectionHead) {
        if head.result != 0 {
            self.failed = Some(*head);
            return;
        }
        self.moved |= self.heads > 0 && head.generation != self.generation;
        self.heads += 1;
        self.generation = head.generation;
        self.lost += u64::from(head.lost);
        self.flags |= head.flags;
    }

    pub(super) fn push(&mut self, entry: T) {
        self.entries.push(entry);
    }

    /// Whether the section was requested: it has entries or failed.
    pub(super) fn is_asked(&self) -> bool {
        self.heads > 0 || self.failed.is_some()
    }

    /// How many entries were lost.
    pub(super) fn lost_count(&self) -> u64 {
        self.lost
    }

    /// The entries; `what` is their name in reports.
    pub(super) fn finish(self, what: Arc<str>, cut: bool) -> Part<Vec<T>> {
        if self.flags & pta::REPLY_BUSY != 0 {
            return Part::Unobserved(gap::busy(what));
        }
        let is_answered = self.heads > 0;
        match (self.gap(what, cut), is_answered) {
            (Some(gap), true) => Part::Partial(self.entries, gap),
            (Some(gap), false) => Part::Unobserved(gap),
            (None, _) => Part::Complete(self.entries),
        }
    }

    fn gap(&self, what: Arc<str>, cut: bool) -> Option<Gap> {
        let (reason, remedy) = if let Some(head) = &self.failed {
            (gap::of_result(head.result), gap::section_remedy(head.section, head.result))
        } else if self.heads == 0 {
            (if cut { Reason::Damaged } else { Reason::NotOffered }, None)
        } else if cut {
            (Reason::Damaged, None)
        } else if self.flags & pta::REPLY_CORRUPT != 0 {
            (Reason::Corrupt, None)
        } else if self.lost > 0 {
            (Reason::NoRoom, None)
        } else if self.moved {
            (Reason::Moved, None)
        } else {
            return None;
        };
        Some(Gap { what, reason, remedy, lost: self.lost })
    }
}
