//! Growing pools: the triage of `/proc/meminfo` and `cpu_monitor`.
//!
//! | growing pool | look at |
//! | --- | --- |
//! | Anon, and swap shrinks | heaps of processes |
//! | Shmem, and swap shrinks | shared memory of processes |
//! | Slab | slabinfo, then `alloc_calls` of the cache |
//! | a heap of ion | ion/heaps, orphans |
//! | unaccounted memory | page_owner: pages that drivers allocate themselves |

use std::sync::Arc;

use super::{
    finding_builder::FindingBuilder,
    snapshots::{CountSeries, SnapshotSeries},
};
use crate::{
    growth,
    growth::{Judgement, Series},
    model::{
        Evidence, FigureKind, Finding, FindingKind, LedgerKind, LedgerSnapshot, NormalPool,
        NormalWorld, PoolKind, Severity, SourceLocation, Subject, Verdict,
    },
    text,
};

/// Minimum gain to report an inconclusive pool, in percent of all memory.
const WORTH: u64 = 2;

/// Minimum gain to report a pool of a run, in bytes: less is noise.
const WORTH_OF_RUN: u64 = 2 << 20;

/// Minimum number of moments for a verdict.
const MOMENTS: usize = 9;

/// Triage and findings of the pools.
pub(super) struct PoolTriage {
    pub(super) triage: Vec<Arc<str>>,
    pub(super) findings: Vec<Finding>,
}

/// A pool over time.
struct PoolTrend {
    kind: &'static NormalPool,
    values: CountSeries,
    run: bool,
    from: SourceLocation,
    to: SourceLocation,
    /// All memory.
    total: u64,
    said: Option<Judgement>,
}

/// Growing pools, their rows in the two ledgers, and what to look at.
const TREE: [(NormalPool, &[&str], &str); 9] = [
    (
        NormalPool::Anonymous,
        &["Anon", "AnonPages"],
        "heaps of processes: procrank, or smaps of each",
    ),
    (NormalPool::Shared, &["Shmem"], "ashmem and tmpfs: lsof, or maps of each process"),
    (
        NormalPool::Slab,
        &["Slab"],
        "objects of the kernel: slabinfo, then alloc_calls of the cache that grows",
    ),
    (
        NormalPool::IonSystem,
        &["ion system heap"],
        "ion/heaps/system: its orphans, then a trace of ion",
    ),
    (NormalPool::IonCma, &["ion cma heap"], "ion/heaps: its orphans, then a trace of ion"),
    (
        NormalPool::IonCarveout,
        &["ion carveout heap"],
        "ion/heaps: its orphans, then a trace of ion",
    ),
    (NormalPool::Gpu, &["Gpu", "GPUTotalUsed"], "memory of the GPU driver"),
    (
        NormalPool::Unaccounted,
        &["Total-lost", "unaccounted"],
        "page_owner: pages that drivers allocate themselves",
    ),
    (NormalPool::KernelStacks, &["KernelStack", "KernStack"], "threads that never end"),
];

/// Judges all pools of the first available ledger.
pub(super) fn judge(normal: &NormalWorld) -> PoolTriage {
    let ledger = [LedgerKind::MemInfo, LedgerKind::CpuMonitor]
        .into_iter()
        .find(|one| normal.snapshots(*one).count() > 1);
    let Some(ledger) = ledger else {
        return PoolTriage { triage: Vec::new(), findings: Vec::new() };
    };
    let prints = SnapshotSeries::new(normal, ledger, |_| true);
    let moments: Vec<LedgerSnapshot> = prints.snapshots().map(balanced).collect();
    if moments.is_empty() {
        return PoolTriage { triage: Vec::new(), findings: Vec::new() };
    }
    let mut pools: Vec<_> =
        TREE.iter().filter_map(|(kind, rows, _)| pool(kind, rows, &moments, &prints)).collect();
    pools.sort_by_key(|pool| std::cmp::Reverse(pool.gain()));
    let swap = swap(&moments);
    let growing_pools: Vec<_> = pools.iter().filter(|pool| pool.grows()).collect();
    let mut triage: Vec<Arc<str>> =
        growing_pools.iter().map(|pool| pool.sentence(swap).into()).collect();
    triage.extend(in_use(&moments, growing_pools.is_empty()));
    let findings = growing_pools.into_iter().map(|pool| pool.finding(swap)).collect();
    PoolTriage { triage, findings }
}

