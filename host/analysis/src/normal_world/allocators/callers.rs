//! Kernel functions whose allocations grow during a run: of a slab cache, or pages.
//!
//! A run observes all functions, and most of their memory is needed: only growth is reported.

use std::collections::BTreeSet;

use crate::{
    growth::{Judgement, report::words as growing},
    model::{
        Evidence, FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, Listing, NormalWorld,
        Severity, Unit, Verdict,
    },
    normal_world::{
        finding_builder::{FindingBuilder, holding},
        snapshots::{CountSeries, SnapshotSeries},
    },
    text,
};

/// Maximum number of findings per ledger, by gain.
const MOST: usize = 5;

/// Maximum number of functions per cache.
const KEYS: usize = 1 << 16;

/// Minimum gain of a function over a run, in bytes of pages.
const PAGES: u64 = 4 << 20;

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Maximum number of stack frames shown.
const FRAMES: usize = 8;

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let caches: BTreeSet<_> =
        normal.snapshots(LedgerKind::SlabCallers).map(|census| census.of.clone()).collect();
    let mut ranked_findings: Vec<_> =
        caches.iter().flat_map(|cache| of_cache(normal, cache)).collect();
    ranked_findings.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    let mut findings: Vec<_> =
        ranked_findings.into_iter().take(MOST).map(|(_, finding)| finding).collect();
    findings.extend(pages(normal));
    findings
}

/// Growing functions, each with its last row.
fn growing_rows<'n>(prints: &SnapshotSeries<'n>) -> Vec<(CountSeries, &'n LedgerEntry)> {
    let list = |census: &'n crate::model::LedgerSnapshot| {
        census.rows.iter().map(|row| ((row.name.clone(), row.ids.order), row.count)).collect()
    };
    let Some(last) = prints.snapshots().next_back() else { return Vec::new() };
    let mut columns = prints.columns(list, KEYS);
    let rows = last.rows.iter().filter_map(|row| {
        let column = columns.remove(&(row.name.clone(), row.ids.order))?;
        Some((column, row))
    });
    rows.filter(|(counted, _)| counted.series.gain() > 0.0).collect()
}

fn of_cache(normal: &NormalWorld, cache: &str) -> Vec<(u64, Finding)> {
    let prints =
        SnapshotSeries::new(normal, LedgerKind::SlabCallers, |census| *census.of == *cache);
    let leaks = growing_rows(&prints).into_iter().filter_map(|(counted, row)| {
        let judgement = counted.judge();
        let (first, last) = counted.ends();
        let rate = judgement.rate.filter(|_| judgement.verdict == Verdict::Leak)?;
        let title = format!(
            "{} in {cache}: {} -> {}, {} more per iteration",
            row.name,
            text::number(first),
            text::count(last, "object"),
            text::approximation(rate.value)
        );
        let reason = growing::reason(&judgement, &counted.series, "object");
        let draft = draft(Listing::Cache(cache.into()), row, title, (&judgement, &counted))
            .figures([growing::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration)])
            .figures(growing::judgement_figures(&judgement, counted.idle))
            .evidence([Evidence::Text(reason.into())]);
        let next = "check its callers: a module must free what it allocates";
        Some((last.saturating_sub(first), draft.next(next)))
    });
    leaks.collect()
}

/// Growth of pages, which are only read at the start and at the end.
fn pages(normal: &NormalWorld) -> Vec<Finding> {
    let prints = SnapshotSeries::new(normal, LedgerKind::PageOwner, |_| true);
    let mut ranked_findings: Vec<_> = growing_rows(&prints)
        .into_iter()
        .filter_map(|(counted, row)| {
            let (first, last) = counted.ends();
            let block = PAGE << row.ids.order.unwrap_or(0);
            let gain = last.saturating_sub(first).saturating_mul(block);
            let title = format!(
                "{}: {} -> {} of pages, of {} bytes each, {} more since the run began",
                row.name,
                text::number(first),
                text::count(last, "block"),
                text::number(block),
                text::bytes(gain)
            );
            let draft = draft(Listing::Ledger(LedgerKind::PageOwner), row, title, (&counted.judge(), &counted));
            let draft =
                draft.text("slow to read, so only read before the first iteration and after the last");
            let next = "check who frees what these functions allocate; more iterations show whether the growth continues";
            (gain >= PAGES).then(|| (gain, draft.next(next)))
        })
        .collect();
    ranked_findings.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    ranked_findings.into_iter().take(MOST).map(|(_, finding)| finding).collect()
}

fn draft(
    listing: Listing,
    row: &LedgerEntry,
    title: String,
    (said, counted): (&Judgement, &CountSeries),
) -> FindingBuilder {
    let leak = said.verdict == Verdict::Leak;
    let severity = if leak { Severity::Failure } else { Severity::Possible };
    let frames = row.stack.iter().filter(|name| !name.starts_with("age "));
    let stack: Vec<_> = frames.take(FRAMES).map(|name| &**name).collect();
    let draft = FindingBuilder::new(
        FindingKind::SiteGrowth,
        holding(listing, &row.name, None),
        severity,
        title,
    )
    .verdict(said.verdict)
    .figure(FigureKind::InUse, row.count, Unit::Objects)
    .evidence(growing::evidence(&counted.series, counted.first));
    if stack.is_empty() {
        return draft.evidence_at("last observed", &row.place);
    }
    draft.evidence_at(&format!("last observed, from {}", stack.join(" <- ")), &row.place)
}
