//! Free pages that the pools of ion's system heap keep (vendors' 3.10 to 4.19 kernels,
//! `drivers/staging/android/ion/ion_system_heap.c`, `ion_system_heap_debug_show`).
//!
//! ```text
//! 96 order 9 lowmem pages in cached pool = 201326592 total
//! 2 order 9 highmem pages in uncached pool = 4194304 total
//! ```
//!
//! They stand behind a heap's clients. Nobody uses these pages; only the shrinker gives them back.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct IonPools {
    open: Option<LedgerSnapshot>,
}

impl Parser for IonPools {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let Some(row) = pool(line) else { return self.other(line) };
        let is_again = |census: &LedgerSnapshot| {
            let has = |known: &LedgerEntry| {
                known.name == row.name
                    && known.ids.order == row.ids.order
                    && known.exporter == row.exporter
            };
            census.rows.iter().any(has)
        };
        if self.open.as_ref().is_some_and(is_again) {
            self.end(out);
        }
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::IonPools, context.name(), line.place.clone())
        });
        super::add(census, row);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

impl IonPools {
    /// Sums and rules between the pools.
    fn other(&mut self, line: &LedgerLine<'_>) -> LineOutcome {
        let Some(census) = &mut self.open else { return LineOutcome::Ignored };
        let text = line.text.trim();
        if text.starts_with("pool total") || text.starts_with("total pool") {
            census.total = text.rsplit([' ', '=', ':']).next().and_then(fields::decimal);
            return LineOutcome::from(census.total);
        }
        let is_rule = text.is_empty() || text.bytes().all(|byte| byte == b'-');
        let is_sum = text.contains("pool")
            && text.split_whitespace().any(|word| fields::decimal(word).is_some());
        if is_rule || is_sum { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }
}

/// `96 order 9 lowmem pages in cached pool = 201326592 total`, with the domain in front of secure pools.
fn pool(line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let (domain, text) = match line.text.trim().strip_prefix("VMID") {
        Some(rest) => rest.split_once(':').map(|(domain, rest)| (domain.trim(), rest.trim()))?,
        None => ("", line.text.trim()),
    };
    let (head, total) = text.split_once(" = ")?;
    let bytes = fields::decimal(total.split_whitespace().next()?)?;
    let (count, rest) = head.split_once(" order ")?;
    let (order, rest) = rest.split_once(' ')?;
    let (zone, name) = rest.split_once(" pages in ")?;
    let mut row =
        LedgerEntry::new(line.place.clone(), name.trim(), fields::decimal(count.trim())?, bytes);
    row.ids.order = fields::decimal(order).and_then(|order| u32::try_from(order).ok());
    row.exporter = format!("{zone}{domain}").into();
    row.users.extend((!domain.is_empty()).then(|| format!("VMID {domain}").into()));
    Some(row)
}
