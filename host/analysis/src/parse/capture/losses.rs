//! What a recording lacks: lost events, damaged and cut frames, calls that were never made.

use super::{ObservationBuilder, gap, remedy};
use crate::model::{Gap, Reason};

impl ObservationBuilder {
    /// Notes what was lost, each kind as a gap.
    pub(super) fn note_losses(&mut self) {
        let (any, lost) = self.lost_events;
        // How many a damaged frame had is not known.
        self.observation.lost_at_end = lost.max(self.is_event_damaged.into());
        if any {
            let remedy = Some(remedy::MORE_EVENTS.into());
            let label = "events".into();
            self.observation.gaps.push(Gap { what: label, reason: Reason::Overrun, remedy, lost });
        }
        if !self.ended {
            self.observation.gaps.push(gap::no_end());
        }
        let losses = [
            ("records", Reason::NotOffered, Some(remedy::OTHER_VERSION), self.unknown_records),
            ("lines of the kernel trace", Reason::Damaged, None, self.unknown_lines),
            ("lines of normal-world ledgers", Reason::Damaged, None, self.rejected_lines()),
            (
                "call stacks of allocations",
                Reason::NoRoom,
                Some(remedy::MORE_STACKS),
                self.lost_stacks,
            ),
            ("bytes of the capture", Reason::Damaged, None, self.damaged_bytes),
            ("bytes of the last frame", Reason::Cut, None, self.cut_bytes),
        ];
        for (what, reason, remedy, lost) in losses.into_iter().filter(|loss| loss.3 > 0) {
            let remedy = remedy.map(Into::into);
            self.observation.gaps.push(Gap { what: what.into(), reason, remedy, lost });
        }
    }

    /// Notes that the workload of a run made no call, which its author may not know.
    pub(super) fn note_silence(&mut self) {
        let is_watched = self.observation.platform.has_events && self.is_run();
        if is_watched && self.observation.events.is_empty() {
            let note = "no call into the TEE was recorded: check that the workload uses it";
            self.observation.assumptions.push(note.into());
        }
    }

    /// Whether the frames are those of a run, not of one snapshot or of a watch.
    pub(super) fn is_run(&self) -> bool {
        let platform = &self.observation.platform;
        !platform.workload.is_empty() && platform.census_interval.is_none()
    }

    /// Drops a snapshot that the recording stops within: its iteration was not observed to its end.
    pub(super) fn drop_cut_census(&mut self) {
        if self.ended {
            return;
        }
        let is_cut = self.draft.take_if(|draft| !draft.has_ended()).is_some();
        if self.stock.take_incomplete().is_some() || is_cut {
            self.observation.gaps.push(gap::no_last_snapshot());
        }
    }
}
