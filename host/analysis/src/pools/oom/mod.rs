//! Which pool ran out, why, who holds it, and what grew since when.
//!
//! ```text
//! samples of a window (and one of this moment) + findings of their audit ──> Verdict
//! ```
//!
//! Invariants: a share is of the pool that ran out; what nobody counted is `None`; "leak" is said only
//! where an analysis of growth decided it.

mod holders;
#[cfg(test)]
mod tests;

pub use holders::{Grown, Held, Holder};

use crate::audit::Conclusion;
use crate::audit::Options;
use crate::audit::Report;
use crate::audit::{self};
use crate::model::Finding;
use crate::model::Gauge;
use crate::model::Incident;
use crate::model::IncidentKind;
use crate::model::Kind;
use crate::model::Observation;
use crate::model::Pool;
use crate::model::PoolKind;
use crate::model::Sample;
use crate::model::Severity;
use crate::model::Stage;
use crate::model::Verdict as Growth;
use crate::pools::Shortage;
use std::cmp::Reverse;
use std::sync::Arc;

/// Entries of each list that are told.
const LISTED: usize = 10;

/// Thousandths of a pool: where that much is free it is no longer short of what was asked for.
const SHORT: u64 = 100;

/// Thousandths of a pool: with less than that it is taken to be full where nobody counts failures.
const FULL: u64 = 20;

/// Why a pool ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Something in it grows without end.
    Leak,
    /// Enough was free, but not in one piece.
    Fragmented,
    /// It was full, and still nearly is; whether something leaks is not decided.
    Full,
    /// It was full at a peak of demand that has passed: too small for it.
    TooSmall,
    /// Not enough is known.
    Unknown,
}

/// A pool that ran out.
#[derive(Clone, Debug)]
pub struct Shortfall {
    /// Its newest figures.
    pub pool: Pool,
    /// Failures while it was observed; those counted in all are in `pool`.
    pub failed_meanwhile: u64,
    /// What the secure world printed of it.
    pub n_incidents: u64,
    /// Why.
    pub why: Why,
    /// What says so.
    pub reason: Arc<str>,
}

/// What is said of a system that has no secure memory left, or of one that has.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Pools that ran out, the one that did so last and is fullest first.
    pub short: Vec<Shortfall>,
    /// The pool with the least part free, where none ran out.
    pub fullest: Option<Pool>,
    /// Incident whose call stack says who asked.
    pub asked_by: Option<Incident>,
    /// Looks at the pools alone, after the census that says who holds them.
    pub n_polls_since: usize,
    /// Who holds most of the pool, by allocation site.
    pub by_site: Vec<Held>,
    /// Who holds most of the pool, by TA.
    pub by_ta: Vec<Held>,
    /// What holds more than when the window began.
    pub grown: Vec<Grown>,
    /// Censuses that were compared.
    pub n_censuses: usize,
    /// What to do next.
    pub action: Arc<str>,
}

/// Judges; `now` is a census of this moment where it is not the last one of the observation.
#[must_use]
pub fn judge(observation: &Observation, now: Option<&Sample>, findings: &[Finding]) -> Verdict {
    let facts = Facts { observation, now, findings };
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
    Verdict {
        n_polls_since: last.map_or(0, |last| facts.polls_after(last).count()),
        by_site: last.map(|last| holders::by_site(last, subject_pool)).unwrap_or_default(),
        by_ta: last.map(|last| holders::by_ta(last, subject_pool)).unwrap_or_default(),
        grown: holders::growing_holders(&samples),
        n_censuses: samples.len(),
        asked_by: facts.asked_by().cloned(),
        action: facts.action(&short).into(),
        fullest: fullest.cloned(),
        short,
    }
}

/// Audits; where nothing is decided, once more with the censuses up to the first failed allocation
/// only: what leaks stops to grow when there is nothing left, and then looks like a cache.
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

/// An observation without the censuses after the first failure that was seen to happen.
fn until_failure(observation: &Observation) -> Option<Observation> {
    let failures = |sample: &Sample| {
        let pools = sample.pools.value()?.iter();
        Some(pools.filter_map(|pool| pool.num_alloc_fail).sum::<u64>())
    };
    let mut failure_counts = observation.samples.iter().map(failures);
    let first = failure_counts.next()??;
    let end = 1 + failure_counts.position(|n| n.is_some_and(|n| n > first))?;
    let mut head = observation.clone();
    head.samples.truncate(end);
    Some(head)
}

struct Facts<'a> {
    observation: &'a Observation,
    now: Option<&'a Sample>,
    findings: &'a [Finding],
}

