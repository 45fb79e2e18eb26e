//! The judgement of a series.

use crate::model::Verdict;

/// An estimate with its 95 % confidence interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// Best estimate.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Estimate {
    /// A number that is known, not estimated.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// The estimate in another unit: `by` of it make up one of the current unit.
    #[must_use]
    pub fn scale(self, by: f64) -> Self {
        Self { value: self.value * by, low: self.low * by, high: self.high * by }
    }
}

/// The basis of a verdict.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Basis {
    /// Too few iterations for any method.
    TooShort,
    /// Too many values are missing.
    Gaps,
    /// The value never changed.
    Constant,
    /// Survivors by iteration of their allocation: how many of the settled iterations left some.
    Survivors {
        /// Iterations with survivors.
        with: u32,
        /// Iterations whose objects are old enough to be judged.
        of: u32,
    },
    /// Every `period` iterations, since `from`, gained exactly the same.
    Exact {
        /// Gain of one period.
        gain: f64,
        /// Iterations of one period.
        period: u32,
        /// First iteration for which the rule holds.
        from: u32,
    },
    /// Occasional rises and no fall.
    Staircase {
        /// Number of rises.
        rises: u32,
    },
    /// Comparison of growing with bounded models.
    Statistics {
        /// Log likelihood ratio of the best growing model to the best bounded one (natural logarithm).
        margin: f64,
        /// Period that was removed, in iterations.
        period: Option<f64>,
    },
}

/// The judgement of a series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Its basis.
    pub basis: Basis,
    /// Growth per iteration, if any.
    pub rate: Option<Estimate>,
    /// Number of iterations judged.
    pub support: u32,
    /// Further iterations that would decide, if the verdict is [`Verdict::Undecided`]; `None` if more of
    /// the same would not, but less noise would.
    pub more: Option<u32>,
    /// The iteration since which it grows as it does now, if that is not the whole series.
    pub since: Option<u32>,
    /// The iteration at which growth stopped.
    pub stopped: Option<u32>,
    /// Growth per iteration above which is excluded at 99 %.
    pub excluded: Option<f64>,
}

impl Judgement {
    pub(super) const fn new(verdict: Verdict, basis: Basis, support: u32) -> Self {
        Self {
            verdict,
            basis,
            rate: None,
            support,
            more: None,
            since: None,
            stopped: None,
            excluded: None,
        }
    }

    pub(super) const fn rate(mut self, rate: Estimate) -> Self {
        self.rate = Some(rate);
        self
    }

    pub(super) const fn since(mut self, since: Option<u32>) -> Self {
        self.since = since;
        self
    }

    pub(super) const fn stopped(mut self, stopped: Option<u32>) -> Self {
        self.stopped = stopped;
        self
    }

    pub(super) const fn excluded(mut self, growth: f64) -> Self {
        self.excluded = Some(growth);
        self
    }

    /// The judgement of a series whose first values are missing.
    pub(super) fn after(mut self, missing: u32) -> Self {
        if let Basis::Exact { from, .. } = &mut self.basis {
            *from = from.saturating_add(missing);
        }
        let after = |iteration: u32| iteration.saturating_add(missing);
        (self.since, self.stopped) = (self.since.map(after), self.stopped.map(after));
        self
    }

    /// The judgement per iteration of a series that has a value for every `stride` of them.
    pub(crate) fn per_iteration(self, stride: u32) -> Self {
        if stride == 1 {
            return self;
        }
        let basis = match self.basis {
            Basis::Exact { gain, period, from } => Basis::Exact {
                gain,
                period: period.saturating_mul(stride),
                from: from.saturating_mul(stride),
            },
            basis => basis,
        };
        Self {
            basis,
            rate: self.rate.map(|rate| rate.scale(1.0 / f64::from(stride))),
            support: self.support.saturating_mul(stride),
            more: self.more.map(|more| more.saturating_mul(stride)),
            since: self.since.map(|since| since.saturating_mul(stride)),
            stopped: self.stopped.map(|stopped| stopped.saturating_mul(stride)),
            excluded: self.excluded.map(|growth| growth / f64::from(stride)),
            ..self
        }
    }

    pub(crate) fn undecided(basis: Basis, support: u32, more: usize) -> Self {
        let remaining = u32::try_from(more.max(1)).unwrap_or(u32::MAX);
        Self { more: Some(remaining), ..Self::new(Verdict::Undecided, basis, support) }
    }
}
