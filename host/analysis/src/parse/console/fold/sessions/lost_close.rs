//! A close that a text lacks: the ids of all sessions after it are predicted one too high, so that the next close
//! seems to end the session before the one that it ends.
//!
//! It is taken to be lost if the next close would otherwise end a session of a TA that never closed one, and not the
//! youngest session, of a TA that closes each of them and seems to have one open from before. Only where a line is
//! missing since then: where nothing shows a loss, the ids are right.

use super::{LogSession, SessionChange, SessionTracker};
use crate::parse::console::{fold::instances::Instances, messages::fact::LineOrigin};

impl SessionTracker {
    /// Records that a line was lost which may have been a close.
    pub(in crate::parse::console::fold) const fn note_loss(&mut self) {
        self.losses = self.losses.saturating_add(1);
    }

    /// Each close prints that its session is destroyed; without a close, that line was lost, unless another
    /// thread opened a session in between. What it closed is most likely the youngest session.
    pub(super) fn destroy(
        &mut self,
        who: LineOrigin,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) {
        if let Some(closing) = self.closing.checked_sub(1) {
            self.closing = closing;
            return;
        }
        self.note_loss();
        if let Some(closing_before) = self.closing_before.checked_sub(1) {
            self.closing_before = closing_before;
            return;
        }
        self.settle(who, instances, report);
        if let Some(session) = self.youngest(who) {
            self.habits.close(session.uuid);
            self.closed = Some(session);
            report(SessionChange::Closed(None, Some(session)));
        }
    }

    /// Closes the session whose close is missing.
    pub(super) fn settle_lost_close(
        &mut self,
        who: LineOrigin,
        id: Option<u32>,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) {
        let Some(id) = id.filter(|_| self.find(who, id).is_some()) else { return };
        self.settle(who, instances, report);
        let Some((youngest, older)) = self.open.split_last() else { return };
        let is_next = youngest.of_normal_world() && youngest.id == id.saturating_add(1);
        let is_kept = |open: &LogSession| open.id == id && self.habits.keeps(open.uuid);
        let is_lost = |open: &LogSession| {
            let is_same_list = open.of_normal_world() && open.id < id;
            is_same_list && open.uuid == youngest.uuid && open.losses_before < self.losses
        };
        let lost_close = older.iter().rposition(is_lost);
        let Some(at) = lost_close.filter(|_| {
            is_next && self.habits.closes(youngest.uuid) && older.last().is_some_and(is_kept)
        }) else {
            return;
        };
        let ended = self.open.remove(at);
        for open in self.open[at..].iter_mut().filter(|open| open.of_normal_world()) {
            open.id = open.id.saturating_sub(1);
        }
        report(SessionChange::Closed(None, Some(ended)));
    }
}
