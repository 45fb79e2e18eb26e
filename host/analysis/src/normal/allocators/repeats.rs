//! Growth from one snapshot of a ledger to the next: caches, buffers of one holder, mappings of one size.

use std::collections::HashMap;

use crate::{
    growth::{self, Basis},
    model::{
        Census, Evidence, FigureKind, Finding, Kind, Ledger, Listing, NormalWorld, Row, Severity,
        Unit, Verdict,
    },
    normal::{
        draft::{Draft, holding},
        prints::{Counted, Prints},
    },
    text,
};

/// Ledgers whose entries are counted over their snapshots.
const LEDGERS: [Ledger; 6] = [
    Ledger::Slab,
    Ledger::DmaHeap,
    Ledger::DmaBuf,
    Ledger::Mappings,
    Ledger::IovaMap,
    Ledger::IonHeap,
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
struct Alike<'n> {
    counts: Counted,
    bytes: Counted,
    last: Option<&'n Row>,
    run: bool,
}

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    LEDGERS.into_iter().flat_map(|ledger| of(normal, ledger)).collect()
}

fn of(normal: &NormalWorld, ledger: Ledger) -> Vec<Finding> {
    let prints = Prints::of(normal, ledger, |_| true);
    if prints.measured().nth(1).is_none() {
        return Vec::new();
    }
    let amounts = |amount: fn(&Row) -> u64| {
        let list = move |census: &Census| {
            census.rows.iter().map(|row| (key(ledger, row), amount(row))).collect()
        };
        prints.columns(list, KEYS)
    };
    let mut bytes = amounts(|row| row.bytes);
    let last: HashMap<_, _> = prints
        .measured()
        .flat_map(|census| census.rows.iter().map(|row| (key(ledger, row), row)))
        .collect();
    let mut told: Vec<_> = amounts(|row| row.count)
        .into_iter()
        .filter_map(|(key, counts)| {
            let (bytes, last) = (bytes.remove(&key)?, last.get(&key).copied());
            Alike { counts, bytes, last, run: prints.run() }.finding(ledger, &key)
        })
        .collect();
    told.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    told.into_iter().take(MOST).map(|(_, finding)| finding).collect()
}

/// The key that identifies equal entries of two snapshots.
fn key(ledger: Ledger, row: &Row) -> String {
    let each = || format!("{} bytes each", text::number(row.bytes));
    match (ledger, &row.holder) {
        (Ledger::Slab, _) => row.name.to_string(),
        (Ledger::IonHeap, Some(holder)) => text::holder(holder),
        (_, Some(holder)) => format!("{}, {}", text::holder(holder), each()),
        (_, None) => each(),
    }
}

impl Alike<'_> {
    fn finding(&self, ledger: Ledger, key: &str) -> Option<(u64, Finding)> {
        let (first, last) = self.bytes.ends();
        let gain = last.saturating_sub(first);
        let series = &self.counts.series;
        let prints = series.seen().count();
        let said = (prints >= PRINTS).then(|| growth::judge(series));
        let verdict = said.map_or(Verdict::Undecided, |said| said.verdict);
        let told = !self.run || self.is_worth(ledger, key, said.as_ref());
        let severity = match verdict {
            Verdict::Leak if told => Severity::Failure,
            Verdict::Undecided if told && gain >= WORTH => Severity::Possible,
            _ => return None,
        };
        let (from, to) = self.counts.ends();
        let title = format!(
            "{}: {key}: {} -> {}, {} more over {} snapshots",
            ledger.name(),
            text::number(from),
            text::count(to, "object"),
            text::bytes(gain),
            prints
        );
        let why = said.map(|said| growth::report::words::why(&said, series, "object"));
        let mut draft = Draft::new(
            Kind::SiteGrowth,
            holding(Listing::Ledger(ledger), key, None),
            severity,
            title,
        )
        .verdict(verdict)
        .figure(FigureKind::InUse, last, Unit::Bytes)
        .figure(FigureKind::Objects, to, Unit::Objects)
        .evidence(why.map(|why| Evidence::Text(why.into())))
        .evidence(growth::report::words::evidence(series, self.counts.first));
        if let Some(row) = self.last {
            draft = draft.at("last observed", &row.place);
        }
        Some((gain, draft.next("find who allocates them and does not free them: alloc_calls of a cache, fdinfo of a buffer")))
    }

    /// Whether the growth in a run is significant, as all processes of the system contribute to it.
    fn is_worth(&self, ledger: Ledger, key: &str, said: Option<&growth::Judgement>) -> bool {
        let undecided = said.is_none_or(|said| said.verdict == Verdict::Undecided);
        if undecided && !self.counts.climbs() {
            return false;
        }
        if ledger != Ledger::Slab {
            return true;
        }
        let exact = said.is_some_and(|said| matches!(said.basis, Basis::Exact { .. }));
        let long = said.is_some_and(|said| said.support >= SLAB_ITERATIONS);
        (exact || long) && !RECLAIMED.iter().any(|kept| key.contains(kept))
    }
}
