//! Growth from one snapshot of a ledger to the next: caches, buffers of one holder, mappings of one size.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    growth,
    growth::Basis,
    model::{
        Evidence, FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, LedgerSnapshot,
        Listing, NormalWorld, Severity, Unit, Verdict,
    },
    normal_world::{
        finding_builder::{FindingBuilder, holding},
        snapshots::{CountSeries, SnapshotSeries},
    },
    text,
};

/// Ledgers whose entries are counted over their snapshots.
const LEDGERS: [LedgerKind; 9] = [
    LedgerKind::Slab,
    LedgerKind::DmaHeap,
    LedgerKind::DmaBuf,
    LedgerKind::Mappings,
    LedgerKind::IovaMap,
    LedgerKind::IonHeap,
    LedgerKind::VmallocInfo,
    LedgerKind::Table,
    LedgerKind::Memleak,
];

/// Minimum number of snapshots for a verdict.
const PRINTS: usize = 9;

/// Minimum gain in bytes to report an inconclusive series.
const WORTH: u64 = 1 << 20;

/// Maximum number of findings per ledger, by gain.
const MOST: usize = 5;

/// Maximum number of kinds of entries per ledger.
const KEYS: usize = 1 << 16;

/// Minimum number of iterations to accept irregular growth of a slab cache: the kernel counts whole
/// slabs of each processor as in use, and frees late.
const SLAB_ITERATIONS: u32 = 16;

/// Caches that the kernel reclaims when it needs memory (`SLAB_RECLAIM_ACCOUNT`).
const RECLAIMED: [&str; 6] =
    ["dentry", "inode_cache", "buffer_head", "radix_tree_node", "names_cache", "xfs_inode"];

/// Equal entries over the snapshots.
struct RepeatSeries<'n> {
    counts: CountSeries,
    bytes: CountSeries,
    last: Option<&'n LedgerEntry>,
    run: bool,
}

/// Findings, and a doubt about entries that rose and are undecided.
pub(crate) fn findings(normal: &NormalWorld) -> (Vec<Finding>, Option<Arc<str>>) {
    let mut undecided: Vec<String> = Vec::new();
    let mut findings = Vec::new();
    for ledger in LEDGERS {
        let names: BTreeSet<_> = normal.snapshots(ledger).map(|census| census.of.clone()).collect();
        // Only tables are distinguished: a heap's clients may be in all of its heaps.
        let names = if ledger == LedgerKind::Table {
            names.into_iter().map(Some).collect()
        } else {
            vec![None]
        };
        for name in names {
            findings.extend(ledger_findings(normal, (ledger, name.as_deref()), &mut undecided));
        }
    }
    (findings, doubt(&undecided))
}

fn doubt(undecided: &[String]) -> Option<Arc<str>> {
    let names = text::list_up_to(undecided, MOST);
    (!names.is_empty()).then(|| format!("whether these grow is undecided: {names}").into())
}

fn ledger_findings(
    normal: &NormalWorld,
    (ledger, name): (LedgerKind, Option<&str>),
    undecided: &mut Vec<String>,
) -> Vec<Finding> {
    let is_own = |census: &LedgerSnapshot| name.is_none_or(|name| *census.of == *name);
    let prints = SnapshotSeries::new(normal, ledger, is_own);
    if prints.snapshots().nth(1).is_none() {
        return Vec::new();
    }
    let name = name.unwrap_or(ledger.info().name);
    let amounts = |amount: fn(&LedgerEntry) -> u64| {
        let list = move |census: &LedgerSnapshot| {
            census.rows.iter().map(|row| (key(ledger, row), amount(row))).collect()
        };
        prints.columns(list, KEYS)
    };
    let mut bytes = amounts(|row| row.bytes);
    let last: HashMap<_, _> = prints
        .snapshots()
        .flat_map(|census| census.rows.iter().map(|row| (key(ledger, row), row)))
        .collect();
    let mut ranked_findings: Vec<_> = amounts(|row| row.count)
        .into_iter()
        .filter_map(|(key, counts)| {
            let (bytes, last) = (bytes.remove(&key)?, last.get(&key).copied());
            let series = RepeatSeries { counts, bytes, last, run: prints.run() };
            let finding = series.finding((ledger, name), &key);
            if finding.is_none() && series.is_open(ledger, &key) {
                undecided.push(format!("{name} {key}"));
            }
            finding
        })
        .collect();
    ranked_findings.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    ranked_findings.into_iter().take(MOST).map(|(_, finding)| finding).collect()
}

/// The key that identifies equal entries of two snapshots. It is part of fingerprints, so it stays as it is.
fn key(ledger: LedgerKind, row: &LedgerEntry) -> String {
    let size_text = || format!("{} bytes each", text::number(row.bytes));
    match (ledger, &row.holder) {
        (LedgerKind::Slab | LedgerKind::VmallocInfo | LedgerKind::Memleak, _) => {
            row.name.to_string()
        }
        (LedgerKind::Table, None) => row.name.trim_end_matches(':').to_owned(),
        (LedgerKind::IonHeap | LedgerKind::Table, Some(holder)) => text::holder(holder),
        // Names may differ from buffer to buffer, who makes them does not.
        (LedgerKind::DmaBuf, None) if !row.exporter.is_empty() => {
            format!("{}, {}", row.exporter, size_text())
        }
        (_, Some(holder)) => format!("{}, {}", text::holder(holder), size_text()),
        (_, None) => size_text(),
    }
}

