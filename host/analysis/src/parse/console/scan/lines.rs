//! Lines that are no record in its usual form: what each says, and what damage made of it.

use super::{NOBODY, Scanner, origin_of};
use crate::parse::{
    console::{
        lines::{
            line::FULL,
            prefix::{self, LineHead},
            stamp,
        },
        messages::{
            classify, damage,
            fact::{ConsoleFact, MessageOutcome, RejectReason, SessionLine},
            reports, trouble,
        },
    },
    framing::decoration,
};

impl Scanner<'_> {
    /// Reads a line with a prefix, and possibly more inside: consoles that share a wire cut into each
    /// other's lines.
    pub(super) fn take_tagged(&mut self, line: &[u8], first: LineHead<'_>, ended: bool) {
        let mut head = first;
        let mut outcome = self.read(&head, ended);
        while matches!(outcome, MessageOutcome::Ignored | MessageOutcome::Damaged(_))
            && let Some(inner) = prefix::find(head.message)
        {
            let head_before = LineHead { message: inner.left, ..head };
            if matches!(outcome, MessageOutcome::Damaged(_))
                || damage::damage(&head_before).is_some()
            {
                self.out.tally.spliced += 1;
                self.end_run();
                let lost_line = damage::lost_line(inner.left);
                self.push(origin_of(&head), None, ConsoleFact::Damaged(lost_line));
            }
            head = LineHead { left: head.left, ..inner };
            outcome = self.read(&head, ended);
        }
        match outcome {
            MessageOutcome::Record(count) => self.cold_record(&head, count),
            MessageOutcome::Fact(what) => self.take_fact(&head, what),
            MessageOutcome::Damaged(why) => self.reject(Some(origin_of(&head)), why, line),
            MessageOutcome::Ignored => match damage::damage(&head) {
                Some(why) => self.reject(Some(origin_of(&head)), why, line),
                None => self.take_message(line, &head),
            },
        }
    }

    /// Adds a fact, and what the catalogue says about a line whose fact is only part of it.
    fn take_fact(&mut self, head: &LineHead<'_>, what: ConsoleFact) {
        let has_more = matches!(
            what,
            ConsoleFact::Trouble(..)
                | ConsoleFact::TaReturn(..)
                | ConsoleFact::Session(
                    SessionLine::Failed(..)
                        | SessionLine::LoaderFailed(_)
                        | SessionLine::InvokeError(_)
                )
        );
        self.fact(origin_of(head), head.left, what);
        let message_hit = if has_more { reports::find(self.rules.catalogue(), head) } else { None };
        if let Some(hit) = message_hit {
            // The line counts once, as the one of its image.
            self.push(NOBODY, stamp::read(head.left), ConsoleFact::Message(hit));
        }
    }

    /// Reads a message that only the catalogue may know.
    fn take_message(&mut self, line: &[u8], head: &LineHead<'_>) {
        match reports::read(self.rules.catalogue(), line, head) {
            Some(what) => {
                if matches!(what, ConsoleFact::UnknownError(..)) {
                    self.out.rejects.push(self.line, RejectReason::Unexplained, line);
                }
                self.fact(origin_of(head), head.left, what);
            }
            None => self.take_other(origin_of(head)),
        }
    }

    /// Reads a message; `ended` if its line is complete.
    fn read(&self, head: &LineHead<'_>, ended: bool) -> MessageOutcome {
        let outcome = classify::read_tagged(head);
        match outcome {
            MessageOutcome::Fact(ConsoleFact::Trouble(..)) if is_closed(head.message) => outcome,
            MessageOutcome::Record(_) | MessageOutcome::Fact(_) if !ended => {
                MessageOutcome::Damaged(RejectReason::Unterminated)
            }
            MessageOutcome::Record(_) | MessageOutcome::Fact(ConsoleFact::Region(_))
                if head.length == FULL =>
            {
                MessageOutcome::Damaged(RejectReason::Full)
            }
            outcome => outcome,
        }
    }

    pub(super) fn take_untagged(&mut self, line: &[u8], ended: bool) {
        match classify::read_untagged(line) {
            MessageOutcome::Ignored if damage::is_headless(line) => {
                self.reject(None, RejectReason::Headless, line);
            }
            MessageOutcome::Ignored => {
                let message = decoration::message(line).trim_ascii_end();
                if let Some((head, what)) = trouble::read_bare(line, message) {
                    self.take_fact(&head, what);
                } else if let Some(what) = reports::read_untagged(self.rules.catalogue(), message) {
                    self.fact(NOBODY, line, what);
                }
            }
            MessageOutcome::Record(_) if damage::is_torn_off(line) => {
                self.reject(None, RejectReason::Headless, line);
            }
            MessageOutcome::Damaged(why) => self.reject(None, why, line),
            MessageOutcome::Record(_) | MessageOutcome::Fact(_) if !ended => {
                self.reject(None, RejectReason::Unterminated, line);
            }
            MessageOutcome::Record(_) => self.untagged_record(line),
            MessageOutcome::Fact(what) => self.fact(NOBODY, line, what),
        }
    }
}

/// Whether a message is whole, whatever would follow: it ends as its format does.
fn is_closed(message: &[u8]) -> bool {
    message.ends_with(b">") || message.ends_with(b")")
}
