//! `/proc/meminfo`: `MemTotal:        1009276 kB` (Linux `fs/proc/meminfo.c`, any release).
//!
//! Several snapshots may follow each other: each starts with `MemTotal`. Teeleak's live source appends how
//! much of the shared and the anonymous memory is its own, which is then counted as free.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct MemInfo {
    open: Option<LedgerSnapshot>,
}

/// Fields that are read; the others do not measure used memory.
const FIELDS: [&str; 26] = [
    OWN_SHARED_MEMORY,
    OWN_ANONYMOUS_MEMORY,
    "MemTotal",
    "MemFree",
    "MemAvailable",
    "Buffers",
    "Cached",
    "SwapCached",
    "SwapTotal",
    "SwapFree",
    "AnonPages",
    "Mapped",
    "Shmem",
    "Slab",
    "SReclaimable",
    "SUnreclaim",
    "KReclaimable",
    "KernelStack",
    "PageTables",
    "VmallocUsed",
    "Percpu",
    "CmaTotal",
    "CmaFree",
    "IonTotalUsed",
    "GPUTotalUsed",
    "SecPageTables",
];

/// Shared memory that is teeleak's own.
pub const OWN_SHARED_MEMORY: &str = "TeeleakShmem";

/// Anonymous memory that is teeleak's own.
pub const OWN_ANONYMOUS_MEMORY: &str = "TeeleakAnon";

/// Lines that the live source appends, each with the fields that include it.
const OWN: [(&str, &[&str]); 2] =
    [(OWN_SHARED_MEMORY, &["Shmem", "Cached"]), (OWN_ANONYMOUS_MEMORY, &["AnonPages"])];

/// Fields that would include it if it were free.
const EXCLUDING: [&str; 2] = ["MemFree", "MemAvailable"];

/// Counts teeleak's own memory as free.
fn without_own(mut census: LedgerSnapshot) -> LedgerSnapshot {
    for (own, including) in OWN {
        let of_own = |row: &&LedgerEntry| &*row.name == own;
        let bytes = census.rows.iter().filter(of_own).map(|row| row.bytes).max().unwrap_or(0);
        census.rows.retain(|row| !of_own(&row));
        for row in &mut census.rows {
            if including.contains(&&*row.name) {
                row.bytes = row.bytes.saturating_sub(bytes);
            } else if EXCLUDING.contains(&&*row.name) {
                row.bytes = row.bytes.saturating_add(bytes);
            }
        }
    }
    census
}

impl Parser for MemInfo {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let Some((name, value)) = line.text.split_once(':') else { return LineOutcome::Ignored };
        let is_known = FIELDS.contains(&name);
        let has_unit = value.trim_end().ends_with(" kB");
        // Through grep there may be any of the rows, in their order: one that comes again starts the next print.
        let is_again = |census: &LedgerSnapshot| census.rows.iter().any(|row| *row.name == *name);
        if is_known && has_unit && self.open.as_ref().is_some_and(is_again) {
            self.end(out);
        }
        if !is_known || (name != "MemTotal" && self.open.is_none() && !has_unit) {
            let is_field = self.open.is_some() && has_unit;
            return if is_field { LineOutcome::Parsed } else { LineOutcome::Ignored };
        }
        let mut words = value.split_whitespace();
        let number = words.next().and_then(fields::decimal).filter(|_| words.next() == Some("kB"));
        if name == "MemTotal" {
            self.end(out);
        }
        let Some(bytes) = number.and_then(|kib| kib.checked_mul(1024)) else {
            return LineOutcome::Rejected;
        };
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::MemInfo, "", line.place.clone())
        });
        census.rows.push(LedgerEntry::new(line.place.clone(), name, 1, bytes));
        if census.rows.len() > FIELDS.len() { LineOutcome::Rejected } else { LineOutcome::Parsed }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(without_own(census)));
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::ledgers::LedgerReader;

    fn bytes(text: &str) -> Vec<(String, u64)> {
        let mut reader = LedgerReader::new("meminfo");
        text.lines().for_each(|line| reader.line(line.as_bytes()));
        let census = reader.finish().censuses.remove(0);
        census.rows.iter().map(|row| (row.name.to_string(), row.bytes / 1024)).collect()
    }

    #[test]
    fn memory_of_teeleak_itself_is_free() {
        let text = "MemTotal: 9000 kB\nMemFree: 3000 kB\nCached: 2000 kB\nShmem: 1500 kB\n";
        let own = format!("{text}TeeleakShmem: 1024 kB\n");
        let named = |figures: [(&str, u64); 4]| figures.map(|(name, kib)| (name.to_owned(), kib));
        let [total, free] = [("MemTotal", 9000), ("MemFree", 3000)];
        assert_eq!(bytes(text), named([total, free, ("Cached", 2000), ("Shmem", 1500)]));
        let without = [total, ("MemFree", 4024), ("Cached", 976), ("Shmem", 476)];
        assert_eq!(bytes(&own), named(without));
        let processes = "MemTotal: 9000 kB\nMemFree: 3000 kB\nAnonPages: 800 kB\n";
        let own = format!("{processes}TeeleakAnon: 300 kB\n");
        let without = [total, ("MemFree", 3300), ("AnonPages", 500)];
        assert_eq!(bytes(&own), without.map(|(name, kib)| (name.to_owned(), kib)));
    }
}