impl<'a> Facts<'a> {
    /// The newest figures of each pool: of a census, or of a look at the pools alone.
    fn pools(&self) -> impl Iterator<Item = &'a Pool> {
        let samples = self.observation.samples.iter().chain(self.now);
        let newest = samples.rev().find_map(|sample| Some((sample, sample.pools.value()?)));
        let last_gauge = match newest {
            Some((sample, _)) => self.polls_after(sample).last(),
            None => self.observation.gauges.last(),
        };
        let pools = last_gauge.map(|gauge| &gauge.pools).or(newest.map(|(_, pools)| pools));
        pools.into_iter().flatten()
    }

    /// Looks at the pools alone that came after a census.
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
        samples.find_map(|sample| sample.pools.value()?.iter().find(|pool| pool.kind == *kind))
    }

    /// Censuses that tell of sites or regions, in order of time.
    fn complete(&self) -> Vec<&'a Sample> {
        let samples = self.observation.samples.iter().chain(self.now);
        let has_holders = |sample: &&Sample| {
            sample.sites.value().is_some()
                || sample.instances.value().is_some_and(|all| !all.is_empty())
        };
        // The first one may be of before the window.
        samples.filter(|sample| sample.moment.stage != Stage::Idle).filter(has_holders).collect()
    }

    fn incidents(&self) -> impl Iterator<Item = &'a Incident> {
        let is_oom = |one: &&Incident| matches!(one.kind, IncidentKind::OutOfMemory { .. });
        self.observation.incidents.iter().filter(is_oom)
    }

    /// The last one that says by whom memory was asked for.
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

    fn explain(&self, pool: &Pool) -> (Why, Arc<str>) {
        if let Some(leak) = self.leak(&pool.kind) {
            return (Why::Leak, leak.title.clone());
        }
        if is_full_uncounted(pool) {
            return (Why::Full, "nobody counts its failures, and next to nothing is free".into());
        }
        let incidents = self.incidents().filter(|_| pool.kind == PoolKind::CoreHeap);
        let requests = incidents.filter_map(|one| match one.kind {
            IncidentKind::OutOfMemory { requested, .. } => Some(requested),
            _ => None,
        });
        let printed_shortage = requests.min().map(|requested| Shortage::new(requested, None));
        let Some(shortage) = Shortage::of_pool(pool).or(printed_shortage) else {
            return (Why::Unknown, "nobody counted what was asked for".into());
        };
        let cause = match shortage.full() {
            None => Why::Unknown,
            // What is left of a full pool is always in pieces.
            Some(false) if free_permille(pool) < 50 => {
                let text =
                    "less than 5 % of it is free, and what is left of a full pool is in pieces";
                return (Why::Full, text.into());
            }
            Some(false) => Why::Fragmented,
            Some(true) if free_permille(pool) >= SHORT => Why::TooSmall,
            Some(true) => Why::Full,
        };
        (cause, shortage.reason().into())
    }

    /// What was decided to leak into a pool.
    fn leak(&self, pool: &PoolKind) -> Option<&'a Finding> {
        let fills = |kind| match pool {
            PoolKind::CoreHeap => kind < Kind::PoolGrowth,
            PoolKind::TaRam => kind == Kind::RegionGrowth,
            PoolKind::Sessions => kind == Kind::SessionGrowth,
            _ => false,
        };
        let is_leak =
            |one: &&Finding| one.severity == Severity::Failure && one.verdict == Some(Growth::Leak);
        let mut leaks = self.findings.iter().filter(is_leak);
        let of_sites =
            leaks.clone().find(|one| *pool == PoolKind::CoreHeap && one.kind == Kind::SiteGrowth);
        of_sites.or_else(|| leaks.find(|one| fills(one.kind)))
    }

    fn action(&self, short: &[Shortfall]) -> &'static str {
        match short.first().map(|one| one.why) {
            Some(Why::Leak) => {
                "fix what leaks, see the findings; a restart of the TA may give it back until then"
            }
            Some(Why::Fragmented) => {
                "allocate large pieces early and keep them, or make the pool larger"
            }
            Some(Why::TooSmall) => "make the pool larger, or have less of it in use at once",
            Some(Why::Full) => {
                "find out whether the biggest holders grow: run `teeleak watch`, or `teeleak run` with the workload"
            }
            Some(Why::Unknown) => "see what the console says of it, and who holds most",
            None => "nothing failed: run `teeleak watch` to be told when something does",
        }
    }
}

/// Whether a pool is full whose failures nobody counts, as TA memory's.
fn is_full_uncounted(pool: &Pool) -> bool {
    pool.num_alloc_fail.is_none()
        && matches!(pool.kind, PoolKind::TaRam | PoolKind::PageTables)
        && free_permille(pool) < FULL
}

/// How much of a pool is free, in thousandths; all of it where nobody counts.
fn free_permille(pool: &Pool) -> u64 {
    match (pool.size, pool.allocated) {
        (Some(size), Some(used)) if size > 0 => {
            u64::try_from(u128::from(size.saturating_sub(used)) * 1000 / u128::from(size))
                .unwrap_or(1000)
        }
        _ => 1000,
    }
}
