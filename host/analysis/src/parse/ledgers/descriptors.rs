//! Descriptors of all processes, as teeleak's live source joins `/proc/PID/fd`, `limits` and `stat`: the
//! kernel has no such file.
//!
//! ```text
//! descriptors of processes:
//! pid 29202 start 812345 fds 17 limit 1024 comm camerahalserver
//!  12 /dev/null
//!  5 socket
//! ```
//!
//! Targets of descriptors are listed for inspected processes. `start` is field 22 of `stat`, in clock ticks
//! since boot; `limit` is the soft limit of open files, `-` if unlimited or unreadable.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

/// The first lines of such texts.
const TITLES: [(&str, LedgerKind); 2] = [
    ("descriptors of processes:", LedgerKind::Descriptors),
    ("descriptors of tee-supplicant:", LedgerKind::Supplicant),
];

#[derive(Default)]
pub(super) struct Descriptors {
    open: Option<LedgerSnapshot>,
}

impl Parser for Descriptors {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if let Some((_, ledger)) = TITLES.iter().find(|(title, _)| line.raw == *title) {
            self.end(out);
            self.open = Some(LedgerSnapshot::new(*ledger, "", line.place.clone()));
            return LineOutcome::Parsed;
        }
        let Some(census) = &mut self.open else { return LineOutcome::Ignored };
        let row = match line.raw.strip_prefix(' ') {
            Some(kind) => super::descriptors::kind(kind, line, census),
            None if line.raw.starts_with("pid ") => process(line),
            None => return LineOutcome::Ignored,
        };
        let Some(row) = row else { return LineOutcome::Rejected };
        super::add(census, row);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

fn process(line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let (figures, comm) = line.raw.split_once(" comm ").unwrap_or((line.raw, ""));
    let pid = fields::number_after(figures, "pid ")?;
    let mut row =
        LedgerEntry::new(line.place.clone(), "", fields::number_after(figures, "fds ")?, 0);
    row.holder = Some(Holder { pid, comm: comm.into() });
    row.ids.start = fields::number_after(figures, "start ");
    row.ids.limit = fields::number_after(figures, "limit ");
    Some(row)
}

/// Row of a target: how many descriptors of the last process refer to it.
fn kind(text: &str, line: &LedgerLine<'_>, census: &LedgerSnapshot) -> Option<LedgerEntry> {
    let (count, name) = text.split_once(' ')?;
    let owner = census.rows.last()?;
    let mut row = LedgerEntry::new(line.place.clone(), name, fields::decimal(count)?, 0);
    (row.holder, row.ids.start) = (owner.holder.clone(), owner.ids.start);
    Some(row).filter(|_| !name.is_empty())
}
