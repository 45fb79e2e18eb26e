//! Fragmentation of free memory, from `/proc/buddyinfo`: free blocks by order.

use std::sync::Arc;

use super::{finding_builder::FindingBuilder, snapshots::SnapshotSeries};
use crate::{
    growth::{self, Series},
    model::{
        FigureKind, Finding, FindingKind, LedgerKind, LedgerSnapshot, NormalPool, NormalWorld,
        PoolKind, Severity, Subject, Unit, Verdict,
    },
    text,
};

/// Order from which blocks are large: 64 KiB. The kernel does not guarantee more than eight pages
/// (`PAGE_ALLOC_COSTLY_ORDER` is 3, Linux `include/linux/mmzone.h`).
const LARGE: u32 = 4;

/// Share of large blocks below which free memory is fragmented, in percent.
const PIECES: u64 = 10;

/// Free memory of one snapshot: in total, and in large blocks.
fn free(census: &LedgerSnapshot) -> (u64, u64) {
    let large =
        |row: &&crate::model::LedgerEntry| row.ids.order.is_some_and(|order| order >= LARGE);
    let sum = |rows: &mut dyn Iterator<Item = u64>| rows.fold(0u64, u64::saturating_add);
    let total = sum(&mut census.rows.iter().map(|row| row.bytes));
    (total, sum(&mut census.rows.iter().filter(large).map(|row| row.bytes)))
}

/// Findings and triage of free blocks; `leaks` says whether a leak was found.
pub(super) fn findings(normal: &NormalWorld, leaks: bool) -> (Vec<Finding>, Vec<Arc<str>>) {
    let prints: Vec<_> =
        SnapshotSeries::new(normal, LedgerKind::BuddyInfo, |_| true).snapshots().collect();
    let (Some(first), Some(last)) = (prints.first(), prints.last()) else {
        return Default::default();
    };
    let (before, after) = (free(first), free(last));
    let share = text::share(after.1, after.0);
    let text = format!(
        "free blocks of 64 KiB and more: {} -> {}, {share} of the free memory",
        text::mebibytes(before.1),
        text::mebibytes(after.1)
    );
    let in_pieces = after.0 > 0 && after.1.saturating_mul(100) < after.0.saturating_mul(PIECES);
    if !in_pieces {
        return (Vec::new(), vec![format!("{text}: memory is not fragmented").into()]);
    }
    let verdict = format!(
        "{text}: memory is fragmented, {}",
        if leaks { "and a leak was observed" } else { "and no leak was observed" }
    );
    (vec![finding(&prints, (before, after), leaks)], vec![verdict.into()])
}

fn finding(
    prints: &[&LedgerSnapshot],
    (before, after): ((u64, u64), (u64, u64)),
    leaks: bool,
) -> Finding {
    let title = format!(
        "free memory is fragmented{}: {} free, {} of it in blocks of 64 KiB and more",
        if leaks { "" } else { ", without a leak" },
        text::mebibytes(after.0),
        text::share(after.1, after.0)
    );
    let large = Series::counts(prints.iter().map(|census| free(census).1));
    let judgement = growth::judge(&Series::counts(prints.iter().map(|census| free(census).0)));
    let severity = if leaks { Severity::Note } else { Severity::Possible };
    let mut draft = FindingBuilder::new(
        FindingKind::PoolGrowth,
        Subject::Pool(PoolKind::NormalWorld(NormalPool::FreePages)),
        severity,
        title,
    )
    .verdict(judgement.verdict)
    .figure(FigureKind::Free, after.0, Unit::Bytes)
    .figure(FigureKind::FreeInLargeBlocks, after.1, Unit::Bytes);
    for (census, (all, large)) in [(prints.first(), before), (prints.last(), after)] {
        if let Some(census) = census {
            let text = format!(
                "{} free, {} of it in large blocks",
                text::mebibytes(all),
                text::share(large, all)
            );
            draft = draft.evidence_at(&text, &census.place);
        }
    }
    if judgement.verdict != Verdict::Leak {
        draft = draft.text("not a loss of free memory: large blocks were split into small ones");
    }
    draft
        .evidence(growth::report::words::evidence(&large, 0))
        .next("allocate large blocks early or from CMA; compact (vm.compact_memory) and check whether large blocks return")
}
