//! What gets more from one print of a ledger to the next: caches, buffers of one holder, mappings of one size.

use std::collections::BTreeMap;

use crate::{
    growth::{self, Series},
    model::{Evidence, Finding, Kind, Ledger, NormalWorld, Row, Severity, Unit, Verdict},
};

use super::{
    draft::{Draft, holding},
    words,
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

/// Entries that are alike, over the prints.
#[derive(Default)]
struct Alike<'n> {
    counts: Vec<u64>,
    bytes: Vec<u64>,
    last: Option<&'n Row>,
}

pub(super) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    LEDGERS.into_iter().flat_map(|ledger| of(normal, ledger)).collect()
}

fn of(normal: &NormalWorld, ledger: Ledger) -> Vec<Finding> {
    let prints = normal.of(ledger).count();
    let mut all: BTreeMap<String, Alike<'_>> = BTreeMap::new();
    for (n, census) in normal.of(ledger).enumerate().filter(|_| prints > 1) {
        for row in &census.rows {
            let key = key(ledger, row);
            if all.len() >= KEYS && !all.contains_key(&key) {
                continue;
            }
            let alike = all.entry(key).or_default();
            alike.counts.resize(prints, 0);
            alike.bytes.resize(prints, 0);
            alike.counts[n] = alike.counts[n].saturating_add(row.count);
            alike.bytes[n] = alike.bytes[n].saturating_add(row.bytes);
            alike.last = Some(row);
        }
    }
    let mut told: Vec<_> =
        all.into_iter().filter_map(|(key, alike)| alike.finding(ledger, &key)).collect();
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
        let (first, last) = (*self.bytes.first()?, *self.bytes.last()?);
        let gain = last.saturating_sub(first);
        let series = Series::counts(self.counts.iter().copied());
        let said = (self.counts.len() >= PRINTS).then(|| growth::judge(&series));
        let verdict = said.map_or(Verdict::Undecided, |said| said.verdict);
        let severity = match verdict {
            Verdict::Leak => Severity::Failure,
            Verdict::Undecided if gain >= WORTH => Severity::Possible,
            _ => return None,
        };
        let (from, to) = (self.counts.first()?, self.counts.last()?);
        let title = format!(
            "{}: {key}: {} -> {}, {} more over {} prints",
            ledger.name(),
            words::grouped(*from),
            words::several(*to, "object"),
            words::bytes(gain),
            self.counts.len()
        );
        let why = said.map(|said| growth::report::words::why(&said, &series, "object"));
        let mut draft = Draft::new(Kind::SiteGrowth, holding(ledger.name(), key), severity, title)
            .verdict(verdict)
            .figure("in use", last, Unit::Bytes)
            .figure("objects", *to, Unit::Objects)
            .evidence(why.map(|why| Evidence::Text(why.into())))
            .evidence(growth::report::words::evidence(&series, 0));
        if let Some(row) = self.last {
            draft = draft.at("last seen", &row.place);
        }
        Some((gain, draft.next("find who takes them and does not give them back: alloc_calls of a cache, fdinfo of a buffer")))
    }
}
