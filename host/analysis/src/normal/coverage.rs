//! What ledgers of the normal world were not in the input, and what those that were leave open.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{Gap, Ledger, LedgerFamily, LedgerInfo, NormalWorld, Reason};

/// Gaps and doubts.
pub(super) fn gaps_and_doubts(normal: &NormalWorld) -> (Vec<Gap>, Vec<Arc<str>>) {
    let live = super::live(normal);
    // A run says for itself what it could not read, and why.
    let missing_ledgers = Ledger::ALL.iter().filter(|ledger| !live && !normal.has(**ledger));
    // What only some vendor's kernel has is none of a system that shows no sign of it.
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
        [one] => Some(format!("one print of {one} can't show growth")),
        [one, more @ ..] => Some(format!(
            "one print each of {one} and {} more ledgers can't show growth",
            more.len()
        )),
    };
    let no_ledger =
        normal.censuses.is_empty().then(|| "no ledger of the normal world was printed".to_owned());
    (gaps.collect(), doubt.into_iter().chain(no_ledger).map(Into::into).collect())
}

/// Whether a run has to have seen it more than once: what is of one process or one scan comes and goes.
fn is_series(ledger: Ledger) -> bool {
    matches!(ledger, Ledger::Descriptors | Ledger::MemInfo)
}

fn has_family(normal: &NormalWorld, family: LedgerFamily) -> bool {
    let members = Ledger::ALL.iter().filter(|ledger| ledger.info().family == Some(family));
    { members }.any(|ledger| normal.has(*ledger))
}
