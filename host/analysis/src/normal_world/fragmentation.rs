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
    let falls = lost_memory(normal, &prints);
    let in_pieces = after.0 > 0 && after.1.saturating_mul(100) < after.0.saturating_mul(PIECES);
    if !in_pieces {
        let vanished = vanished_blocks(&prints);
        let state =
            if vanished.is_some() { "large blocks vanish" } else { "memory is not fragmented" };
        let findings = vanished.into_iter().chain(falls).collect();
        return (findings, vec![format!("{text}: {state}").into()]);
    }
    let verdict = format!(
        "{text}: memory is fragmented, {}",
        if leaks { "and a leak was observed" } else { "and no leak was observed" }
    );
    let findings = [finding(&prints, (before, after), leaks)].into_iter().chain(falls).collect();
    (findings, vec![verdict.into()])
}

/// Order of blocks of 1 MiB.
const MEBIBYTE: u32 = 8;

/// Fewest snapshots that show a trend of blocks.
const TREND: usize = 4;

/// Free memory in blocks of this order and larger.
fn in_blocks(census: &LedgerSnapshot, order: u32) -> u64 {
    let is_large = |row: &&crate::model::LedgerEntry| row.ids.order.is_some_and(|own| own >= order);
    census.rows.iter().filter(is_large).fold(0, |sum, row| sum.saturating_add(row.bytes))
}

/// The zone, if there is but one with free memory.
fn zone(census: &LedgerSnapshot) -> String {
    let zones: std::collections::BTreeSet<_> =
        census.rows.iter().filter(|row| row.bytes > 0).map(|row| &*row.name).collect();
    match zones.first().filter(|_| zones.len() == 1) {
        Some(zone) => format!(" of {zone}"),
        None => String::new(),
    }
}

/// Large blocks that become fewer although free memory does not.
fn vanished_blocks(prints: &[&LedgerSnapshot]) -> Option<Finding> {
    let (first, last) = (prints.first()?, prints.last()?);
    let (before, after) = (free(first).0, free(last).0);
    let is_steady = prints.len() >= TREND && after.saturating_mul(10) >= before.saturating_mul(9);
    is_steady.then_some(())?;
    // The order whose blocks lost the largest part.
    let lost = |order: u32| {
        let (from, to) = (in_blocks(first, order), in_blocks(last, order));
        (from >= 1 << 20 && to.saturating_mul(2) <= from)
            .then(|| (to.saturating_mul(1000) / from, order))
    };
    let of_mebibyte = lost(MEBIBYTE).map(|(_, order)| order);
    let order =
        of_mebibyte.or_else(|| (LARGE..16).filter_map(lost).min().map(|(_, order)| order))?;
    let large = Series::counts(prints.iter().map(|census| in_blocks(census, order)));
    let values: Vec<_> = large.points().map(|(_, value)| value).collect();
    let falls = values.windows(2).filter(|pair| pair[1] < pair[0]).count();
    (3 * falls >= 2 * (values.len() - 1)).then_some(())?;
    let (from, to) = (in_blocks(first, order), in_blocks(last, order));
    let size = (4096u64 << order) >> 10;
    let size = if size < 1024 { format!("{size} KiB") } else { format!("{} MiB", size >> 10) };
    let title = format!(
        "fragmentation{}: blocks of {size} and more: {} -> {}, while free memory is {} -> {}",
        zone(last),
        text::mebibytes(from),
        text::mebibytes(to),
        text::mebibytes(before),
        text::mebibytes(after)
    );
    let subject = Subject::Pool(PoolKind::NormalWorld(NormalPool::FreePages));
    let draft = FindingBuilder::new(FindingKind::PoolGrowth, subject, Severity::Possible, title)
        .verdict(Verdict::Undecided)
        .figure(FigureKind::Free, after, Unit::Bytes)
        .figure(FigureKind::FreeInLargeBlocks, to, Unit::Bytes)
        .text(&format!(
            "they fell in {falls} of {} steps; free memory is not lost, but split",
            values.len() - 1
        ))
        .evidence(growth::report::words::evidence(&large, 0));
    Some(draft.next("allocate large blocks early or from CMA; compact (vm.compact_memory) and check whether large blocks return"))
}

/// Free memory that falls, where no other ledger says who takes it.
fn lost_memory(normal: &NormalWorld, prints: &[&LedgerSnapshot]) -> Option<Finding> {
    let has_pools = [LedgerKind::MemInfo, LedgerKind::CpuMonitor]
        .iter()
        .any(|ledger| normal.snapshots(*ledger).nth(1).is_some());
    let frees: Vec<_> = prints.iter().map(|census| free(census).0).collect();
    let (first, last) = (*frees.first()?, *frees.last()?);
    let most = frees.iter().copied().max()?;
    let taken = Series::counts(frees.iter().map(|free| most - free));
    let said = growth::judge(&taken);
    let grows = matches!(said.verdict, Verdict::Leak | Verdict::Undecided);
    (!has_pools && frees.len() >= TREND && last < first && grows).then_some(())?;
    let rate = (first - last) / (frees.len() as u64 - 1);
    let title = format!(
        "what is in use{} grows: {} -> {} free, about {} with each of {} snapshots",
        zone(prints.last()?),
        text::mebibytes(first),
        text::mebibytes(last),
        text::mebibytes(rate),
        text::number(frees.len() as u64)
    );
    let subject = Subject::Pool(PoolKind::NormalWorld(NormalPool::InUse));
    let draft = FindingBuilder::new(FindingKind::PoolGrowth, subject, Severity::Possible, title)
        .verdict(Verdict::Undecided)
        .figure(FigureKind::Free, last, Unit::Bytes)
        .text("buddyinfo does not say who has it: the page cache may, which the kernel can reclaim")
        .evidence([crate::model::Evidence::Text(
            growth::report::words::reason(&said, &taken, "byte").into(),
        )])
        .evidence(growth::report::words::evidence(&taken, 0));
    Some(draft.next("take /proc/meminfo at the same moments: it shows which pool grows"))
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