impl RepeatSeries<'_> {
    /// What is judged: of tables, each row of which is one thing, their size.
    const fn judged(&self, ledger: LedgerKind) -> (&CountSeries, &'static str) {
        match ledger {
            LedgerKind::Table => (&self.bytes, "byte"),
            _ => (&self.counts, "object"),
        }
    }

    /// Whether nobody can say if it grows, although it rose; in a run only of what rose on and on, since all
    /// processes of the system take part.
    fn is_open(&self, ledger: LedgerKind, key: &str) -> bool {
        let (counts, _) = self.judged(ledger);
        if !self.run && counts.series.falls_last() {
            return true;
        }
        let (first, last) = counts.ends();
        let prints = counts.series.points().count();
        let rises = last > first || 2 * counts.series.rise_count() >= prints;
        if prints < PRINTS || !rises {
            return false;
        }
        let judgement = growth::judge(&counts.series);
        let is_undecided = judgement.verdict == Verdict::Undecided;
        if self.run && !is_significant(ledger, key, Some(&judgement)) {
            return false;
        }
        counts.is_of_idle() || is_undecided && (!self.run || counts.series.rises_mostly())
    }

    fn finding(&self, (ledger, name): (LedgerKind, &str), key: &str) -> Option<(u64, Finding)> {
        let (first, last) = self.bytes.ends();
        let gain = last.saturating_sub(first);
        let (counts, thing) = self.judged(ledger);
        let series = &counts.series;
        let prints = series.points().count();
        let judgement = (prints >= PRINTS).then(|| growth::judge(series));
        let verdict = judgement.map_or(Verdict::Undecided, |said| said.verdict);
        let is_reported = !self.run || self.is_worth(ledger, key, judgement.as_ref());
        let severity = match verdict {
            Verdict::Leak if is_reported => Severity::Failure,
            Verdict::Undecided if is_reported && gain >= WORTH => Severity::Possible,
            _ => return None,
        };
        let (from, to) = counts.ends();
        let (from, end) = match thing {
            "byte" => (text::number(from / 1024), format!("{} kB", text::number(to / 1024))),
            _ => (text::number(from), text::count(to, thing)),
        };
        let title = format!(
            "{name}: {key}: {from} -> {end}, {} more over {} snapshots",
            text::bytes(gain),
            prints
        );
        let reason = judgement.map(|said| growth::report::words::reason(&said, series, thing));
        let mut draft =
            FindingBuilder::new(
                FindingKind::SiteGrowth,
                holding(Listing::Ledger(ledger), key, None),
                severity,
                title,
            )
            .verdict(verdict)
            .figure(FigureKind::InUse, last, Unit::Bytes)
            .figures((thing != "byte").then(|| {
                growth::report::words::plain(FigureKind::Objects, to as f64, Unit::Objects)
            }))
            .evidence(reason.map(|why| Evidence::Text(why.into())))
            .evidence(growth::report::words::evidence(series, self.counts.first));
        if let Some(row) = self.last {
            draft = draft.evidence_at("last observed", &row.place);
            let devices: Vec<_> = row.users.iter().take(MOST).map(ToString::to_string).collect();
            if !devices.is_empty() && ledger == LedgerKind::DmaBuf {
                draft = draft
                    .text(&format!("attached to {}: the drivers to look at", text::list(&devices)));
            }
        }
        let next = match ledger {
            LedgerKind::Table => "find what of it grows: smaps of a process, meminfo of a system",
            LedgerKind::VmallocInfo => {
                "find where this function's areas should be freed: vfree or vunmap"
            }
            _ => {
                "find who allocates them and does not free them: alloc_calls of a cache, fdinfo of a buffer"
            }
        };
        Some((gain, draft.next(next)))
    }

    /// Whether the growth in a run is significant, as all processes of the system contribute to it.
    fn is_worth(&self, ledger: LedgerKind, key: &str, said: Option<&growth::Judgement>) -> bool {
        let undecided = said.is_none_or(|said| said.verdict == Verdict::Undecided);
        if undecided && !self.counts.climbs() {
            return false;
        }
        is_significant(ledger, key, said)
    }
}

/// Whether growth of this entry is no noise of the kernel's own bookkeeping.
fn is_significant(ledger: LedgerKind, key: &str, said: Option<&growth::Judgement>) -> bool {
    if ledger != LedgerKind::Slab {
        return true;
    }
    let exact = said.is_some_and(|said| matches!(said.basis, Basis::Exact { .. }));
    let long = said.is_some_and(|said| said.support >= SLAB_ITERATIONS);
    (exact || long) && !RECLAIMED.iter().any(|kept| key.contains(kept))
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{Holder, SourceLocation},
        normal_world::allocators::repeats::*,
    };

    #[test]
    fn keys_stay_as_they_are() {
        let place = SourceLocation { source: "bufinfo".into(), at: 1 };
        let alone = LedgerEntry::new(place, "kmalloc-64", 1, 25_165_824);
        let holder = Holder { pid: 812, comm: "player".into() };
        let held = LedgerEntry { holder: Some(holder), ..alone.clone() };
        assert_eq!(key(LedgerKind::Slab, &alone), "kmalloc-64");
        assert_eq!(key(LedgerKind::DmaBuf, &alone), "25,165,824 bytes each");
        assert_eq!(key(LedgerKind::IonHeap, &held), "pid 812 (player)");
        assert_eq!(key(LedgerKind::DmaHeap, &held), "pid 812 (player), 25,165,824 bytes each");
    }
}
