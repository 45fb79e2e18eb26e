//! Kernel functions whose allocations grow during a run: of a slab cache, or pages.
//!
//! A run observes all functions, and most of their memory is needed: only growth is reported.

use std::collections::BTreeSet;

use crate::{
    growth::{Judgement, report::words as growing},
    model::{
        Evidence, FigureKind, Finding, Kind, Ledger, Listing, NormalWorld, Row, Severity, Unit,
        Verdict,
    },
    normal::{
        draft::{Draft, holding},
        prints::{Counted, Prints},
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
        normal.of(Ledger::SlabCallers).map(|census| census.of.clone()).collect();
    let mut told: Vec<_> = caches.iter().flat_map(|cache| of_cache(normal, cache)).collect();
    told.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    let mut told: Vec<_> = told.into_iter().take(MOST).map(|(_, finding)| finding).collect();
    told.extend(pages(normal));
    told
}

/// Growing functions, each with its last row.
fn grown<'n>(prints: &Prints<'n>) -> Vec<(Counted, &'n Row)> {
    let list = |census: &'n crate::model::Census| {
        census.rows.iter().map(|row| ((row.name.clone(), row.ids.order), row.count)).collect()
    };
    let Some(last) = prints.measured().next_back() else { return Vec::new() };
    let mut all = prints.columns(list, KEYS);
    let rows = last.rows.iter().filter_map(|row| {
        let counted = all.remove(&(row.name.clone(), row.ids.order))?;
        Some((counted, row))
    });
    rows.filter(|(counted, _)| counted.series.gained() > 0.0).collect()
}

fn of_cache(normal: &NormalWorld, cache: &str) -> Vec<(u64, Finding)> {
    let prints = Prints::of(normal, Ledger::SlabCallers, |census| *census.of == *cache);
    let leaks = grown(&prints).into_iter().filter_map(|(counted, row)| {
        let said = counted.judge();
        let (first, last) = counted.ends();
        let rate = said.rate.filter(|_| said.verdict == Verdict::Leak)?;
        let title = format!(
            "{} in {cache}: {} -> {}, {} more per iteration",
            row.name,
            text::number(first),
            text::count(last, "object"),
            text::approximation(rate.value)
        );
        let why = growing::why(&said, &counted.series, "object");
        let draft = draft(Listing::Cache(cache.into()), row, title, (&said, &counted))
            .figures([growing::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration)])
            .figures(growing::about(&said, counted.idle))
            .evidence([Evidence::Text(why.into())]);
        let next = "check its callers: a module must free what it allocates";
        Some((last.saturating_sub(first), draft.next(next)))
    });
    leaks.collect()
}

/// Growth of pages, which are only read at the start and at the end.
fn pages(normal: &NormalWorld) -> Vec<Finding> {
    let prints = Prints::of(normal, Ledger::PageOwner, |_| true);
    let mut told: Vec<_> = grown(&prints)
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
            let draft = draft(Listing::Ledger(Ledger::PageOwner), row, title, (&counted.judge(), &counted));
            let draft =
                draft.text("slow to read, so only read before the first iteration and after the last");
            let next = "check who frees what these functions allocate; more iterations show whether the growth continues";
            (gain >= PAGES).then(|| (gain, draft.next(next)))
        })
        .collect();
    told.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    told.into_iter().take(MOST).map(|(_, finding)| finding).collect()
}

fn draft(
    listing: Listing,
    row: &Row,
    title: String,
    (said, counted): (&Judgement, &Counted),
) -> Draft {
    let leak = said.verdict == Verdict::Leak;
    let severity = if leak { Severity::Failure } else { Severity::Possible };
    let frames = row.stack.iter().filter(|name| !name.starts_with("age "));
    let stack: Vec<_> = frames.take(FRAMES).map(|name| &**name).collect();
    let draft = Draft::new(Kind::SiteGrowth, holding(listing, &row.name, None), severity, title)
        .verdict(said.verdict)
        .figure(FigureKind::InUse, row.count, Unit::Objects)
        .evidence(growing::evidence(&counted.series, counted.first));
    if stack.is_empty() {
        return draft.at("last observed", &row.place);
    }
    draft.at(&format!("last observed, from {}", stack.join(" <- ")), &row.place)
}
