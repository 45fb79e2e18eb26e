//! Ledgers of the normal world missing from the input, and the doubts that the others leave.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{Gap, LedgerFamily, LedgerInfo, LedgerKind, NormalWorld, Reason};

/// Gaps and doubts.
pub(super) fn gaps_and_doubts(normal: &NormalWorld) -> (Vec<Gap>, Vec<Arc<str>>) {
    let live = super::live(normal);
    // A run reports its own gaps.
    let missing_ledgers =
        LedgerKind::ALL.iter().filter(|ledger| !live && !normal.has_ledger(**ledger));
    // Ledgers of a vendor's kernel are no gap on a system without any sign of that vendor.
    let missing_ledgers = missing_ledgers.map(|ledger| ledger.info());
    let unseen =
        missing_ledgers.filter(|info| info.family.is_none_or(|family| has_family(normal, family)));
    let gaps = unseen.map(|LedgerInfo { name, capture, .. }| {
        let (reason, remedy) = (Reason::NotOffered, Some((*capture).into()));
        Gap { what: format!("normal world: {name}").into(), reason, remedy, lost: 0 }
    });
    let mut prints: BTreeMap<String, u64> = BTreeMap::new();
    for census in normal.censuses.iter().filter(|census| !live || is_series(census.ledger)) {
        *prints.entry(census.title()).or_default() += 1;
    }
    let single_snapshots: Vec<_> =
        prints.iter().filter(|(_, n)| **n == 1).map(|(name, _)| name.clone()).collect();
    let doubt = match &single_snapshots[..] {
        [] => None,
        [one] => Some(format!("one snapshot of {one} can't show growth")),
        [one, more @ ..] => Some(format!(
            "one snapshot each of {one} and {} more ledgers can't show growth",
            more.len()
        )),
    };
    let no_ledger = (!normal.censuses.iter().any(super::is_requested))
        .then(|| "the input has no ledger of the normal world".to_owned());
    (gaps.collect(), doubt.into_iter().chain(no_ledger).map(Into::into).collect())
}

/// Whether a run must read it more than once: ledgers of one process or one scan come and go.
fn is_series(ledger: LedgerKind) -> bool {
    matches!(ledger, LedgerKind::Descriptors | LedgerKind::MemInfo)
}

fn has_family(normal: &NormalWorld, family: LedgerFamily) -> bool {
    let members = LedgerKind::ALL.iter().filter(|ledger| ledger.info().family == Some(family));
    { members }.any(|ledger| normal.has_ledger(*ledger))
}