fn value(census: &LedgerSnapshot, names: &[&str]) -> Option<u64> {
    census.rows.iter().find(|row| names.contains(&&*row.name)).map(|row| row.bytes)
}

/// Adds a row for the memory that `/proc/meminfo` does not account for.
fn balanced(census: &LedgerSnapshot) -> LedgerSnapshot {
    let mut census = census.clone();
    let bytes = |name: &str| value(&census, &[name]).unwrap_or(0);
    if census.ledger == LedgerKind::MemInfo {
        let slab = bytes("Slab").max(bytes("SReclaimable").saturating_add(bytes("SUnreclaim")));
        let names = [
            "MemFree",
            "Buffers",
            "Cached",
            "SwapCached",
            "AnonPages",
            "KernelStack",
            "PageTables",
            "Percpu",
        ];
        let known_bytes = names.iter().fold(slab, |sum, name| sum.saturating_add(bytes(name)));
        let rest = bytes("MemTotal").saturating_sub(known_bytes);
        let place = census.place.clone();
        census.rows.push(crate::model::LedgerEntry::new(place, "unaccounted", 1, rest));
    }
    census
}

fn pool(
    kind: &'static NormalPool,
    rows: &[&str],
    moments: &[LedgerSnapshot],
    prints: &SnapshotSeries<'_>,
) -> Option<PoolTrend> {
    let mut snapshots = moments.iter().filter(|census| value(census, rows).is_some());
    let start = &snapshots.next()?.place;
    let end = snapshots.next_back().map_or(start, |census| &census.place);
    let values = prints.values(|census| value(&balanced(census), rows));
    let total = value(&moments[0], &["MemTotal", "Memory-Total"]).unwrap_or(0);
    let judgement = (values.values().count() >= MOMENTS).then(|| values.judge());
    let run = prints.run();
    Some(PoolTrend {
        kind,
        values,
        run,
        from: start.clone(),
        to: end.clone(),
        total,
        said: judgement,
    })
}

/// Free swap at the first and the last moment.
fn swap(moments: &[LedgerSnapshot]) -> Option<(u64, u64)> {
    let mut free = moments.iter().filter_map(|census| value(census, &["SwapFree", "Swap-Free"]));
    let first = free.next()?;
    Some((first, free.next_back().unwrap_or(first)))
}

impl PoolTrend {
    fn ends(&self) -> (u64, u64) {
        self.values.ends()
    }

    fn gain(&self) -> u64 {
        let (first, last) = self.ends();
        last.saturating_sub(first)
    }

    fn verdict(&self) -> Verdict {
        self.said.map_or(Verdict::Undecided, |said| said.verdict)
    }

    fn grows(&self) -> bool {
        let is_large =
            self.gain() > 0 && self.gain().saturating_mul(100) >= self.total.saturating_mul(WORTH);
        match self.verdict() {
            // All processes of the system contribute to it.
            Verdict::Leak if self.run => self.gain() >= WORTH_OF_RUN,
            Verdict::Leak => true,
            // What only ever rises may grow without end, however little it is.
            Verdict::Undecided => self.values.climbs() || is_large && !self.run,
            _ => false,
        }
    }

