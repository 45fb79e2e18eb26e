//! What gets more from one print of a ledger to the next: caches, buffers of one holder, mappings of one size.

use std::collections::HashMap;

use crate::{
    growth::{self, Basis},
    model::{Census, Evidence, Finding, Kind, Ledger, NormalWorld, Row, Severity, Unit, Verdict},
    normal::{
        draft::{Draft, holding},
        prints::{Counted, Prints},
        words,
    },
};

/// Ledgers whose entries are counted over their prints.
const LEDGERS: [Ledger; 6] = [
    Ledger::Slab,
    Ledger::DmaHeap,
    Ledger::DmaBuf,
    Ledger::Mappings,
    Ledger::IovaMap,
    Ledger::IonHeap,
];

/// Prints that a series needs to be judged.
const PRINTS: usize = 9;

/// Bytes that are worth telling where few prints don't decide.
const WORTH: u64 = 1 << 20;

/// Findings of each ledger: those that gained most.
const MOST: usize = 5;

/// Kinds of entries that are followed in each ledger.
const KEYS: usize = 1 << 16;

/// Iterations from which growth of a slab cache is believed that is not the same each time: the kernel counts
/// whole slabs of each processor as in use, and frees late.
const SLAB_ITERATIONS: u32 = 16;

/// Caches of what the kernel keeps for later and gives back when it wants memory (`SLAB_RECLAIM_ACCOUNT`).
const RECLAIMED: [&str; 6] =
    ["dentry", "inode_cache", "buffer_head", "radix_tree_node", "names_cache", "xfs_inode"];

/// Entries that are alike, over the prints.
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

/// What entries of two prints have in common.
fn key(ledger: Ledger, row: &Row) -> String {
    let each = || format!("{} bytes each", words::grouped(row.bytes));
    match (ledger, &row.holder) {
        (Ledger::Slab, _) => row.name.to_string(),
        (Ledger::IonHeap, Some(holder)) => words::holder(holder),
        (_, Some(holder)) => format!("{}, {}", words::holder(holder), each()),
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
            "{}: {key}: {} -> {}, {} more over {} prints",
            ledger.info().name,
            words::grouped(from),
            words::several(to, "object"),
            words::bytes(gain),
            prints
        );
        let why = said.map(|said| growth::report::words::why(&said, series, "object"));
        let mut draft =
            Draft::new(Kind::SiteGrowth, holding(ledger.info().name, key), severity, title)
                .verdict(verdict)
                .figure("in use", last, Unit::Bytes)
                .figure("objects", to, Unit::Objects)
                .evidence(why.map(|why| Evidence::Text(why.into())))
                .evidence(growth::report::words::evidence(series, self.counts.first));
        if let Some(row) = self.last {
            draft = draft.at("last seen", &row.place);
        }
        Some((gain, draft.next("find who takes them and does not give them back: alloc_calls of a cache, fdinfo of a buffer")))
    }

    /// Whether a run that says so is to be believed, where all processes of the system have a part in it.
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
