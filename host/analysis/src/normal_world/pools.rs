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
    memory_balance::{self, MemoryBalance},
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
    /// Pools of which nobody can say whether they grow, and figures that are missing.
    pub(super) doubts: Vec<Arc<str>>,
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

/// Pools of which `/proc/meminfo` has no row: memory in use, memory on nobody's account, and slab where it has only
/// the two parts of it.
const IN_USE: &str = "in use";
const UNACCOUNTED: &str = "unaccounted";
const SLAB: &str = "Slab";

/// Growing pools, their rows in the two ledgers, and what to look at.
static TREE: [(NormalPool, &[&str], &str); 11] = [
    (
        NormalPool::Anonymous,
        &["Anon", "AnonPages"],
        "heaps of processes: procrank, or smaps of each",
    ),
    (NormalPool::Shared, &["Shmem"], "ashmem and tmpfs: lsof, or maps of each process"),
    (
        NormalPool::Slab,
        &[SLAB],
        "objects of the kernel: slabinfo, then alloc_calls of the cache that grows",
    ),
    (
        NormalPool::UnreclaimableSlab,
        &["SUnreclaim"],
        "objects of the kernel: slabinfo, then alloc_calls of the cache that grows",
    ),
    (
        NormalPool::InUse,
        &[IN_USE],
        "who has it: take all rows of /proc/meminfo, of which these do not show it",
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
        &["Total-lost", UNACCOUNTED],
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
        return PoolTriage { triage: Vec::new(), findings: Vec::new(), doubts: Vec::new() };
    };
    let prints = SnapshotSeries::new(normal, ledger, |_| true);
    let balance = MemoryBalance::new(prints.snapshots());
    let moments: Vec<_> = prints.snapshots().collect();
    if moments.is_empty() {
        return PoolTriage { triage: Vec::new(), findings: Vec::new(), doubts: Vec::new() };
    }
    let pool = |(kind, rows, _): &'static (NormalPool, &'static [&'static str], &'static str)| {
        pool(kind, rows, &moments, (&prints, &balance))
    };
    let mut pools: Vec<_> = TREE.iter().filter_map(pool).collect();
    pools.sort_by_key(|pool| std::cmp::Reverse(pool.gain()));
    let swap = swap(&moments);
    let growing_pools: Vec<_> = pools.iter().filter(|pool| pool.grows()).collect();
    let growing_pools = without_parts(growing_pools);
    let undecided = undecided(&pools, &growing_pools);
    let mut triage: Vec<Arc<str>> =
        growing_pools.iter().map(|pool| pool.sentence(swap).into()).collect();
    triage.extend(in_use(&moments, growing_pools.is_empty() && undecided.is_none()));
    let findings = { growing_pools.into_iter() }
        .map(|pool| pool.finding(swap, pools.iter().find(|part| pool.is_whole_of(part))))
        .collect();
    let doubts = undecided.into_iter().chain(missing_rows(&prints, &balance)).collect();
    PoolTriage { triage, findings, doubts }
}

/// Leaves out a pool that is part of another one: of slab, the part that shows more.
fn without_parts(growing_pools: Vec<&PoolTrend>) -> Vec<&PoolTrend> {
    let verdict = |kind: NormalPool| {
        growing_pools.iter().find(|pool| *pool.kind == kind).map(|pool| pool.verdict())
    };
    let (whole, part) = (verdict(NormalPool::Slab), verdict(NormalPool::UnreclaimableSlab));
    let drops = match (whole, part) {
        (Some(whole), Some(part)) if part == Verdict::Leak && whole != Verdict::Leak => {
            NormalPool::Slab
        }
        (Some(Verdict::Leak), Some(_)) => NormalPool::UnreclaimableSlab,
        (Some(_), Some(_)) => NormalPool::Slab,
        _ => return growing_pools,
    };
    growing_pools.into_iter().filter(|pool| *pool.kind != drops).collect()
}

/// The pools that stay undecided and that no finding shows.
fn undecided(pools: &[PoolTrend], growing_pools: &[&PoolTrend]) -> Option<Arc<str>> {
    let is_open = |pool: &&PoolTrend| {
        pool.is_open() && !growing_pools.iter().any(|other| other.kind == pool.kind)
    };
    let open_pools: Vec<_> = pools.iter().filter(is_open).collect();
    let more = open_pools.iter().filter_map(|pool| pool.said?.more).max();
    let more = more.map_or(String::new(), |more| {
        format!(": {} would decide", text::count(more.into(), "more snapshot"))
    });
    let names: Vec<_> = open_pools.iter().map(|pool| pool.kind.label().into_owned()).collect();
    let noun = if names.len() == 1 { "grows" } else { "grow" };
    (!names.is_empty())
        .then(|| format!("whether {} {noun} is undecided{more}", text::list(&names)).into())
}

/// Rows without which nobody can say what is not accounted for.
fn missing_rows(prints: &SnapshotSeries<'_>, balance: &MemoryBalance) -> Option<Arc<str>> {
    let lacks = |census: &&LedgerSnapshot| {
        census.ledger == LedgerKind::MemInfo && balance.unaccounted(census).is_none()
    };
    // A run reads whole files, and reports what it could not read.
    (!prints.run()).then_some(())?;
    let n = prints.snapshots().filter(lacks).count() as u64;
    let example = prints.snapshots().find(lacks)?;
    let names: Vec<_> = balance.missing(example).iter().map(ToString::to_string).collect();
    let text = format!(
        "what nobody accounts for is unknown in {} of {}: {} missing ({})",
        text::number(n),
        text::count(prints.snapshots().count() as u64, "snapshot"),
        text::list(&names),
        text::place(&example.place)
    );
    Some(text.into())
}

