//! Gaps and assumptions, as text.

use std::sync::Arc;

use super::{Assembler, dumps::DumpStart, sheet::gap};
use crate::{
    model::{Gap, Reason},
    parse::console::messages::fact::RejectReason,
    text,
};

/// How to make OP-TEE print dumps.
const REMEDY: &str = "build OP-TEE with CFG_TEE_CORE_MALLOC_DEBUG=y and call mdbg_check(1) once per \
                      iteration (xtest --stats --memleak)";

impl Assembler {
    pub(super) fn gaps(&self, boot: u32) -> Vec<Gap> {
        let mut gaps = self.broken.clone();
        if self.dumps.records == 0 {
            gaps.push(gap("allocation sites", Reason::NotOffered, Some(REMEDY), 0));
        }
        let losses = self.loss_counts(boot).into_iter().filter(|(_, _, lost)| *lost > 0);
        gaps.extend(losses.map(|(what, reason, lost)| gap(what, reason, None, lost)));
        for (why, n) in RejectReason::ALL.into_iter().zip(self.tally.why).filter(|(_, n)| *n > 0) {
            let description = format!("unreadable lines: {}", why.text());
            gaps.push(gap(&description, Reason::Damaged, None, n));
        }
        gaps
    }

    /// Possible losses: what, why, and how many.
    fn loss_counts(&self, boot: u32) -> [(&'static str, Reason, u64); 12] {
        use Reason::{Damaged, NoRoom, NotOffered};
        let elsewhere = self.timeline.elsewhere(boot);
        let sessions = &self.sessions;
        [
            ("dumps of the heaps of further TAs", NoRoom, self.heaps.dropped),
            ("region maps that no line attributes to a TA", NotOffered, self.nameless),
            ("snapshots of other boots, which cannot be compared", NotOffered, elsewhere),
            (
                "events between the first and the last ones kept",
                NoRoom,
                self.events.dropped_count(),
            ),
            ("region maps older than those kept", NoRoom, self.timeline.dropped_instances),
            ("pools after the first 64 of a snapshot", NoRoom, self.timeline.dropped_pools),
            ("open sessions older than those kept", NoRoom, sessions.forgotten),
            ("messages cut by another message on the same line", Damaged, self.tally.spliced),
            ("incidents after the first 1,000", NoRoom, self.incidents.dropped),
            ("frames of call stacks", NoRoom, self.incidents.dropped_frames),
            ("sessions that a close without an id may have ended", NotOffered, self.excused),
            ("missing opens of sessions that were closed", NotOffered, sessions.unknown),
        ]
    }

    pub(super) fn assumptions(&self) -> Vec<Arc<str>> {
        let mut assumptions = self.framing.sentences();
        assumptions.extend(self.tally.stamps.sentences());
        self.about_dumps(&mut assumptions);
        assumptions.extend(self.heaps.assumptions().map(Arc::from));
        if self.timeline.dumps > 1 && !self.cut.marked {
            assumptions.push("each dump ends an iteration: no --mark was given".into());
        }
        if self.timeline.stride > 1 {
            let dumps = text::number(self.timeline.dumps);
            let stride = text::number(self.timeline.stride.into());
            let text = format!(
                "{dumps} dumps are too many to keep: those of every {stride} iterations are compared"
            );
            assumptions.push(text.into());
        }
        if self.sessions.predicted > 0 {
            let (opened, closed) =
                (text::number(self.sessions.predicted), text::number(self.sessions.confirmed));
            let text = format!(
                "ids of {opened} opened sessions are predicted, since OP-TEE prints none on open; \
                 {closed} closes confirmed a predicted id"
            );
            assumptions.push(text.into());
        }
        if self.boots > 1 {
            let text = format!(
                "the TEE booted {} times; only the boot with the most snapshots is analyzed",
                text::number(self.boots)
            );
            assumptions.push(text.into());
        }
        assumptions
    }

    fn about_dumps(&self, said: &mut Vec<Arc<str>>) {
        for (begin, why) in DumpStart::TEXTS {
            let n = self.dumps.begins.iter().find(|(known, _)| *known == begin);
            if let Some((_, n)) = n.filter(|(_, n)| *n > 0) {
                let dumps = text::count(*n, "dump");
                let verb = if *n == 1 { "is" } else { "are" };
                said.push(format!("{dumps} {verb} assumed to start where {why}").into());
            }
        }
    }
}
