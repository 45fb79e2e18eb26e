//! Ledgers of the normal world missing from the input, and the doubts that the others leave.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{Gap, Ledger, NormalWorld, Reason, Said};

/// Ledgers that occur together.
const FAMILIES: [&[Ledger]; 5] = [
    &[Ledger::Descriptors, Ledger::ClientPages],
    &[Ledger::IonHeap, Ledger::IonOrphans, Ledger::IonTrace],
    &[
        Ledger::DmaHeap,
        Ledger::IovaMap,
        Ledger::IommuDump,
        Ledger::IommuUsers,
        Ledger::CameraBuffers,
    ],
    &[Ledger::BinderProc, Ledger::BinderLog, Ledger::Processes],
    &[Ledger::CpuMonitor],
];

/// Gaps and doubts.
pub(super) fn of(normal: &NormalWorld) -> (Vec<Gap>, Vec<Arc<str>>) {
    let live = super::live(normal);
    // A run reports its own gaps.
    let unseen = Ledger::all().filter(|ledger| !live && !is_seen(normal, *ledger));
    // Ledgers of a vendor's kernel are no gap on a system without any sign of that vendor.
    let unseen = unseen.filter(|ledger| {
        let family = FAMILIES.iter().find(|family| family.contains(ledger));
        family.is_none_or(|family| family.iter().any(|one| is_seen(normal, *one)))
    });
    let gaps = unseen.map(|ledger| {
        let name = ledger.name();
        let (reason, remedy) = (Reason::NotOffered, Some(ledger.remedy().into()));
        Gap { what: format!("normal world: {name}").into(), reason, remedy, lost: 0 }
    });
    let mut prints: BTreeMap<String, u64> = BTreeMap::new();
    for census in normal.censuses.iter().filter(|census| !live || is_series(census.ledger)) {
        *prints.entry(census.title()).or_default() += 1;
    }
    let once: Vec<_> =
        prints.iter().filter(|(_, n)| **n == 1).map(|(name, _)| name.clone()).collect();
    let doubt = match &once[..] {
        [] => None,
        [one] => Some(format!("one snapshot of {one} can't show growth")),
        [one, more @ ..] => Some(format!(
            "one snapshot each of {one} and {} more ledgers can't show growth",
            more.len()
        )),
    };
    let none = normal
        .censuses
        .is_empty()
        .then(|| "the input has no ledger of the normal world".to_owned());
    (gaps.collect(), doubt.into_iter().chain(none).map(Into::into).collect())
}

/// Whether a run must read it more than once: ledgers of one process or one scan come and go.
fn is_series(ledger: Ledger) -> bool {
    matches!(ledger, Ledger::Descriptors | Ledger::MemInfo)
}

fn is_seen(normal: &NormalWorld, ledger: Ledger) -> bool {
    let said = |is: fn(&Said) -> bool| normal.sayings.iter().any(|one| is(&one.said));
    match ledger {
        Ledger::SlabTrace => said(|one| matches!(one, Said::Allocated { .. })),
        Ledger::BinderProc => said(|one| matches!(one, Said::Keeps { .. })),
        Ledger::BinderLog => {
            said(|one| matches!(one, Said::AreaClosed { .. } | Said::Released { .. }))
        }
        Ledger::Processes => said(|one| matches!(one, Said::Process(_) | Said::NoProcess { .. })),
        Ledger::Duplicates => said(|one| matches!(one, Said::Duplicated { .. })),
        Ledger::IonTrace => normal.traced,
        ledger => normal.of(ledger).next().is_some(),
    }
}
