//! Growth from one snapshot of a ledger to the next: caches, buffers of one holder, mappings of one size.

use std::collections::HashMap;

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
const LEDGERS: [LedgerKind; 6] = [
    LedgerKind::Slab,
    LedgerKind::DmaHeap,
    LedgerKind::DmaBuf,
    LedgerKind::Mappings,
    LedgerKind::IovaMap,
    LedgerKind::IonHeap,
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

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    LEDGERS.into_iter().flat_map(|ledger| ledger_findings(normal, ledger)).collect()
}

fn ledger_findings(normal: &NormalWorld, ledger: LedgerKind) -> Vec<Finding> {
    let prints = SnapshotSeries::new(normal, ledger, |_| true);
    if prints.snapshots().nth(1).is_none() {
        return Vec::new();
    }
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
            RepeatSeries { counts, bytes, last, run: prints.run() }.finding(ledger, &key)
        })
        .collect();
    ranked_findings.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    ranked_findings.into_iter().take(MOST).map(|(_, finding)| finding).collect()
}

/// The key that identifies equal entries of two snapshots. It is part of fingerprints, so it stays as it is.
fn key(ledger: LedgerKind, row: &LedgerEntry) -> String {
    let size_text = || format!("{} bytes each", text::number(row.bytes));
    match (ledger, &row.holder) {
        (LedgerKind::Slab, _) => row.name.to_string(),
        (LedgerKind::IonHeap, Some(holder)) => text::holder(holder),
        (_, Some(holder)) => format!("{}, {}", text::holder(holder), size_text()),
        (_, None) => size_text(),
    }
}

impl RepeatSeries<'_> {
    fn finding(&self, ledger: LedgerKind, key: &str) -> Option<(u64, Finding)> {
        let (first, last) = self.bytes.ends();
        let gain = last.saturating_sub(first);
        let series = &self.counts.series;
        let prints = series.points().count();
        let judgement = (prints >= PRINTS).then(|| growth::judge(series));
        let verdict = judgement.map_or(Verdict::Undecided, |said| said.verdict);
        let is_reported = !self.run || self.is_worth(ledger, key, judgement.as_ref());
        let severity = match verdict {
            Verdict::Leak if is_reported => Severity::Failure,
            Verdict::Undecided if is_reported && gain >= WORTH => Severity::Possible,
            _ => return None,
        };
        let (from, to) = self.counts.ends();
        let title = format!(
            "{}: {key}: {} -> {}, {} more over {} snapshots",
            ledger.info().name,
            text::number(from),
            text::count(to, "object"),
            text::bytes(gain),
            prints
        );
        let reason = judgement.map(|said| growth::report::words::reason(&said, series, "object"));
        let mut draft = FindingBuilder::new(
            FindingKind::SiteGrowth,
            holding(Listing::Ledger(ledger), key, None),
            severity,
            title,
        )
        .verdict(verdict)
        .figure(FigureKind::InUse, last, Unit::Bytes)
        .figure(FigureKind::Objects, to, Unit::Objects)
        .evidence(reason.map(|why| Evidence::Text(why.into())))
        .evidence(growth::report::words::evidence(series, self.counts.first));
        if let Some(row) = self.last {
            draft = draft.evidence_at("last observed", &row.place);
        }
        Some((gain, draft.next("find who allocates them and does not free them: alloc_calls of a cache, fdinfo of a buffer")))
    }

    /// Whether the growth in a run is significant, as all processes of the system contribute to it.
    fn is_worth(&self, ledger: LedgerKind, key: &str, said: Option<&growth::Judgement>) -> bool {
        let undecided = said.is_none_or(|said| said.verdict == Verdict::Undecided);
        if undecided && !self.counts.climbs() {
            return false;
        }
        if ledger != LedgerKind::Slab {
            return true;
        }
        let exact = said.is_some_and(|said| matches!(said.basis, Basis::Exact { .. }));
        let long = said.is_some_and(|said| said.support >= SLAB_ITERATIONS);
        (exact || long) && !RECLAIMED.iter().any(|kept| key.contains(kept))
    }
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
