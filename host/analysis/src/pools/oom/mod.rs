//! Out-of-memory analysis: which pool ran out, why, who holds it, and what has grown since when.
//!
//! ```text
//! snapshots of a window (and a current one) + findings of their audit ──> Verdict
//! ```
//!
//! Invariants: a share refers to the pool that ran out; uncounted figures are `None`; a leak is
//! reported only if the growth analysis found one.

pub(crate) mod holders;
#[cfg(test)]
mod tests;

use std::{cmp::Reverse, sync::Arc};

pub use holders::{HolderGrowth, HolderShare, MemoryHolder};

use crate::{
    audit,
    audit::{Conclusion, Options, Report},
    model::{
        Finding, FindingKind, Gauge, Incident, IncidentKind, Observation, Pool, PoolKind, Sample,
        Severity, Stage, Subject, Verdict as Growth, saturating_sum,
    },
    pools::Shortage,
};

/// Free thousandths of a pool from which it is no longer short.
const SHORT: u64 = 100;

/// Free thousandths of a pool below which it counts as full if its failures are not counted.
const FULL: u64 = 20;

/// Why a pool ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShortfallCause {
    /// A leak.
    Leak,
    /// Enough was free, but not in one piece.
    Fragmented,
    /// It was full and nearly still is; whether a leak exists is inconclusive.
    Full,
    /// It was full at a past peak of demand: too small.
    TooSmall,
    /// Unknown.
    Unknown,
}

/// A pool that ran out.
#[derive(Clone, Debug)]
pub struct Shortfall {
    /// Its newest figures.
    pub pool: Pool,
    /// Failed allocations while it was observed; `pool` has the total.
    pub failed_meanwhile: u64,
    /// Number of out-of-memory messages on the console.
    pub n_incidents: u64,
    /// Cause of the shortage.
    pub why: ShortfallCause,
    /// Evidence for the cause.
    pub reason: Arc<str>,
}

/// Result of the out-of-memory analysis, of a system with or without a shortage.
#[derive(Clone, Debug)]
pub struct OomVerdict {
    /// Pools that ran out, the most recent and fullest first.
    pub short: Vec<Shortfall>,
    /// The pool with the smallest free share, if none ran out.
    pub fullest: Option<Pool>,
    /// Incident with the call stack of the failed allocation.
    pub asked_by: Option<Incident>,
    /// Number of pool polls after the snapshot with the holders.
    pub n_polls_since: usize,
    /// Biggest holders of the pool, by allocation site.
    pub by_site: Vec<HolderShare>,
    /// Biggest holders of the pool, by TA.
    pub by_ta: Vec<HolderShare>,
    /// Holders that have grown since the start of the window.
    pub grown: Vec<HolderGrowth>,
    /// Number of compared snapshots.
    pub n_censuses: usize,
    /// What to do next.
    pub next_step: Arc<str>,
}

/// Analyses an observation; `now` is a current snapshot that is not part of it.
#[must_use]
pub fn judge(observation: &Observation, now: Option<&Sample>, findings: &[Finding]) -> OomVerdict {
    let facts = OomFacts { observation, now, findings };
    let mut short: Vec<_> = facts.pools().filter_map(|pool| facts.shortfall(pool)).collect();
    short.sort_by_key(|one| {
        let free = free_permille(&one.pool);
        (free >= SHORT, Reverse(one.failed_meanwhile > 0), free)
    });
    let fullest = facts.pools().filter(|pool| pool.kind != PoolKind::Threads);
    let fullest = fullest.min_by_key(|pool| free_permille(pool)).filter(|_| short.is_empty());
    let subject_pool = short.first().map(|one| &one.pool).or(fullest);
    let samples = facts.complete();
    let last = samples.last().copied();
    OomVerdict {
        n_polls_since: last.map_or(0, |last| facts.polls_after(last).count()),
        by_site: last.map(|last| holders::by_site(last, subject_pool)).unwrap_or_default(),
        by_ta: last.map(|last| holders::by_ta(last, subject_pool)).unwrap_or_default(),
        grown: holders::growing_holders(&samples),
        n_censuses: samples.len(),
        asked_by: facts.asked_by().cloned(),
        next_step: facts.next_step(&short).into(),
        fullest: fullest.cloned(),
        short,
    }
}

