//! Ledgers of the normal world missing from the input, and the doubts that the others leave.

use std::{collections::BTreeMap, sync::Arc};

use super::snapshots::VALUES;
use crate::{
    model::{Gap, LedgerFamily, LedgerInfo, LedgerKind, LedgerSnapshot, NormalWorld, Reason},
    text,
};

/// Gaps and doubts.
pub(super) fn gaps_and_doubts(normal: &NormalWorld) -> (Vec<Gap>, Vec<Arc<str>>) {
    let live = super::live(normal);
    // A run reports its own gaps.
    let missing_ledgers =
        LedgerKind::ALL.iter().filter(|ledger| !live && !normal.has_ledger(**ledger));
    // Ledgers of a vendor's kernel are no gap on a system without any sign of that vendor.
    let missing_ledgers = missing_ledgers.map(|ledger| ledger.info());
    let is_missed = |family| family != LedgerFamily::Occasional && has_family(normal, family);
    let unseen = missing_ledgers.filter(|info| info.family.is_none_or(is_missed));
    let gaps = unseen.map(|LedgerInfo { name, capture, .. }| {
        let (reason, remedy) = (Reason::NotOffered, Some((*capture).into()));
        Gap { what: format!("normal world: {name}").into(), reason, remedy, lost: 0 }
    });
    let mut prints: BTreeMap<String, u64> = BTreeMap::new();
    let is_shown = |census: &&LedgerSnapshot| {
        if live { is_series(census.ledger) } else { !REPORTS.contains(&census.ledger) }
    };
    for census in normal.censuses.iter().filter(is_shown) {
        *prints.entry(census.title()).or_default() += 1;
    }
    merge_procs(&mut prints);
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
    let no_ledger = (!normal.censuses.iter().any(super::is_requested)).then(|| {
        let has_messages = !normal.sayings.is_empty();
        let what = if has_messages {
            "messages of the normal world, but no ledger"
        } else {
            "no ledger of the normal world"
        };
        format!("the input has {what}")
    });
    let few = (!live).then(|| too_few(&prints)).flatten();
    let doubts = doubt.into_iter().chain(few).chain(steps_only(normal)).chain(no_ledger);
    (gaps.collect(), doubts.map(Into::into).collect())
}

/// Takes the processes of binder together, each of which has a list of its own.
fn merge_procs(prints: &mut BTreeMap<String, u64>) {
    let name = LedgerKind::BinderProc.info().name;
    let most = prints.iter().filter(|(title, _)| title.starts_with(name)).map(|(_, n)| *n).max();
    if prints.keys().filter(|title| title.starts_with(name)).count() > 1 {
        prints.retain(|title, _| !title.starts_with(name));
        prints.extend(most.map(|n| (name.to_owned(), n)));
    }
}

/// Two equal snapshots prove nothing: how many it takes to show that nothing grows.
fn too_few(prints: &BTreeMap<String, u64>) -> Option<String> {
    let few: Vec<_> = prints.iter().filter(|(_, n)| (2..VALUES as u64).contains(*n)).collect();
    let names: Vec<_> = few
        .iter()
        .take(LISTED)
        .map(|(name, n)| format!("{} of {name}", text::number(**n)))
        .collect();
    let more = few.len().saturating_sub(names.len()) as u64;
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {} more", text::count(more, "ledger"))
    };
    (!few.is_empty()).then(|| {
        let least = text::number(VALUES as u64);
        format!(
            "too few snapshots to show that nothing grows: {}{more}; it takes {least}",
            text::list(&names)
        )
    })
}

/// A list of the last steps shows neither what was before them nor what comes.
fn steps_only(normal: &NormalWorld) -> Option<String> {
    normal.snapshots(LedgerKind::IommuDump).next()?;
    Some(
        "iommu_dump lists only the last steps: what was mapped before them is not known".to_owned(),
    )
}

/// Lists of what happened, of which there is but one.
const REPORTS: [LedgerKind; 4] =
    [LedgerKind::IommuDump, LedgerKind::OomReport, LedgerKind::OomSlabs, LedgerKind::OomTasks];

/// Most ledgers that a doubt names.
const LISTED: usize = 3;

/// Whether a run must read it more than once: ledgers of one process or one scan come and go.
fn is_series(ledger: LedgerKind) -> bool {
    matches!(ledger, LedgerKind::Descriptors | LedgerKind::MemInfo)
}

fn has_family(normal: &NormalWorld, family: LedgerFamily) -> bool {
    let members = LedgerKind::ALL.iter().filter(|ledger| ledger.info().family == Some(family));
    { members }.any(|ledger| normal.has_ledger(*ledger))
}
