//! The table of Allwinner's `cpu_monitor -m`, in MB (as in the vendor's guide to memory leaks, 2017).
//!
//! ```text
//! -----H6 AArch64--Mem State (unit:MB)-----
//! Memory-Total: 1986 Swap-Total: 127 Swap-Free: 127 Uma-Total: 245759 Uma-Free: 245600
//! Buffer: 24 KernStack: 2 Shmem: 2 Gpu: 41
//! Ion cma: 0 caverout: 0 system: 58 contig: 0
//! Total-used: 1420 Total-freed: 494 Total-lost: 71
//! Anon Slab Cache Sysfre Cmafre pgal(dm) pgfree pgfalt fimap kswap dirty wback rbio wbio
//! 439 138 713 449 451 561 527 35 0 0 0 0 0 0
//! ```
//!
//! Each line of figures is a snapshot, together with the figures of the last head.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot, SourceLocation};

const MIB: u64 = 1 << 20;

/// Columns with used or free memory, in a line of figures.
const COLUMNS: [&str; 5] = ["Anon", "Slab", "Cache", "Sysfre", "Cmafre"];

#[derive(Default)]
pub(super) struct CpuMonitor {
    head: Vec<(String, u64, SourceLocation)>,
    /// Whether the line with the names of the columns was read.
    named: bool,
    is_reported: bool,
}

impl Parser for CpuMonitor {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if line.text.contains("--Mem State") {
            self.end(out);
            return LineOutcome::Parsed;
        }
        if line.text.starts_with("Memory-Total:") || !self.head.is_empty() && !self.named {
            return self.head(line);
        }
        // A number with a word behind it is of another ledger: `119706 times`.
        let mut words = line.text.split_whitespace().take(2);
        if self.named && words.all(|word| fields::decimal(word).is_some()) && !line.text.is_empty()
        {
            return LineOutcome::from(self.figures(line, out));
        }
        LineOutcome::Ignored
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        if !self.is_reported && !self.head.is_empty() {
            out.census(self.census(self.head[0].2.clone()));
        }
        *self = Self::default();
    }
}

impl CpuMonitor {
    fn head(&mut self, line: &LedgerLine<'_>) -> LineOutcome {
        if line.text.starts_with("Anon") && line.text.contains("Slab") {
            self.named = true;
            return LineOutcome::Parsed;
        }
        if self.head.len() > 64 || !line.text.contains(':') {
            return LineOutcome::Ignored;
        }
        let mut words = line.text.strip_prefix("Ion ").unwrap_or(line.text).split_whitespace();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_suffix(':') else { return LineOutcome::Rejected };
            let value = words.next().and_then(signed);
            let Some(value) = value.and_then(|mb: i64| mb.checked_mul(MIB.cast_signed())) else {
                return LineOutcome::Rejected;
            };
            // Negative if more pages are counted than exist: nothing is lost.
            let bytes = u64::try_from(value).unwrap_or(0);
            self.head.push((name_of(name).to_owned(), bytes, line.place.clone()));
        }
        LineOutcome::Parsed
    }

    fn figures(&mut self, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> Option<()> {
        let mut census = self.census(line.place.clone());
        let mut words = line.text.split_whitespace();
        for name in COLUMNS {
            let bytes = fields::decimal(words.next()?)?.checked_mul(MIB)?;
            census.rows.push(LedgerEntry::new(line.place.clone(), name, 1, bytes));
        }
        self.is_reported = true;
        out.census(census);
        Some(())
    }

    fn census(&self, place: SourceLocation) -> LedgerSnapshot {
        let mut census = LedgerSnapshot::new(LedgerKind::CpuMonitor, "", place);
        let row = |(name, bytes, place): &(String, u64, SourceLocation)| {
            LedgerEntry::new(place.clone(), name, 1, *bytes)
        };
        census.rows.extend(self.head.iter().map(row));
        census
    }
}

fn signed(word: &str) -> Option<i64> {
    let (minus, digits) = word.strip_prefix('-').map_or((false, word), |digits| (true, digits));
    let value = i64::try_from(fields::decimal(digits)?).ok()?;
    Some(if minus { -value } else { value })
}

/// Name of a row; heaps of ion are named as such.
fn name_of(name: &str) -> &str {
    match name {
        "cma" => "ion cma heap",
        "caverout" => "ion carveout heap",
        "system" => "ion system heap",
        "contig" => "ion contig heap",
        name => name,
    }
}
