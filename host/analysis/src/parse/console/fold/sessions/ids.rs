//! Which session an id means: ids are predicted where a session is opened, and printed where it is closed.

use super::{LogSession, SessionTracker};
use crate::parse::console::messages::fact::LineOrigin;

impl SessionTracker {
    /// The id of the opener's next session.
    pub(super) fn next_id(&self, opener: u32) -> u32 {
        let mine = |open: &&LogSession| open.opener == opener && !open.foreign;
        self.open.iter().rev().find(mine).map_or(1, |last| last.id.saturating_add(1))
    }

    /// `id`, or the next free number if it is in use.
    pub(super) fn free_number(&self, id: u32) -> u32 {
        let numbers = || self.open.iter().map(|open| open.number);
        if numbers().any(|number| number == id) {
            numbers().max().unwrap_or(0).saturating_add(1)
        } else {
            id
        }
    }

    /// Marks older sessions as foreign if their id is not below `id`: they are in another list.
    pub(super) fn part_from(&mut self, id: u32) {
        for open in self.open.iter_mut().filter(|open| open.of_normal_world()) {
            open.foreign = open.id >= id;
        }
    }

    /// Removes the youngest session of the normal world, whose predicted id was wrong.
    pub(super) fn rename(&mut self, id: u32) -> Option<LogSession> {
        let index = self.open.iter().rposition(LogSession::of_normal_world)?;
        let wrong = self.open.remove(index);
        self.part_from(id);
        // Sessions older than the text shift all ids by the same amount.
        let off = id.saturating_sub(wrong.id);
        for open in self.open.iter_mut().filter(|open| open.of_normal_world()) {
            open.id = open.id.saturating_add(off);
        }
        Some(LogSession { id, ..wrong })
    }

    /// Removes the youngest session, of this thread if there is one: releases up to 3.3 print no id.
    pub(super) fn youngest(&mut self, who: LineOrigin) -> Option<LogSession> {
        let closable = self.open.iter().enumerate().filter(|(_, open)| !open.is_kept());
        let (at, _) = closable.max_by_key(|(at, open)| (open.thread == who.thread, *at))?;
        Some(self.open.remove(at))
    }

    /// Index of the session to close: the youngest with that id, preferably on the same thread.
    pub(super) fn find(&self, who: LineOrigin, id: Option<u32>) -> Option<usize> {
        let id = id?;
        let of_dying = |open: &LogSession| open.opener != 0 && self.dying == Some(open.opener);
        let candidates = self
            .open
            .iter()
            .enumerate()
            .filter(|(_, open)| open.id == id && (!open.is_kept() || of_dying(open)));
        let best =
            candidates.max_by_key(|(at, open)| (of_dying(open), open.thread == who.thread, *at));
        best.map(|(at, _)| at)
    }
}