/// Audits; if that is inconclusive, audits only the snapshots up to the first failed allocation: a
/// leak stops growing when the pool is full, and then looks like a cache.
#[must_use]
pub fn audit(observation: &mut Observation, options: &Options) -> Report {
    let full_report = audit::audit(observation, options);
    if matches!(full_report.conclusion, Conclusion::Leak | Conclusion::Order) {
        return full_report;
    }
    let earlier_report =
        until_failure(observation).map(|mut before| audit::audit(&mut before, options));
    earlier_report
        .filter(|report| matches!(report.conclusion, Conclusion::Leak | Conclusion::Order))
        .unwrap_or(full_report)
}

/// The observation up to the first observed failure.
fn until_failure(observation: &Observation) -> Option<Observation> {
    let failures = |sample: &Sample| {
        let pools = sample.pools.value()?.iter();
        Some(saturating_sum(pools.filter_map(|pool| pool.num_alloc_fail)))
    };
    let mut failure_counts = observation.samples.iter().map(failures);
    let first = failure_counts.next()??;
    let end = 1 + failure_counts.position(|n| n.is_some_and(|n| n > first))?;
    let mut head = observation.clone();
    head.samples.truncate(end);
    Some(head)
}

struct OomFacts<'a> {
    observation: &'a Observation,
    now: Option<&'a Sample>,
    findings: &'a [Finding],
}

