//! Kernel functions that allocated the memory in use: slab objects, pages, unreferenced objects.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    growth,
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind,
        LedgerSnapshot, Listing, LogFact, LogRecord, NormalWorld, Severity, Unit, Verdict,
    },
    normal_world::{
        facts::is_page_fault,
        finding_builder::{FindingBuilder, holding},
        snapshots::{CountSeries, SnapshotSeries},
    },
    text,
};

/// Minimum share of a cache, or of all pages, to report a site, in percent.
const STANDS_OUT: u64 = 50;

/// Minimum bytes of a site of `page_owner`.
const PAGES: u64 = 16 << 20;

/// Minimum objects of a site of a slab cache.
const OBJECTS: u64 = 10_000;

/// Maximum number of stack frames shown.
const FRAMES: usize = 8;

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut findings = unreferenced(normal);
    if crate::normal_world::live(normal) {
        return findings;
    }
    let callers = newest(normal, LedgerKind::SlabCallers);
    findings.extend(callers.into_iter().filter_map(|census| caller(normal, census)));
    let owners = newest(normal, LedgerKind::PageOwner);
    findings.extend(owners.into_iter().filter_map(|census| pages(normal, census)));
    findings
}

/// The last snapshot of each cache.
fn newest(normal: &NormalWorld, ledger: LedgerKind) -> Vec<&LedgerSnapshot> {
    let last_by_name: BTreeMap<_, _> =
        normal.snapshots(ledger).map(|census| (&*census.of, census)).collect();
    last_by_name.into_values().collect()
}

/// The values of one name over the snapshots of a ledger; 0 if a snapshot lacks it.
fn series(normal: &NormalWorld, ledger: LedgerKind, of: &str, name: &str) -> CountSeries {
    SnapshotSeries::new(normal, ledger, |census| *census.of == *of).values(|census| {
        let rows = census.rows.iter().filter(|row| *row.name == *name);
        Some(rows.fold(0u64, |sum, row| sum.saturating_add(row.count)))
    })
}

/// Severity, verdict and evidence of a series.
fn judge(counted: &CountSeries) -> (Severity, Verdict, Vec<Evidence>) {
    let series = &counted.series;
    if series.points().count() < 2 {
        let text = "one snapshot can't show growth: take another one after the same work";
        return (Severity::Possible, Verdict::Undecided, vec![Evidence::Text(text.into())]);
    }
    let judgement = growth::judge(series);
    let severity = match judgement.verdict {
        Verdict::Leak => Severity::Failure,
        Verdict::Undecided => Severity::Possible,
        _ => Severity::Note,
    };
    let reason = growth::report::words::reason(&judgement, series, "object");
    let mut evidence = vec![Evidence::Text(reason.into())];
    evidence.extend(growth::report::words::evidence(series, counted.first));
    (severity, judgement.verdict, evidence)
}

fn caller(normal: &NormalWorld, census: &LedgerSnapshot) -> Option<Finding> {
    let row = census.rows.iter().max_by_key(|row| row.count)?;
    let total = census.rows.iter().fold(0u64, |sum, row| sum.saturating_add(row.count));
    if row.count < OBJECTS || row.count.saturating_mul(100) < total.saturating_mul(STANDS_OUT) {
        return None;
    }
    let (severity, verdict, evidence) =
        judge(&series(normal, census.ledger, &census.of, &row.name));
    let name = plain(&row.name);
    let (held, share) = (text::count(row.count, "object"), text::share(row.count, total));
    let bytes = if row.bytes > 0 { format!(", {}", text::bytes(row.bytes)) } else { String::new() };
    let cache =
        if census.of.is_empty() { "a cache that the text does not name" } else { &census.of };
    let title = format!("{name} in {cache}: {held}{bytes}, {share} of the cache");
    let ages = row.stack.first().map_or(String::new(), |ages| format!(", {ages}"));
    let mut draft = FindingBuilder::new(
        FindingKind::SiteGrowth,
        holding(Listing::Cache(census.of.clone()), name, None),
        severity,
        title,
    )
    .verdict(verdict)
    .figure(FigureKind::Objects, row.count, Unit::Objects)
    .figures((row.bytes > 0).then(|| Figure::new(FigureKind::InUse, row.bytes as f64, Unit::Bytes)))
    .evidence_at(
        &format!("alloc_calls: {} {}{ages}", text::number(row.count), row.name),
        &row.place,
    )
    .evidence(evidence);
    for (stack, place, times) in traced_stacks(normal, census, name) {
        let text = format!("traced {}: {}", text::count(times, "time"), stack);
        draft = draft.evidence_at(&text, place);
    }
    Some(draft.next("trace the cache (slub_debug=T) and check the callers: a module must free what it allocates"))
}

/// A function name without suffixes of the compiler.
fn plain(name: &str) -> &str {
    let end = [".isra.", ".part.", ".constprop.", ".cold"]
        .iter()
        .filter_map(|made| name.find(made))
        .min();
    &name[..end.unwrap_or(name.len())]
}

