//! What was missed, and what was inferred, in words.

use std::sync::Arc;

use super::{Assembler, dumps::Begin, timeline::gap};
use crate::{
    model::{Gap, Reason},
    parse::text::fact::Why,
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
        if self.of_tas > 0 {
            let what = "dumps of TAs' own heaps, which no line ties to a TA";
            gaps.push(gap(what, Reason::NotOffered, None, self.of_tas));
        }
        if self.nameless > 0 {
            let what = "region maps that no line ties to a TA";
            gaps.push(gap(what, Reason::NotOffered, None, self.nameless));
        }
        let elsewhere = self.timeline.elsewhere(boot);
        if elsewhere > 0 {
            let what = "samples of other boots, which can't be compared";
            gaps.push(gap(what, Reason::NotOffered, None, elsewhere));
        }
        if self.events.dropped() > 0 {
            let what = "events between the first and the last ones";
            gaps.push(gap(what, Reason::NoRoom, None, self.events.dropped()));
        }
        if self.sessions.forgotten > 0 {
            let what = "open sessions beyond the youngest ones";
            gaps.push(gap(what, Reason::NoRoom, None, self.sessions.forgotten));
        }
        for (why, n) in Why::ALL.into_iter().zip(self.tally.why).filter(|(_, n)| *n > 0) {
            let what = format!("lines that should have told something: {}", why.text());
            gaps.push(gap(&what, Reason::Damaged, None, n));
        }
        if self.tally.spliced > 0 {
            let what = "messages cut by another one within their line";
            gaps.push(gap(what, Reason::Damaged, None, self.tally.spliced));
        }
        if self.incidents.dropped > 0 {
            let what = "incidents after the first thousand";
            gaps.push(gap(what, Reason::NoRoom, None, self.incidents.dropped));
        }
        if self.sessions.unknown > 0 {
            let what = "opens of sessions that were closed later";
            gaps.push(gap(what, Reason::NotOffered, None, self.sessions.unknown));
        }
        gaps
    }

    pub(super) fn assumptions(&self) -> Vec<Arc<str>> {
        let mut said = Vec::new();
        self.about_dumps(&mut said);
        if self.timeline.dumps > 1 && !self.cut.marked {
            said.push("each dump ends an iteration: no mark of iterations was given".into());
        }
        if self.timeline.stride > 1 {
            let (dumps, stride) = (self.timeline.dumps, self.timeline.stride);
            let text = format!(
                "{dumps} dumps are too many to keep: an iteration stands for {stride} of them"
            );
            said.push(text.into());
        }
        if self.sessions.predicted > 0 {
            let (opened, closed) = (self.sessions.predicted, self.sessions.confirmed);
            let text = format!(
                "ids of {opened} opened sessions are predicted, since no open prints one; {closed} closes \
                 named a predicted one"
            );
            said.push(text.into());
        }
        if self.boots > 1 {
            let text = format!(
                "the TEE started {} times; only the boot with most samples is looked at",
                self.boots
            );
            said.push(text.into());
        }
        said
    }

    fn about_dumps(&self, said: &mut Vec<Arc<str>>) {
        for (begin, why) in Begin::TEXTS {
            let n = self.dumps.begins.iter().find(|(known, _)| *known == begin);
            if let Some((_, n)) = n.filter(|(_, n)| *n > 0) {
                let dumps = if *n == 1 { "dump is" } else { "dumps are" };
                said.push(format!("{n} {dumps} taken to begin where {why}").into());
            }
        }
    }
}
