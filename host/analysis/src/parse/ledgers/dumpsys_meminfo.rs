//! Android's `dumpsys meminfo`: of all processes, or of one (`android.os.Debug`, `ActivityManagerService`).
//!
//! ```text
//! Total PSS by process:                            ** MEMINFO in pid 1893 [com.tv.guide] **
//!     181,204K: system (pid 611)                      Native Heap    61204    61188        0 ...
//!      91416 kB: surfaceflinger (pid 433)             TOTAL   118444   100232     9120 ...
//!  Lost RAM:   771,188K
//! ```
//!
//! The lists by category and by priority show the same memory again.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

/// What its first lines have.
pub(super) const OPENINGS: [&str; 3] = [" by process:", "** MEMINFO in pid ", "Lost RAM:"];

/// What the rows of a list are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListKind {
    Processes,
    /// Kinds of memory of one process.
    Areas,
}

#[derive(Default)]
pub(super) struct DumpsysMeminfo {
    open: Option<(ListKind, LedgerSnapshot)>,
}

impl Parser for DumpsysMeminfo {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim();
        if let Some((kind, title)) = head(text) {
            self.end(out);
            let begin = LedgerSnapshot::new(LedgerKind::Table, &title, line.place.clone());
            self.open = Some((kind, begin));
            return LineOutcome::Parsed;
        }
        if let Some(lost) = text.strip_prefix("Lost RAM:") {
            self.end(out);
            return LineOutcome::from(
                kibibytes(lost).map(|bytes| out.census(lost_ram(line, bytes))),
            );
        }
        let Some((kind, census)) = &mut self.open else { return LineOutcome::Ignored };
        // The sum of a process ends its list.
        if text.is_empty() || text.starts_with("Total ") || text.starts_with("TOTAL") {
            self.end(out);
            return LineOutcome::Parsed;
        }
        let row = match kind {
            ListKind::Processes => process(text, line),
            ListKind::Areas => area(text, line),
        };
        let Some(row) = row else { return LineOutcome::Ignored };
        super::add(census, row);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        let census = self.open.take().map(|(_, census)| census);
        census.filter(|census| !census.rows.is_empty()).into_iter().for_each(|one| out.census(one));
    }
}

/// What begins with a line, and what it is called.
fn head(text: &str) -> Option<(ListKind, String)> {
    if let Some(what) =
        text.strip_prefix("Total ").and_then(|rest| rest.strip_suffix(" by process:"))
    {
        return Some((ListKind::Processes, format!("dumpsys meminfo, {what} by process")));
    }
    let pid = fields::number_after(text.strip_prefix("** MEMINFO in ")?, "pid ")?;
    Some((ListKind::Areas, format!("dumpsys meminfo of pid {pid}")))
}

fn lost_ram(line: &LedgerLine<'_>, bytes: u64) -> LedgerSnapshot {
    let title = "dumpsys meminfo, on nobody's account";
    let mut census = LedgerSnapshot::new(LedgerKind::Table, title, line.place.clone());
    census.rows.push(LedgerEntry::new(line.place.clone(), "lost RAM", 1, bytes));
    census
}

/// `181,204K: system (pid 611 / activities)`.
fn process(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let (size, rest) = text.split_once(": ")?;
    let (comm, number) = rest.split_once(" (pid ")?;
    let pid = fields::decimal(number.split([' ', ')']).next()?)?;
    let mut row = LedgerEntry::new(line.place.clone(), comm, 1, kibibytes(size)?);
    row.holder = Some(Holder { pid, comm: comm.into() });
    Some(row)
}

/// `Native Heap 61204 61188 ...`: the first figure is what counts for this process.
fn area(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let words: Vec<_> = text.split_whitespace().collect();
    let names = words.iter().position(|word| fields::decimal(word).is_some())?;
    let bytes = fields::decimal(words.get(names)?)?.checked_mul(1024)?;
    (names > 0).then(|| LedgerEntry::new(line.place.clone(), &words[..names].join(" "), 1, bytes))
}

/// `181,204K` or `91416 kB`.
fn kibibytes(text: &str) -> Option<u64> {
    let word = text.trim().split([' ', '(']).next()?.replace(',', "");
    fields::decimal(word.strip_suffix('K').unwrap_or(&word))?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use crate::parse::ledgers::LedgerReader;

    #[test]
    fn each_process_counts_once() {
        let mut reader = LedgerReader::new("report");
        let text = "Total PSS by process:\n    181,204K: system (pid 611)\n  91416 kB: a b (pid 433 / x)\n\n\
                    Total PSS by OOM adjustment:\n    181,204K: Native\n        91,416K: system (pid 611)\n\
                    Lost RAM: 1,024K\n";
        text.lines().for_each(|line| reader.line(line.as_bytes()));
        let world = reader.finish();
        let bytes: Vec<_> = world.censuses.iter().map(|one| one.bytes() / 1024).collect();
        assert_eq!(bytes, [181_204 + 91_416, 1024]);
    }
}