/// Traced allocations of this site, grouped by call stack.
fn traced_stacks<'n>(
    normal: &'n NormalWorld,
    census: &LedgerSnapshot,
    site: &str,
) -> Vec<(String, &'n crate::model::SourceLocation, u64)> {
    let mut stacks: BTreeMap<String, (&crate::model::SourceLocation, u64)> = BTreeMap::new();
    for LogRecord { place, said, .. } in &normal.sayings {
        let LogFact::Allocated { cache, stack } = said else { continue };
        let index = stack.iter().position(|name| plain(name) == site);
        let Some(at) = index.filter(|_| census.of.is_empty() || **cache == *census.of) else {
            continue;
        };
        let callers: Vec<_> = stack[at..].iter().take(FRAMES).map(|name| &**name).collect();
        stacks.entry(callers.join(" <- ")).or_insert((place, 0)).1 += 1;
    }
    stacks.into_iter().map(|(stack, (place, times))| (stack, place, times)).take(FRAMES).collect()
}

fn pages(normal: &NormalWorld, census: &LedgerSnapshot) -> Option<Finding> {
    // Processes get pages when they touch their memory: no driver's doing.
    let row = census
        .rows
        .iter()
        .find(|row| !is_page_fault(row) && !row.stack.is_empty())
        .filter(|row| row.bytes >= PAGES)?;
    let (severity, verdict, evidence) =
        judge(&series(normal, census.ledger, &census.of, &row.name));
    let blocks = match row.ids.order {
        Some(0) => format!("{} order-0 pages", text::number(row.count)),
        Some(order) => format!("{} order-{order} blocks of pages", text::number(row.count)),
        None => text::count(row.count, "page"),
    };
    let title = format!("{}: {blocks} = {}", row.name, text::bytes(row.bytes));
    let stack: Vec<_> = row.stack.iter().take(FRAMES).map(|name| &**name).collect();
    let block_size = 4096u64 << row.ids.order.unwrap_or(0);
    let draft = FindingBuilder::new(FindingKind::SiteGrowth, holding(Listing::Ledger(LedgerKind::PageOwner), &row.name, None), severity, title)
        .verdict(verdict)
        .figure(FigureKind::Pages, row.count, Unit::Objects)
        .figure(FigureKind::InUse, row.bytes, Unit::Bytes)
        .evidence_at(&format!("{} times {} bytes: {}", text::number(row.count), text::number(block_size), stack.join(" <- ")), &row.place)
        .evidence(evidence)
        .next("check who frees what these functions allocate; compare the bytes with the lost memory of the triage");
    Some(draft)
}

/// Objects of kmemleak, by function.
fn unreferenced(normal: &NormalWorld) -> Vec<Finding> {
    let scans: Vec<_> = normal.snapshots(LedgerKind::Kmemleak).collect();
    let Some(last) = scans.last() else { return Vec::new() };
    let sites: BTreeSet<_> = last.rows.iter().map(|row| &row.name).collect();
    sites
        .into_iter()
        .filter_map(|name| unreferenced_site(normal, last, name, scans.len()))
        .collect()
}

fn unreferenced_site(
    normal: &NormalWorld,
    last: &LedgerSnapshot,
    name: &str,
    scans: usize,
) -> Option<Finding> {
    let matching_rows = || last.rows.iter().filter(|row| *row.name == *name);
    let example: &LedgerEntry = matching_rows().next_back()?;
    let count = matching_rows().count() as u64;
    let bytes = matching_rows().fold(0u64, |sum, row| sum.saturating_add(row.bytes));
    let values = series(normal, LedgerKind::Kmemleak, "", name);
    let (severity, verdict, evidence) = judge(&values);
    let title = format!(
        "{name}: {} without any reference, {}, after {}",
        text::count(count, "object"),
        text::bytes(bytes),
        text::count(scans as u64, "scan")
    );
    let stack: Vec<_> = example.stack.iter().take(FRAMES).map(|name| &**name).collect();
    let holder_text =
        example.holder.as_ref().map_or(String::new(), |by| format!(", by {}", text::holder(by)));
    let text = format!(
        "kmemleak: {} bytes{holder_text}: {}",
        text::number(example.bytes),
        stack.join(" <- ")
    );
    let draft = FindingBuilder::new(
        FindingKind::SiteGrowth,
        holding(Listing::Ledger(LedgerKind::Kmemleak), name, None),
        severity,
        title,
    )
    .verdict(verdict)
    .figure(FigureKind::Objects, count, Unit::Objects)
    .figure(FigureKind::InUse, bytes, Unit::Bytes)
    .evidence_at(&text, &example.place)
    .evidence(evidence)
    .next("find out who overwrites the only pointer to the memory that this function allocates");
    Some(draft)
}
