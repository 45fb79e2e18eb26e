//! `ion/heaps/*` of debugfs (Linux 3.10 `drivers/staging/android/ion/ion.c`, `ion_debug_heap_show`).
//!
//! ```text
//!     client              pid             size
//! ----------------------------------------------------
//! surfaceflinger         1744         16588800
//! ----------------------------------------------------
//! orphaned allocations (info is from last known client):
//!    mediaserver         1892           327680 0 1
//! ----------------------------------------------------
//!   total orphaned        278401024
//!           total         349618176
//!    deferred free                0
//! ----------------------------------------------------
//! ```

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct IonHeap {
    open: Option<[LedgerSnapshot; 2]>,
    orphaned: bool,
}

impl Parser for IonHeap {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let words: Vec<_> = line.text.split_whitespace().collect();
        if words == ["client", "pid", "size"] {
            self.end(out);
            let begin = |ledger| LedgerSnapshot::new(ledger, context.name(), line.place.clone());
            self.open = Some([LedgerKind::IonHeap, LedgerKind::IonOrphans].map(begin));
            return LineOutcome::Parsed;
        }
        let Some([clients, orphans]) = &mut self.open else { return LineOutcome::Ignored };
        if line.text.starts_with("orphaned allocations") {
            self.orphaned = true;
            orphans.place = line.place.clone();
            return LineOutcome::Parsed;
        }
        match words[..] {
            [rule] if rule.bytes().all(|byte| byte == b'-') => LineOutcome::Parsed,
            ["total", "orphaned", bytes] => {
                orphans.total = fields::decimal(bytes);
                LineOutcome::from(orphans.total)
            }
            ["total", bytes] => {
                clients.total = fields::decimal(bytes);
                LineOutcome::from(clients.total)
            }
            ["deferred", "free", ..] => LineOutcome::Parsed,
            [ref name @ .., pid, bytes] if !self.orphaned => row(clients, line, name, pid, bytes),
            [ref name @ .., pid, bytes, _, _] => row(orphans, line, name, pid, bytes),
            _ => LineOutcome::Ignored,
        }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.orphaned = false;
        for census in self.open.take().into_iter().flatten() {
            // A heap without orphans prints a total of 0, or nothing at all.
            if !census.rows.is_empty() || census.total.is_some() {
                out.census(census);
            }
        }
    }
}

fn row(
    census: &mut LedgerSnapshot,
    line: &LedgerLine<'_>,
    name: &[&str],
    pid: &str,
    bytes: &str,
) -> LineOutcome {
    let (Some(pid), Some(bytes)) = (fields::decimal(pid), fields::decimal(bytes)) else {
        return LineOutcome::Ignored;
    };
    let name = name.join(" ");
    let mut row = LedgerEntry::new(line.place.clone(), &name, 1, bytes);
    row.holder = Some(Holder { pid, comm: name.into() });
    super::add(census, row);
    LineOutcome::Parsed
}
