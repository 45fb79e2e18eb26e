//! Alarms of a system under `teeleak watch`.
//!
//! ```text
//! pools of a poll ──── Alarms::pools ──┐
//! events of a poll ─────── calls ──────┤
//! findings of an audit ── findings ────┼──> Alarm, raised once until it clears
//! head of the TA's ledger ── ledger ───┘
//! ```
//!
//! [`keep()`] limits the audits to the newest snapshots and events.

mod calls;
mod keep;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use calls::FailedCalls;
pub use keep::{Bounds, keep};

use crate::{
    model::{
        AlarmRule, Event, Fault, Finding, Fingerprint, Pool, PoolKind, PoolUnit, Severity, Verdict,
    },
    text,
};

/// Time within which repeated failures of a pool or a call are one alarm.
const SAME_FAILURE: Duration = Duration::from_secs(60);

/// An alarm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// Allocations failed since the last poll.
    Failed {
        /// Name of the pool.
        pool: Arc<str>,
        /// Number of failed allocations.
        failures: u64,
        /// Largest request that ever failed, in the unit of the pool; `None` if not counted.
        biggest: Option<u64>,
        /// Unit of the pool.
        unit: PoolUnit,
    },
    /// Calls failed for lack of memory since the last poll.
    OutOfMemory {
        /// Number of calls.
        calls: u64,
        /// The first one.
        first: Arc<str>,
    },
    /// A pool is nearly full.
    LowWater {
        /// Name of the pool.
        pool: Arc<str>,
        /// Free amount, in the unit of the pool.
        free: u64,
        /// Size of the pool.
        size: u64,
        /// Unit of the pool.
        unit: PoolUnit,
    },
    /// Steps were taken in the wrong order.
    Order(Arc<str>),
    /// Growth that is a leak.
    Leak(Arc<str>),
}

impl Alarm {
    /// The kind of alarm, for file names.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "alloc-failed",
            Self::OutOfMemory { .. } => "out-of-memory",
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
                write!(f, ", the largest ever of {size} {unit}")
            }
            Self::OutOfMemory { calls: 1, first } => {
                write!(f, "{first} returned TEE_ERROR_OUT_OF_MEMORY")
            }
            Self::OutOfMemory { calls, first } => {
                let calls = text::count(*calls, "call");
                write!(f, "{calls} returned TEE_ERROR_OUT_OF_MEMORY, the first {first}")
            }
            Self::LowWater { pool, free, size, unit } => {
                let (free, size) = (text::number(*free), text::number(*size));
                write!(f, "{pool}: {free} of {size} {} left", text::pool_unit(*unit))
            }
            Self::Order(text) | Self::Leak(text) => f.write_str(text),
        }
    }
}

/// Alarm state of a pool.
#[derive(Default)]
struct PoolAlarmState {
    /// Failure count at the last alarm, or at the first poll.
    failures: u64,
    /// Time of the last alarm for failures.
    at: Option<Duration>,
    low: bool,
}

/// Raises alarms, each one once.
pub struct Alarms {
    low_water_percent: u8,
    pools: BTreeMap<PoolKind, PoolAlarmState>,
    calls: FailedCalls,
    findings: BTreeSet<Fingerprint>,
    violations: u32,
}

impl Alarms {
    /// No alarms yet; a pool is low when less than `low_water_percent` of it is free.
    #[must_use]
    pub fn new(low_water_percent: u8) -> Self {
        Self {
            low_water_percent,
            pools: BTreeMap::new(),
            calls: FailedCalls::default(),
            findings: BTreeSet::new(),
            violations: 0,
        }
    }

    /// New alarms of the pools, at `now` of any monotonic clock. Failures from before the first poll
    /// raise none.
    pub fn pools(&mut self, now: Duration, pools: &[Pool]) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for pool in pools {
            alarms.extend(self.failure_alarm(now, pool));
            alarms.extend(self.low(pool));
        }
        alarms
    }

    /// Whether memory is so short that a snapshot must not allocate any.
    #[must_use]
    pub fn is_short(&self, now: Duration) -> bool {
        let fresh =
            |pool: &PoolAlarmState| pool.at.is_some_and(|at| now.saturating_sub(at) < SAME_FAILURE);
        self.calls.is_fresh(now) || self.pools.values().any(|pool| pool.low || fresh(pool))
    }

    /// A new alarm of the events, of which those since the last call count.
    pub fn calls(&mut self, now: Duration, events: &[Event]) -> Option<Alarm> {
        self.calls.alarm(now, events)
    }

    fn failure_alarm(&mut self, now: Duration, pool: &Pool) -> Option<Alarm> {
        let count = pool.num_alloc_fail?;
        let first = || PoolAlarmState { failures: count, ..PoolAlarmState::default() };
        let state = self.pools.entry(pool.kind.clone()).or_insert_with(first);
        // A reader that resets the counters sets them back.
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
        // All threads are in use whenever the TEE is busy.
        let (size, used) = pool.size.zip(pool.allocated).filter(|(size, _)| *size > 0)?;
        if pool.kind == PoolKind::Threads {
            return None;
        }
        let free = size.saturating_sub(used);
        let percent = u128::from(self.low_water_percent);
        let is_below = |percent| u128::from(free) * 100 < u128::from(size) * percent;
        let state = self.pools.entry(pool.kind.clone()).or_default();
        // The alarm clears when half as much again is free.
        state.low &= is_below(percent + percent.div_ceil(2));
        if state.low || !is_below(percent) {
            return None;
        }
        state.low = true;
        let pool_name = pool.kind.label().into();
        Some(Alarm::LowWater { pool: pool_name, free, size, unit: pool.unit })
    }

    /// New alarms of an audit's findings: leaks and wrong order. A finding that disappears and comes
    /// back raises a new alarm. Resources held at the moment raise none: they may be in use.
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

    /// A new alarm of the TA's ledger, which has detected `violations` since it was bound.
    pub fn ledger(&mut self, violations: u32) -> Option<Alarm> {
        let new = violations.saturating_sub(self.violations);
        self.violations = violations;
        let steps = text::count(new.into(), "step");
        let text = format!("the TA's ledger detected {steps} in the wrong order");
        (new > 0).then(|| Alarm::Order(text.into()))
    }
}