    fn advice(&self) -> &'static str {
        TREE.iter().find(|(kind, ..)| kind == self.kind).map_or("", |(.., advice)| advice)
    }

    fn change(&self, swap: Option<(u64, u64)>) -> String {
        let (first, last) = self.ends();
        let swap = swap.filter(|(before, after)| after < before);
        let swap = swap.map_or(String::new(), |(before, after)| {
            format!(
                ", and free swap from {} to {}",
                text::mebibytes(before),
                text::mebibytes(after)
            )
        });
        let moments = text::count(self.values.values().count() as u64, "moment");
        format!("{} -> {} over {moments}{swap}", text::mebibytes(first), text::mebibytes(last))
    }

    fn sentence(&self, swap: Option<(u64, u64)>) -> String {
        let trend = if self.verdict() == Verdict::Leak { "grows" } else { "rose" };
        format!("{} {trend}: {}: look at {}", self.kind.label(), self.change(swap), self.advice())
    }

    fn finding(&self, swap: Option<(u64, u64)>) -> Finding {
        let leak = self.verdict() == Verdict::Leak;
        let severity = if leak { Severity::Failure } else { Severity::Possible };
        let title = match leak {
            true => format!("{} grows without end: {}", self.kind.label(), self.change(swap)),
            false => format!("{} rose: {}", self.kind.label(), self.change(swap)),
        };
        let series = &self.values.series;
        let mut draft = FindingBuilder::new(
            FindingKind::PoolGrowth,
            Subject::Pool(PoolKind::NormalWorld(self.kind.clone())),
            severity,
            title,
        )
        .verdict(self.verdict())
        .text(&format!("from {} to {}", text::place(&self.from), text::place(&self.to)));
        if let Some(said) = &self.said {
            use growth::report::words as growing;
            let rate = said.rate.filter(|_| leak);
            let unit = crate::model::Unit::BytesPerIteration;
            draft = draft
                .figures(rate.map(|rate| growing::figure(FigureKind::Growth, rate, unit)))
                .evidence([Evidence::Text(growing::reason(said, series, "byte").into())]);
        }
        draft
            .evidence(growth::report::words::evidence(series, self.values.first))
            .next(self.advice())
    }
}

/// Triage of the memory in use; `none` says that no pool grows.
fn in_use(moments: &[LedgerSnapshot], none: bool) -> Option<Arc<str>> {
    let free = |census: &LedgerSnapshot| value(census, &["MemFree", "Sysfre"]);
    let usage: Vec<u64> = moments
        .iter()
        .filter_map(|census| {
            Some(value(census, &["MemTotal", "Memory-Total"])?.saturating_sub(free(census)?))
        })
        .collect();
    let (first, last) = (*usage.first()?, *usage.last()?);
    let total = moments.first().and_then(|census| value(census, &["MemTotal", "Memory-Total"]))?;
    let judgement = growth::judge(&Series::counts(usage.iter().copied()));
    let trend = match judgement.verdict {
        Verdict::Leak => "grows",
        Verdict::Oscillation => "fluctuates",
        _ if last.saturating_sub(first).saturating_mul(100) >= total.saturating_mul(WORTH) => {
            "rose"
        }
        _ => "is constant",
    };
    let range = format!(
        " (between {} and {})",
        text::mebibytes(usage.iter().copied().min().unwrap_or(0)),
        text::mebibytes(usage.iter().copied().max().unwrap_or(0))
    );
    let pools = if none { ", but no known pool grows" } else { "" };
    Some(
        format!(
            "memory in use {trend}: {} -> {}{range}{pools}{}",
            text::mebibytes(first),
            text::mebibytes(last),
            cache(moments).filter(|_| none).unwrap_or_default()
        )
        .into(),
    )
}

/// The share of the page cache in the growth.
fn cache(moments: &[LedgerSnapshot]) -> Option<String> {
    let cached = ["Cached", "Cache"];
    let (before, after) = (value(moments.first()?, &cached)?, value(moments.last()?, &cached)?);
    let gain_text = text::mebibytes(after.checked_sub(before).filter(|gain| *gain > 0)?);
    Some(format!("; {gain_text} of it is page cache, which the kernel can reclaim"))
}
