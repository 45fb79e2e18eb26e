//! What was missed, and what was inferred, in words.

use std::sync::Arc;

use super::{Assembler, dumps::Begin, timeline::gap};
use crate::{
    model::{Gap, Reason},
    parse::console::messages::fact::Why,
    text,
};

/// What only an OP-TEE with malloc debug prints.
const REMEDY: &str = "build OP-TEE with CFG_TEE_CORE_MALLOC_DEBUG=y and have mdbg_check(1) called \
                      (xtest --stats --memleak) once per iteration";

impl Assembler {
    pub(super) fn gaps(&self, boot: u32) -> Vec<Gap> {
        let mut gaps = self.broken.clone();
        if self.dumps.records == 0 {
            gaps.push(gap("allocation sites", Reason::NotOffered, Some(REMEDY), 0));
        }
        let losses = self.loss_counts(boot).into_iter().filter(|(_, _, lost)| *lost > 0);
        gaps.extend(losses.map(|(what, reason, lost)| gap(what, reason, None, lost)));
        for (why, n) in Why::ALL.into_iter().zip(self.tally.why).filter(|(_, n)| *n > 0) {
            let description = format!("lines that should have told something: {}", why.text());
            gaps.push(gap(&description, Reason::Damaged, None, n));
        }
        gaps
    }

    /// What may be missing, why, and how much of it is.
    fn loss_counts(&self, boot: u32) -> [(&'static str, Reason, u64); 8] {
        use Reason::{Damaged, NoRoom, NotOffered};
        let elsewhere = self.timeline.elsewhere(boot);
        let sessions = &self.sessions;
        [
            ("dumps of TAs' own heaps, which no line ties to a TA", NotOffered, self.of_tas),
            ("region maps that no line ties to a TA", NotOffered, self.nameless),
            ("samples of other boots, which can't be compared", NotOffered, elsewhere),
            ("events between the first and the last ones", NoRoom, self.events.dropped_count()),
            ("open sessions beyond the youngest ones", NoRoom, sessions.forgotten),
            ("messages cut by another one within their line", Damaged, self.tally.spliced),
            ("incidents after the first thousand", NoRoom, self.incidents.dropped),
            ("opens of sessions that were closed later", NotOffered, sessions.unknown),
        ]
    }

    pub(super) fn assumptions(&self) -> Vec<Arc<str>> {
        let mut assumptions = Vec::new();
        self.about_dumps(&mut assumptions);
        if self.timeline.dumps > 1 && !self.cut.marked {
            assumptions.push("each dump ends an iteration: no mark of iterations was given".into());
        }
        if self.timeline.stride > 1 {
            let (dumps, stride) =
                (text::number(self.timeline.dumps), text::number(self.timeline.stride));
            let text = format!(
                "{dumps} dumps are too many to keep: an iteration stands for {stride} of them"
            );
            assumptions.push(text.into());
        }
        if self.sessions.predicted > 0 {
            let (opened, closed) =
                (text::number(self.sessions.predicted), text::number(self.sessions.confirmed));
            let text = format!(
                "ids of {opened} opened sessions are predicted, since no open prints one; {closed} closes \
                 named a predicted one"
            );
            assumptions.push(text.into());
        }
        if self.boots > 1 {
            let text = format!(
                "the TEE started {} times; only the boot with most samples is looked at",
                text::number(self.boots)
            );
            assumptions.push(text.into());
        }
        assumptions
    }

    fn about_dumps(&self, said: &mut Vec<Arc<str>>) {
        for (begin, why) in Begin::TEXTS {
            let n = self.dumps.begins.iter().find(|(known, _)| *known == begin);
            if let Some((_, n)) = n.filter(|(_, n)| *n > 0) {
                let dumps = text::count(*n, "dump");
                let verb = if *n == 1 { "is" } else { "are" };
                said.push(format!("{dumps} {verb} taken to begin where {why}").into());
            }
        }
    }
}
