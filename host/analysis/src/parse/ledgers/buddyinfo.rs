//! `/proc/buddyinfo`: free blocks of each zone by order, 4 KiB times a power of two
//! (Linux `mm/vmstat.c`, `frag_show_print`).
//!
//! ```text
//! Node 0, zone   Normal   4381   2110    801    302     99     31      9      3      1      0      0
//! ```
//!
//! Several snapshots may follow each other: a zone that repeats starts the next one.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

/// Bytes of a page, as on all platforms that OP-TEE runs on with Linux's default.
const PAGE: u64 = 4096;

/// Most orders; no kernel has as many.
const ORDERS: usize = 16;

#[derive(Default)]
pub(super) struct BuddyInfo {
    open: Option<LedgerSnapshot>,
}

impl Parser for BuddyInfo {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let Some(rest) = line.text.strip_prefix("Node ") else { return LineOutcome::Ignored };
        let Some((node, rest)) = rest.split_once(", zone ") else { return LineOutcome::Ignored };
        let mut words = rest.split_whitespace();
        let zone = words.next().unwrap_or_default();
        let counts: Option<Vec<u64>> = words.map(fields::decimal).collect();
        let counts = counts.filter(|counts| !counts.is_empty() && counts.len() <= ORDERS);
        let Some(counts) = counts.filter(|_| fields::decimal(node).is_some()) else {
            // `pagetypeinfo` has lines with the same start.
            return if rest.contains(", type") {
                LineOutcome::Ignored
            } else {
                LineOutcome::Rejected
            };
        };
        let name = format!("node {node} zone {zone}");
        let has_zone = |census: &LedgerSnapshot| census.rows.iter().any(|row| *row.name == name);
        if self.open.as_ref().is_some_and(has_zone) {
            self.end(out);
        }
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::BuddyInfo, "", line.place.clone())
        });
        for (order, count) in (0u32..).zip(counts) {
            let bytes = count.saturating_mul(PAGE << order);
            let mut row = LedgerEntry::new(line.place.clone(), &name, count, bytes);
            row.ids.order = Some(order);
            super::add(census, row);
        }
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}