impl<'a> OomFacts<'a> {
    /// The newest figures of each pool, from a snapshot or a pool poll.
    fn pools(&self) -> impl Iterator<Item = &'a Pool> {
        let samples = self.observation.samples.iter().chain(self.now);
        let newest = samples.rev().find(|sample| sample.all_pools().next().is_some());
        let last_gauge = match newest {
            Some(sample) => self.polls_after(sample).last(),
            None => self.observation.gauges.last(),
        };
        let polled_pools = last_gauge.map(|gauge| &gauge.pools);
        let of_sample = newest.filter(|_| polled_pools.is_none()).into_iter();
        polled_pools.into_iter().flatten().chain(of_sample.flat_map(Sample::all_pools))
    }

    /// Pool polls after a snapshot.
    fn polls_after(&self, sample: &'a Sample) -> impl Iterator<Item = &'a Gauge> {
        let is_now = self.now.is_some_and(|now| std::ptr::eq(now, sample));
        let later = move |gauge: &&Gauge| {
            let (gauge, sample) = (&gauge.place, &sample.place);
            !is_now && gauge.source == sample.source && gauge.at > sample.at
        };
        self.observation.gauges.iter().filter(later)
    }

    /// The earliest figures of a pool.
    fn first(&self, kind: &PoolKind) -> Option<&'a Pool> {
        let mut samples = self.observation.samples.iter();
        samples.find_map(|sample| sample.all_pools().find(|pool| pool.kind == *kind))
    }

    /// Snapshots with sites or regions, in order of time.
    fn complete(&self) -> Vec<&'a Sample> {
        let samples = self.observation.samples.iter().chain(self.now);
        let has_holders = |sample: &&Sample| {
            sample.sites.value().is_some()
                || sample.instances.value().is_some_and(|all| !all.is_empty())
        };
        // The first one may be from before the window.
        samples.filter(|sample| sample.moment.stage != Stage::Idle).filter(has_holders).collect()
    }

    fn incidents(&self) -> impl Iterator<Item = &'a Incident> {
        let is_oom = |one: &&Incident| matches!(one.kind, IncidentKind::OutOfMemory { .. });
        self.observation.incidents.iter().filter(is_oom)
    }

    /// The last incident with a call stack, else the last one.
    fn asked_by(&self) -> Option<&'a Incident> {
        let incidents: Vec<_> = self.incidents().collect();
        { incidents.iter().rev() }.find(|one| !one.stack.is_empty()).or(incidents.last()).copied()
    }

    fn shortfall(&self, pool: &Pool) -> Option<Shortfall> {
        let of_heap = pool.kind == PoolKind::CoreHeap;
        let n_incidents = if of_heap { self.incidents().count() as u64 } else { 0 };
        let failures = pool.num_alloc_fail.unwrap_or(0);
        if failures == 0 && n_incidents == 0 && !is_full_uncounted(pool) {
            return None;
        }
        let is_impossible = Shortage::of_pool(pool).is_some_and(|one| one.is_impossible());
        if n_incidents == 0 && is_impossible && free_permille(pool) >= SHORT {
            return None;
        }
        let first_failures = self.first(&pool.kind).and_then(|pool| pool.num_alloc_fail);
        let (why, reason) = self.explain(pool);
        Some(Shortfall {
            failed_meanwhile: failures.saturating_sub(first_failures.unwrap_or(failures)),
            pool: pool.clone(),
            n_incidents,
            why,
            reason,
        })
    }

    fn explain(&self, pool: &Pool) -> (ShortfallCause, Arc<str>) {
        if let Some(leak) = self.leak(&pool.kind) {
            return (ShortfallCause::Leak, leak.title.clone());
        }
        if is_full_uncounted(pool) {
            return (
                ShortfallCause::Full,
                "its failures are not counted, and it is almost full".into(),
            );
        }
        let incidents = self.incidents().filter(|_| pool.kind == PoolKind::CoreHeap);
        let requests = incidents.filter_map(|one| match one.kind {
            IncidentKind::OutOfMemory { requested, .. } => Some(requested),
            _ => None,
        });
        let printed_shortage = requests.min().map(|requested| Shortage::new(requested, None));
        let Some(shortage) = Shortage::of_pool(pool).or(printed_shortage) else {
            return (ShortfallCause::Unknown, "the size of the failed request is unknown".into());
        };
        let cause = match shortage.full() {
            None => ShortfallCause::Unknown,
            // The free rest of a full pool is always fragmented.
            Some(false) if free_permille(pool) < 50 => {
                let text =
                    "less than 5 % is free, and the rest of a full pool is always fragmented";
                return (ShortfallCause::Full, text.into());
            }
            Some(false) => ShortfallCause::Fragmented,
            Some(true) if free_permille(pool) >= SHORT => ShortfallCause::TooSmall,
            Some(true) => ShortfallCause::Full,
        };
        (cause, shortage.reason().into())
    }

    /// The leak that fills a pool.
    fn leak(&self, pool: &PoolKind) -> Option<&'a Finding> {
        let fills = |kind: FindingKind| match pool {
            PoolKind::CoreHeap => kind.info().per_object,
            PoolKind::TaHeap(_) => false,
            PoolKind::TaRam => {
                matches!(kind, FindingKind::RegionGrowth | FindingKind::InstanceGrowth)
            }
            PoolKind::Sessions => kind == FindingKind::SessionGrowth,
            _ => false,
        };
        let is_leak =
            |one: &&Finding| one.severity == Severity::Failure && one.verdict == Some(Growth::Leak);
        let mut leaks = self.findings.iter().filter(is_leak);
        let of_sites = leaks
            .clone()
            .find(|one| matches!(&one.subject, Subject::Site { heap, .. } if heap == pool));
        of_sites.or_else(|| leaks.find(|one| fills(one.kind)))
    }

    fn next_step(&self, short: &[Shortfall]) -> &'static str {
        match short.first().map(|one| one.why) {
            Some(ShortfallCause::Leak) => {
                "fix the leak, see the findings; until then a restart of the TA may free the memory"
            }
            Some(ShortfallCause::Fragmented) => {
                "allocate large pieces early and keep them, or make the pool larger"
            }
            Some(ShortfallCause::TooSmall) => "make the pool larger, or use less of it at once",
            Some(ShortfallCause::Full) => {
                "check whether the biggest holders grow: run `teeleak watch`, or `teeleak run` with the workload"
            }
            Some(ShortfallCause::Unknown) => "check the console log and the biggest holders",
            None => "nothing failed: run `teeleak watch` to get an alarm when something does",
        }
    }
}

/// Whether a pool without a failure count, such as TA memory, is full.
fn is_full_uncounted(pool: &Pool) -> bool {
    pool.num_alloc_fail.is_none()
        && matches!(pool.kind, PoolKind::TaRam | PoolKind::PageTables)
        && free_permille(pool) < FULL
}

/// Free thousandths of a pool; 1000 if unknown.
fn free_permille(pool: &Pool) -> u64 {
    match (pool.size, pool.allocated) {
        (Some(size), Some(used)) if size > 0 => {
            u64::try_from(u128::from(size.saturating_sub(used)) * 1000 / u128::from(size))
                .unwrap_or(1000)
        }
        _ => 1000,
    }
}
