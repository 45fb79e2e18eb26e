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
//!
//!           client(        dbg_name)              pid             size address        MediaTek's
//!   surfaceflinger(        gralloc)              611         41779200 0xffffffc0b3c4f000
//! ```

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct IonHeap {
    open: Option<[LedgerSnapshot; 2]>,
    orphaned: bool,
    columns: HeapColumns,
}

impl IonHeap {
    /// A head of columns: that of the heap, or another one of its orphans.
    fn head(
        &mut self,
        columns: HeapColumns,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let is_of_orphans = self.orphaned
            && self
                .open
                .as_ref()
                .is_some_and(|[_, orphans]| orphans.rows.is_empty() && orphans.total.is_none());
        if !is_of_orphans {
            self.end(out);
            let begin = |ledger| LedgerSnapshot::new(ledger, context.name(), line.place.clone());
            self.open = Some([LedgerKind::IonHeap, LedgerKind::IonOrphans].map(begin));
        }
        self.columns = columns;
        LineOutcome::Parsed
    }
}

impl Parser for IonHeap {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let words: Vec<_> = line.text.split_whitespace().collect();
        if let Some(columns) = HeapColumns::new(&words) {
            return self.head(columns, line, context, out);
        }
        let Some([clients, orphans]) = &mut self.open else { return LineOutcome::Ignored };
        if line.text.starts_with("orphaned allocations") {
            self.columns = HeapColumns::of_orphans();
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
            _ => {
                let Some(row) = self.columns.row(&words, line) else { return LineOutcome::Ignored };
                // A buffer that a process uses has an owner, if no handle of ion any more.
                let is_used = row.holder.is_some() && self.columns.has_user;
                super::add(if self.orphaned && !is_used { orphans } else { clients }, row);
                LineOutcome::Parsed
            }
        }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.orphaned = false;
        let Some([clients, mut orphans]) = self.open.take() else { return };
        // Their printed total includes those that a process uses.
        let is_used = self.columns.has_user && orphans.rows.is_empty() && !clients.rows.is_empty();
        orphans.total = orphans.total.map(|total| if is_used { 0 } else { total });
        for census in [clients, orphans] {
            // A heap without orphans prints a total of 0, or nothing at all.
            if !census.rows.is_empty() || census.total.is_some() {
                out.census(census);
            }
        }
    }
}

/// Where the parts of a row stand, counted from its end, since names may have blanks.
#[derive(Clone, Copy, Default)]
struct HeapColumns {
    pid: usize,
    bytes: usize,
    /// Number of columns behind the name.
    behind: usize,
    /// Name and number of the process that uses it now stand beside those of the client.
    user: usize,
    has_user: bool,
    /// The name that a client goes by stands in brackets behind its own.
    has_brackets: bool,
}

impl HeapColumns {
    /// Of a head: `client pid size`, with other columns of vendors.
    fn new(words: &[&str]) -> Option<Self> {
        let at = |name: &str| words.iter().position(|word| *word == name);
        let from_end = |name| at(name).map(|at| words.len() - at);
        // MediaTek's have the name that a client goes by in brackets behind its own.
        let names = match *words.first()? {
            "client" => 1,
            "client(" => words.iter().position(|word| word.ends_with(')'))? + 1,
            _ => return None,
        };
        let (pid, bytes) = (from_end("pid")?, from_end("size")?);
        let (behind, user) = (words.len() - names, from_end("user_pid"));
        (words.len() < 16).then_some(Self {
            pid,
            bytes,
            behind,
            user: user.unwrap_or(0),
            has_user: user.is_some(),
            has_brackets: names > 1,
        })
    }

    /// Orphans have no head, and counts of mappings and handles.
    const fn of_orphans() -> Self {
        Self { pid: 4, bytes: 3, behind: 4, user: 0, has_user: false, has_brackets: false }
    }

    fn row(&self, words: &[&str], line: &LedgerLine<'_>) -> Option<LedgerEntry> {
        let names = words.len().checked_sub(self.behind).filter(|names| *names > 0)?;
        let number =
            |from_end: usize| fields::decimal(words.get(words.len().checked_sub(from_end)?)?);
        let (pid, bytes) = (number(self.pid)?, number(self.bytes)?);
        let name = words[..names].join(" ");
        if self.has_brackets && !name.ends_with(')') {
            return None;
        }
        let (name, other_name) = bracketed(&name);
        let mut row = LedgerEntry::new(line.place.clone(), name, 1, bytes);
        let client = Holder { pid, comm: name.into() };
        row.users.extend(other_name.map(|other| format!("as {other}").into()));
        if self.has_user {
            let user_name = words.get(words.len().checked_sub(self.user + 1)?)?;
            row.users.push(format!("allocated by {}", crate::text::holder(&client)).into());
            row.holder = number(self.user)
                .filter(|pid| *pid > 0)
                .map(|pid| Holder { pid, comm: (*user_name).into() });
        } else {
            row.holder = Some(client);
        }
        Some(row)
    }
}

/// The two names of `surfaceflinger( gralloc)`.
fn bracketed(name: &str) -> (&str, Option<&str>) {
    let parts = name.strip_suffix(')').and_then(|name| name.split_once('('));
    let Some((name, other)) = parts else { return (name, None) };
    let (name, other) = (name.trim(), other.trim());
    (name, Some(other).filter(|other| !other.is_empty() && *other != name))
}
