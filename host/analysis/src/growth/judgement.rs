//! What is said of a series.

use crate::model::Verdict;

/// A number with its 95 % confidence interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// Best guess.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// A number that is known, not estimated.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// The same in another unit, of which one holds `by`.
    #[must_use]
    pub fn scale(self, by: f64) -> Self {
        Self { value: self.value * by, low: self.low * by, high: self.high * by }
    }
}

/// What the verdict rests on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Basis {
    /// Too few iterations for anything.
    TooShort,
    /// Too many values are missing.
    Gaps,
    /// The value never changed.
    Constant,
    /// Survivors by the iteration they were born in: in how many of the settled iterations
    /// something stayed.
    Survivors {
        /// Iterations with survivors.
        with: u32,
        /// Iterations whose objects were old enough to be judged.
        of: u32,
    },
    /// Every `period` iterations, since `from`, brought exactly the same.
    Exact {
        /// Gain of one period.
        gain: f64,
        /// Iterations of one period.
        period: u32,
        /// First iteration that the rule holds for.
        from: u32,
    },
    /// It rose now and then and never fell.
    Staircase {
        /// How often it rose.
        rises: u32,
    },
    /// Comparison of growing with bounded explanations.
    Statistics {
        /// How much more likely the best growing explanation is than the best bounded one
        /// (natural logarithm).
        margin: f64,
        /// Period that was taken out, in iterations.
        period: Option<f64>,
    },
}

/// What is said of a series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What it rests on.
    pub basis: Basis,
    /// Growth per iteration, where there is any.
    pub rate: Option<Estimate>,
    /// Iterations that it rests on.
    pub support: u32,
    /// How many more iterations would decide, where the verdict is [`Verdict::Undecided`].
    pub more: Option<u32>,
}

impl Judgement {
    pub(super) const fn new(verdict: Verdict, basis: Basis, support: u32) -> Self {
        Self { verdict, basis, rate: None, support, more: None }
    }

    pub(super) const fn rate(mut self, rate: Estimate) -> Self {
        self.rate = Some(rate);
        self
    }

    pub(crate) fn undecided(basis: Basis, support: u32, more: usize) -> Self {
        let remaining = u32::try_from(more.max(1)).unwrap_or(u32::MAX);
        Self { more: Some(remaining), ..Self::new(Verdict::Undecided, basis, support) }
    }
}
