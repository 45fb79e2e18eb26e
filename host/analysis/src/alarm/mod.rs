//! Alarms: what of a system that is watched for days is worth waking somebody.
//!
//! ```text
//! pools of a poll ── Alarms::pools ──┐
//! findings of an audit ── findings ──┼──> Alarm, once until it goes away
//! head of the TA's ledger ── ledger ─┘
//! ```
//!
//! [`keep()`] bounds what the audits look at: the newest samples and events.

mod keep;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

pub use keep::{Bounds, keep};

use crate::{
    model::{AlarmRule, Fault, Finding, Fingerprint, Pool, PoolKind, PoolUnit, Severity, Verdict},
    text,
};

/// How long failures of one pool that go on are one alarm.
const SAME_FAILURE: Duration = Duration::from_secs(60);

/// Something worth an alarm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// Allocations failed since the last time.
    Failed {
        /// Name of the pool.
        pool: Arc<str>,
        /// How many.
        failures: u64,
        /// Biggest request that ever failed, in the unit of the pool; `None` where nobody counts.
        biggest: Option<u64>,
        /// What the pool counts.
        unit: PoolUnit,
    },
    /// Little is left.
    LowWater {
        /// Name of the pool.
        pool: Arc<str>,
        /// What is free, in the unit of the pool.
        free: u64,
        /// What there is in all.
        size: u64,
        /// What the pool counts.
        unit: PoolUnit,
    },
    /// Steps were taken in the wrong order.
    Order(Arc<str>),
    /// Something grows, and that was decided to be a leak.
    Leak(Arc<str>),
}

impl Alarm {
    /// In a word, for names of files.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "alloc-failed",
            Self::LowWater { .. } => "low-water",
            Self::Order(_) => "order",
            Self::Leak(_) => "leak",
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { pool, failures, biggest, unit } => {
                write!(f, "{pool}: {} failed", text::count(*failures, "allocation"))?;
                let Some(size) = biggest else { return Ok(()) };
                let (size, unit) = (text::number(*size), text::pool_unit(*unit));
                write!(f, ", the biggest ever of {size} {unit}")
            }
            Self::LowWater { pool, free, size, unit } => {
                let (free, size) = (text::number(*free), text::number(*size));
                write!(f, "{pool}: {free} of {size} {} are left", text::pool_unit(*unit))
            }
            Self::Order(text) | Self::Leak(text) => f.write_str(text),
        }
    }
}

/// What was told of a pool.
#[derive(Default)]
struct Told {
    /// Failures that were counted when it was last told, or first looked at.
    failures: u64,
    /// When failures were last told.
    at: Option<Duration>,
    low: bool,
}

/// Says what is new.
pub struct Alarms {
    low_water_percent: u8,
    pools: BTreeMap<PoolKind, Told>,
    findings: BTreeSet<Fingerprint>,
    violations: u32,
}

impl Alarms {
    /// Nothing was told yet; a pool is low when less than `low_water_percent` of it is free.
    #[must_use]
    pub const fn new(low_water_percent: u8) -> Self {
        Self { low_water_percent, pools: BTreeMap::new(), findings: BTreeSet::new(), violations: 0 }
    }

    /// What is new of the pools, at `now` of any clock that only goes on. Failures from before the
    /// first look are no news.
    pub fn pools(&mut self, now: Duration, pools: &[Pool]) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for pool in pools {
            alarms.extend(self.failure_alarm(now, pool));
            alarms.extend(self.low(pool));
        }
        alarms
    }

    /// Whether memory is so short that nothing should be allocated to look at it.
    #[must_use]
    pub fn is_short(&self, now: Duration) -> bool {
        let fresh = |told: &Told| told.at.is_some_and(|at| now.saturating_sub(at) < SAME_FAILURE);
        self.pools.values().any(|told| told.low || fresh(told))
    }

    fn failure_alarm(&mut self, now: Duration, pool: &Pool) -> Option<Alarm> {
        let count = pool.num_alloc_fail?;
        let first = || Told { failures: count, ..Told::default() };
        let state = self.pools.entry(pool.kind.clone()).or_insert_with(first);
        // Whoever reads the counters with a reset sets them back.
        state.failures = state.failures.min(count);
        let fresh = state.at.is_some_and(|at| now.saturating_sub(at) < SAME_FAILURE);
        if count == state.failures || fresh {
            return None;
        }
        let failures = count - state.failures;
        (state.failures, state.at) = (count, Some(now));
        let biggest = pool.biggest_alloc_fail.filter(|biggest| *biggest > 0);
        Some(Alarm::Failed { pool: pool.kind.label().into(), failures, biggest, unit: pool.unit })
    }

    fn low(&mut self, pool: &Pool) -> Option<Alarm> {
        // Threads are all in use whenever there is enough to do.
        let (size, used) = pool.size.zip(pool.allocated).filter(|(size, _)| *size > 0)?;
        if pool.kind == PoolKind::Threads {
            return None;
        }
        let free = size.saturating_sub(used);
        let percent = u128::from(self.low_water_percent);
        let is_below = |percent| u128::from(free) * 100 < u128::from(size) * percent;
        let state = self.pools.entry(pool.kind.clone()).or_default();
        // Half as much again has to be free before it can be low again.
        state.low &= is_below(percent + percent.div_ceil(2));
        if state.low || !is_below(percent) {
            return None;
        }
        state.low = true;
        let pool_name = pool.kind.label().into();
        Some(Alarm::LowWater { pool: pool_name, free, size, unit: pool.unit })
    }

    /// What is new of the findings of an audit: leaks and wrong order. A finding that is gone and
    /// comes again is new again. What is merely held at the moment is none: playback goes on.
    pub fn findings(&mut self, findings: &[Finding]) -> Vec<Alarm> {
        let raises_alarm = |finding: &&Finding| {
            finding.severity == Severity::Failure
                && match finding.kind.info().alarm {
                    AlarmRule::Failure => true,
                    AlarmRule::Leak => finding.verdict == Some(Verdict::Leak),
                    AlarmRule::Never => false,
                }
        };
        let alarm_findings: Vec<_> = findings.iter().filter(raises_alarm).collect();
        let previous = std::mem::take(&mut self.findings);
        self.findings = alarm_findings.iter().map(|finding| finding.fingerprint.clone()).collect();
        let new =
            alarm_findings.into_iter().filter(|finding| !previous.contains(&finding.fingerprint));
        let alarm = |finding: &Finding| match finding.kind.info().fault {
            Fault::Order => Alarm::Order(finding.title.clone()),
            Fault::Leak | Fault::Unpaired | Fault::Disagreement => {
                Alarm::Leak(finding.title.clone())
            }
        };
        new.map(alarm).collect()
    }

    /// What is new of the TA's ledger, which noticed so many `violations` since it was bound.
    pub fn ledger(&mut self, violations: u32) -> Option<Alarm> {
        let new = violations.saturating_sub(self.violations);
        self.violations = violations;
        let steps = text::count(new.into(), "step");
        let text = format!("the TA's ledger noticed {steps} in the wrong order");
        (new > 0).then(|| Alarm::Order(text.into()))
    }
}
