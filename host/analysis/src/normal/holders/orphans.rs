//! ION buffers without a client, and processes that map buffers of the same size.

use std::collections::BTreeMap;

use crate::{
    model::{Census, FigureKind, Finding, Kind, Ledger, Listing, NormalWorld, Severity, Unit},
    normal::draft::{Draft, holding},
    text,
};

/// Maximum number of sizes listed.
const SIZES: usize = 4;

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let last = normal.of(Ledger::IonOrphans).filter(|census| bytes(census) > 0);
    last.map(|census| finding(normal, census)).collect()
}

/// The printed total, which includes rows missing from the text.
fn bytes(census: &Census) -> u64 {
    census.total.unwrap_or_else(|| census.bytes())
}

fn finding(normal: &NormalWorld, census: &Census) -> Finding {
    let orphaned = bytes(census);
    let title = format!(
        "{} bytes of ion heap {} are orphaned: they have no client",
        text::number(orphaned),
        census.of
    );
    let subject = holding(Listing::Ledger(Ledger::IonOrphans), &census.of, None);
    let rows = census.rows.len() as u64;
    let mut draft = Draft::new(Kind::Unpaired, subject, Severity::Failure, title)
        .figure(FigureKind::Orphaned, orphaned, Unit::Bytes)
        .figure(FigureKind::Rows, rows, Unit::Objects)
        .at(
            &format!("printed total of the heap's orphans, with {}", text::count(rows, "row")),
            &census.place,
        );
    if let Some(total) = heap_total(normal, census) {
        draft = draft.text(&format!(
            "that is {} of the {} in the heap",
            text::share(orphaned, total),
            text::bytes(total)
        ));
    }
    draft = draft.text(&format!("last known clients: {}", text::list(&clients(census))));
    for text in mapped(normal, census) {
        draft = draft.text(&text);
    }
    draft.next(
        "a mapping or a descriptor still holds each: look for a missing munmap() or close() in processes with \
         mapped dma-bufs of these sizes, or other than the last known client",
    )
}

fn heap_total(normal: &NormalWorld, census: &Census) -> Option<u64> {
    let same = |heap: &&Census| heap.of == census.of && heap.place.source == census.place.source;
    normal.of(Ledger::IonHeap).find(same)?.total
}

/// Number of rows by size and last known client.
fn clients(census: &Census) -> Vec<String> {
    let mut all: BTreeMap<(String, u64), u64> = BTreeMap::new();
    for row in &census.rows {
        let who = row.holder.as_ref().map_or_else(String::new, text::holder);
        *all.entry((who, row.bytes)).or_default() += 1;
    }
    let mut sorted: Vec<_> = all.into_iter().collect();
    sorted.sort_by_key(|((_, size), times)| std::cmp::Reverse(size.saturating_mul(*times)));
    let one = |((who, size), times): ((String, u64), u64)| {
        format!("{} of {} bytes of {who}", text::count(times, "row"), text::number(size))
    };
    sorted.into_iter().take(SIZES).map(one).collect()
}

/// Mappings of dma-bufs with the size of an orphan.
fn mapped(normal: &NormalWorld, census: &Census) -> Vec<String> {
    let mut told: BTreeMap<(u64, String), (u64, String)> = BTreeMap::new();
    for row in normal.of(Ledger::Mappings).flat_map(|census| &census.rows) {
        if row.bytes == 0 || !census.rows.iter().any(|orphan| orphan.bytes == row.bytes) {
            continue;
        }
        let who = row.holder.as_ref().map_or_else(String::new, text::holder);
        let known = told.entry((row.bytes, who)).or_insert_with(|| (0, text::place(&row.place)));
        known.0 += 1;
    }
    let text = |((size, who), (times, at)): ((u64, String), (u64, String))| {
        let orphans = census.rows.iter().filter(|row| row.bytes == size).count() as u64;
        let who = if who.is_empty() { String::new() } else { format!("{who} has ") };
        format!(
            "{who}{} of {} bytes, the size of {} ({at})",
            text::count(times, "mapping"),
            text::number(size),
            text::count(orphans, "orphan")
        )
    };
    told.into_iter().map(text).collect()
}
