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

use std::collections::BTreeMap;

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot, LogFact, SourceLocation};

/// Rows of a process.
pub(crate) const THREADS: &str = "threads";
pub(crate) const NODES: &str = "nodes";
pub(crate) const REFS: &str = "refs";
pub(crate) const BUFFERS: &str = "buffers";

/// Most kinds of rows of a process.
const KINDS: usize = 256;

#[derive(Default)]
pub(super) struct Binder {
    state: bool,
    open: Option<BinderProc>,
}

/// What binder keeps of a process.
struct BinderProc {
    pid: u64,
    place: SourceLocation,
    threads: u64,
    nodes: u64,
    refs: u64,
    /// Count and bytes of buffers of each size.
    buffers: BTreeMap<u64, u64>,
    /// Number of nodes by the process that alone refers to them; 0 for those with several.
    referrers: BTreeMap<u64, u64>,
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
            self.open = Some(BinderProc::new(pid, line.place.clone()));
            return LineOutcome::Parsed;
        }
        self.count(text)
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.flush(out);
        self.state = false;
    }
}

impl BinderProc {
    fn new(pid: u64, place: SourceLocation) -> Self {
        let (buffers, referrers) = (BTreeMap::new(), BTreeMap::new());
        Self { pid, place, threads: 0, nodes: 0, refs: 0, buffers, referrers }
    }

    /// Counts a thread, a node, a reference or a buffer; whether the line is one.
    fn count(&mut self, text: &str) -> bool {
        let Some((head, rest)) = text.split_once(' ') else { return false };
        // `node work 5:` is about a node that is counted already.
        let is_own = rest.starts_with(|c: char| c.is_ascii_digit());
        let count = match head {
            "thread" => &mut self.threads,
            "node" => &mut self.nodes,
            "ref" => &mut self.refs,
            "buffer" => return self.buffer(text),
            _ => return false,
        };
        *count = count.saturating_add(u64::from(is_own));
        if is_own && head == "node" {
            self.refer(rest);
        }
        true
    }

    /// `... tr 1 proc 1288 903 318` of a node.
    fn refer(&mut self, node: &str) {
        let Some((_, users)) = node.split_once(" proc ") else { return };
        let users: Vec<_> = users.split_whitespace().filter_map(fields::decimal).collect();
        let alone = if let [user] = users[..] { user } else { 0 };
        if !users.is_empty() && self.referrers.len() < KINDS {
            *self.referrers.entry(alone).or_default() += 1;
        }
    }

    /// `buffer 812: 0000000000000000 size 65536:0:0 delivered`.
    fn buffer(&mut self, text: &str) -> bool {
        let sizes = fields::value_after(text, "size ").unwrap_or_default();
        let mut parts = sizes.split(':').map(fields::decimal);
        let bytes = parts.try_fold(0u64, |sum, part| sum.checked_add(part?));
        if let Some(bytes) = bytes.filter(|_| self.buffers.len() < KINDS) {
            *self.buffers.entry(bytes).or_default() += 1;
        }
        true
    }

    /// Its rows; nodes that one process alone refers to are a row each.
    fn census(&self) -> LedgerSnapshot {
        let mut census =
            LedgerSnapshot::new(LedgerKind::BinderProc, &self.pid.to_string(), self.place.clone());
        let row =
            |name: &str, count, bytes| LedgerEntry::new(self.place.clone(), name, count, bytes);
        census.rows.extend([
            row(THREADS, self.threads, 0),
            row(NODES, self.nodes, 0),
            row(REFS, self.refs, 0),
        ]);
        census.rows.extend(
            self.buffers
                .iter()
                .map(|(size, count)| row(BUFFERS, *count, size.saturating_mul(*count))),
        );
        for (pid, count) in self.referrers.iter().filter(|(pid, _)| **pid != 0) {
            let mut row = row("nodes of one process", *count, 0);
            row.holder = Some(Holder { pid: *pid, comm: "".into() });
            census.rows.push(row);
        }
        census
    }
}

impl Binder {
    fn count(&mut self, text: &str) -> LineOutcome {
        let Some(open) = &mut self.open else { return LineOutcome::Ignored };
        if open.count(text) {
            return LineOutcome::Parsed;
        }
        let other_heads = ["context ", "has delivered", "pending ", "undelivered"];
        if other_heads.iter().any(|more| text.starts_with(more)) {
            LineOutcome::Parsed
        } else {
            LineOutcome::Ignored
        }
    }

    fn flush(&mut self, out: &mut LedgerOutput) {
        let Some(open) = self.open.take() else { return };
        let BinderProc { pid, threads, nodes, refs, .. } = open;
        out.say(
            &LedgerLine::new("", open.place.clone()),
            LogFact::Keeps { pid, threads, nodes, refs },
        );
        // A run asks only what binder keeps of processes that are gone.
        let has_parts = threads + nodes + refs > 0 || !open.buffers.is_empty();
        if out.moment.is_none() && has_parts {
            out.census(open.census());
        }
    }
}

/// `… from 15936:15976 to 14964:16752 code 8 …`
fn transaction(text: &str, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
    // Pages put blanks around colons.
    let text = &*text.replace(" :", ":");
    let pair = |name| {
        let (pid, tid) = fields::value_after(text, name)?.split_once(':')?;
        Some((fields::decimal(pid)?, fields::decimal(tid)?))
    };
    let (Some(from), Some(to)) = (pair("from "), pair("to ")) else { return LineOutcome::Rejected };
    out.say(line, LogFact::Waits { from, to });
    LineOutcome::Parsed
}
