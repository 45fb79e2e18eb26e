//! ION buffers without a client, and processes that map buffers of the same size.

use std::collections::BTreeMap;

use crate::{
    model::{
        FigureKind, Finding, FindingKind, LedgerKind, LedgerSnapshot, Listing, NormalWorld,
        Severity, Unit,
    },
    normal_world::finding_builder::{FindingBuilder, holding},
    text,
};

/// Maximum number of sizes listed.
const SIZES: usize = 4;

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let last = normal.snapshots(LedgerKind::IonOrphans).filter(|census| bytes(census) > 0);
    last.map(|census| finding(normal, census)).collect()
}

/// The printed total, which includes rows missing from the text.
fn bytes(census: &LedgerSnapshot) -> u64 {
    census.total.unwrap_or_else(|| census.bytes())
}

fn finding(normal: &NormalWorld, census: &LedgerSnapshot) -> Finding {
    let orphan_bytes = bytes(census);
    let title = format!(
        "{} bytes of ion heap {} are orphaned: they have no client",
        text::number(orphan_bytes),
        census.of
    );
    let subject = holding(Listing::Ledger(LedgerKind::IonOrphans), &census.of, None);
    let rows = census.rows.len() as u64;
    let mut draft = FindingBuilder::new(FindingKind::Unpaired, subject, Severity::Failure, title)
        .figure(FigureKind::Orphaned, orphan_bytes, Unit::Bytes)
        .figure(FigureKind::Rows, rows, Unit::Objects)
        .evidence_at(
            &format!("printed total of the heap's orphans, with {}", text::count(rows, "row")),
            &census.place,
        );
    if let Some(total) = heap_total(normal, census) {
        draft = draft.text(&format!(
            "that is {} of the {} in the heap",
            text::share(orphan_bytes, total),
            text::bytes(total)
        ));
    }
    draft = draft.text(&format!("last known clients: {}", text::list(&clients(census))));
    for text in mapping_lines(normal, census) {
        draft = draft.text(&text);
    }
    draft.next(
        "a mapping or a descriptor still holds each: look for a missing munmap() or close() in processes with \
         mapped dma-bufs of these sizes, or other than the last known client",
    )
}

fn heap_total(normal: &NormalWorld, census: &LedgerSnapshot) -> Option<u64> {
    let is_same_heap =
        |heap: &&LedgerSnapshot| heap.of == census.of && heap.place.source == census.place.source;
    normal.snapshots(LedgerKind::IonHeap).find(is_same_heap)?.total
}

/// Number of rows by size and last known client.
fn clients(census: &LedgerSnapshot) -> Vec<String> {
    let mut counts: BTreeMap<(String, u64), u64> = BTreeMap::new();
    for row in &census.rows {
        let holder_text = row.holder.as_ref().map_or_else(String::new, text::holder);
        *counts.entry((holder_text, row.bytes)).or_default() += 1;
    }
    let mut ranking: Vec<_> = counts.into_iter().collect();
    ranking.sort_by_key(|((_, size), times)| std::cmp::Reverse(size.saturating_mul(*times)));
    let line = |((who, size), times): ((String, u64), u64)| {
        format!("{} of {} bytes of {who}", text::count(times, "row"), text::number(size))
    };
    ranking.into_iter().take(SIZES).map(line).collect()
}

/// Mappings of dma-bufs with the size of an orphan.
fn mapping_lines(normal: &NormalWorld, census: &LedgerSnapshot) -> Vec<String> {
    let mut mappings: BTreeMap<(u64, String), (u64, String)> = BTreeMap::new();
    for row in normal.snapshots(LedgerKind::Mappings).flat_map(|census| &census.rows) {
        if row.bytes == 0 || !census.rows.iter().any(|orphan| orphan.bytes == row.bytes) {
            continue;
        }
        let holder_text = row.holder.as_ref().map_or_else(String::new, text::holder);
        let entry = mappings
            .entry((row.bytes, holder_text))
            .or_insert_with(|| (0, text::place(&row.place)));
        entry.0 += 1;
    }
    let text = |((size, who), (times, at)): ((u64, String), (u64, String))| {
        let orphans = census.rows.iter().filter(|row| row.bytes == size).count() as u64;
        let prefix = if who.is_empty() { String::new() } else { format!("{who} has ") };
        format!(
            "{prefix}{} of {} bytes, the size of {} ({at})",
            text::count(times, "mapping"),
            text::number(size),
            text::count(orphans, "orphan")
        )
    };
    mappings.into_iter().map(text).collect()
}
