//! Binder's debugfs: `proc/PID` and `failed_transaction_log` or `transactions` (Linux
//! `drivers/android/binder.c`, `print_binder_proc`, `print_binder_transaction_ilocked`).
//!
//! ```text
//! binder proc state:
//! proc 131
//!   thread 176: l 22
//!   node 5 (vivo_daemon.service): u4031b8a8 c4031b88c hs 1 hw 1 ls 0 lw 0 is 0 iw 0
//!   ref 3: desc 0 node 1 s 1 w 1 d   (null)
//!   outgoing transaction 3727983: 0000000000000000 from 15936:15976 to 14964:16752 code 8 flags 10 pri 0:120 r1
//! ```

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::LogFact;

/// Process, and its threads, nodes and references so far.
type BinderCounts = (u64, u64, u64, u64);

#[derive(Default)]
pub(super) struct Binder {
    state: bool,
    open: Option<(BinderCounts, crate::model::SourceLocation)>,
}

impl Parser for Binder {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.ungrepped();
        if text.starts_with("binder proc state:") || text.starts_with("binder state:") {
            self.end(out);
            self.state = true;
            return LineOutcome::Parsed;
        }
        // grep over several files prints their names in front.
        let text = text
            .rsplit_once(": outgoing")
            .map_or(text, |_| &text[text.find("outgoing").unwrap_or(0)..]);
        if text.contains("transaction ") && text.contains(" from ") {
            return transaction(text, line, out);
        }
        if !self.state {
            return LineOutcome::Ignored;
        }
        if let Some(pid) = text.strip_prefix("proc ") {
            self.flush(out);
            let Some(pid) = fields::decimal(pid.trim()) else { return LineOutcome::Rejected };
            self.open = Some(((pid, 0, 0, 0), line.place.clone()));
            return LineOutcome::Parsed;
        }
        self.count(text)
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.flush(out);
        self.state = false;
    }
}

impl Binder {
    /// Counts a thread, a node or a reference of the open process.
    fn count(&mut self, text: &str) -> LineOutcome {
        let Some(((_, threads, nodes, refs), _)) = &mut self.open else {
            return LineOutcome::Ignored;
        };
        let counters = [("thread ", threads), ("node ", nodes), ("ref ", refs)];
        for (head, count) in counters {
            if let Some(rest) = text.strip_prefix(head) {
                // `node work 5:` is about a node that is counted already.
                *count =
                    count.saturating_add(u64::from(rest.starts_with(|c: char| c.is_ascii_digit())));
                return LineOutcome::Parsed;
            }
        }
        let other_heads = ["buffer ", "context ", "has delivered", "pending ", "undelivered"];
        if other_heads.iter().any(|more| text.starts_with(more)) {
            LineOutcome::Parsed
        } else {
            LineOutcome::Ignored
        }
    }

    fn flush(&mut self, out: &mut LedgerOutput) {
        let Some(((pid, threads, nodes, refs), place)) = self.open.take() else { return };
        out.say(&LedgerLine::new("", place), LogFact::Keeps { pid, threads, nodes, refs });
    }
}

/// `… from 15936:15976 to 14964:16752 code 8 …`
fn transaction(text: &str, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
    let pair = |name| {
        let (pid, tid) = fields::value_after(text, name)?.split_once(':')?;
        Some((fields::decimal(pid)?, fields::decimal(tid)?))
    };
    let (Some(from), Some(to)) = (pair("from "), pair("to ")) else { return LineOutcome::Rejected };
    out.say(line, LogFact::Waits { from, to });
    LineOutcome::Parsed
}