fn value(census: &LedgerSnapshot, names: &[&str]) -> Option<u64> {
    census.rows.iter().find(|row| names.contains(&&*row.name)).map(|row| row.bytes)
}

/// The value of a pool: its row, or what `/proc/meminfo` shows only as a difference, where that is known.
fn pool_value(census: &LedgerSnapshot, balance: &MemoryBalance, rows: &[&str]) -> Option<u64> {
    let difference = |name: &&str| match *name {
        UNACCOUNTED => balance.unaccounted(census),
        // Where its parts are missing.
        IN_USE if balance.unaccounted(census).is_none() => memory_balance::in_use(census),
        SLAB => memory_balance::slab(census),
        _ => None,
    };
    let is_meminfo = census.ledger == LedgerKind::MemInfo;
    value(census, rows).or_else(|| rows.iter().filter(|_| is_meminfo).find_map(difference))
}

fn pool(
    kind: &'static NormalPool,
    rows: &[&str],
    moments: &[&LedgerSnapshot],
    (prints, balance): (&SnapshotSeries<'_>, &MemoryBalance),
) -> Option<PoolTrend> {
    let mut snapshots = moments.iter().filter(|census| pool_value(census, balance, rows).is_some());
    let start = &snapshots.next()?.place;
    let end = snapshots.next_back().map_or(start, |census| &census.place);
    let values = prints.values(|census| pool_value(census, balance, rows));
    let total = value(moments[0], &["MemTotal", "Memory-Total"]).unwrap_or(0);
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
fn swap(moments: &[&LedgerSnapshot]) -> Option<(u64, u64)> {
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
            Verdict::Undecided if self.run => is_large && self.values.climbs(),
            Verdict::Undecided => {
                self.values.ends_higher() && (is_large || self.gain() > 0 && self.values.climbs())
            }
            _ => false,
        }
    }

    /// Whether nobody can say if it grows; in a run only of what rose on and on, since all processes of the system
    /// take part.
    fn is_open(&self) -> bool {
        let is_undecided = self.said.is_some_and(|said| said.verdict == Verdict::Undecided);
        if !self.run {
            return is_undecided || self.values.series.falls_last();
        }
        let rises = is_undecided && self.values.series.rises_mostly();
        self.gain() >= WORTH_OF_RUN && (rises || self.values.is_of_idle())
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

    /// In how many steps it rose, if it never fell.
    fn rises(&self) -> String {
        let steps = self.values.values().count().saturating_sub(1);
        if self.run || steps == 0 || !self.values.climbs() {
            return String::new();
        }
        let [rises, steps] =
            [self.values.series.rise_count(), steps].map(|n| text::number(n as u64));
        format!(", in {rises} of {steps} steps")
    }

    fn sentence(&self, swap: Option<(u64, u64)>) -> String {
        let trend = if self.verdict() == Verdict::Leak { "grows" } else { "rose" };
        format!("{} {trend}: {}: look at {}", self.kind.label(), self.change(swap), self.advice())
    }

    /// Whether the other pool is a part of this one and grows, too.
    fn is_whole_of(&self, part: &Self) -> bool {
        *self.kind == NormalPool::Slab
            && *part.kind == NormalPool::UnreclaimableSlab
            && part.grows()
    }

    fn finding(&self, swap: Option<(u64, u64)>, part: Option<&Self>) -> Finding {
        let leak = self.verdict() == Verdict::Leak;
        let severity = if leak { Severity::Failure } else { Severity::Possible };
        let title = match leak {
            true => format!("{} grows without end: {}", self.kind.label(), self.change(swap)),
            false => format!("{} rose: {}{}", self.kind.label(), self.change(swap), self.rises()),
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
            let more = said.more.filter(|_| !leak).map(|more| {
                growing::plain(FigureKind::ToDecide, more as f64, crate::model::Unit::Iterations)
            });
            draft = draft
                .figures(more)
                .figures(rate.map(|rate| growing::figure(FigureKind::Growth, rate, unit)))
                .evidence([Evidence::Text(growing::reason(said, series, "byte").into())]);
        }
        let part = part.map(|part| {
            format!("of it {}: {}{}", part.kind.label(), part.change(None), part.rises())
        });
        draft
            .evidence(part.map(|part| Evidence::Text(part.into())))
            .evidence(growth::report::words::evidence(series, self.values.first))
            .next(self.advice())
    }
}

/// Triage of the memory in use; `none` says that no pool grows.
fn in_use(moments: &[&LedgerSnapshot], none: bool) -> Option<Arc<str>> {
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
        _ if first == last => "is constant",
        _ => "changes",
    };
    let range = format!(
        " (between {} and {})",
        text::mebibytes(usage.iter().copied().min().unwrap_or(0)),
        text::mebibytes(usage.iter().copied().max().unwrap_or(0))
    );
    let pools = if none { "; no known pool grows" } else { "" };
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
fn cache(moments: &[&LedgerSnapshot]) -> Option<String> {
    let cached = ["Cached", "Cache"];
    let (before, after) = (value(moments.first()?, &cached)?, value(moments.last()?, &cached)?);
    let gain_text = text::mebibytes(after.checked_sub(before).filter(|gain| *gain > 0)?);
    Some(format!("; {gain_text} of it is page cache, which the kernel can reclaim"))
}
