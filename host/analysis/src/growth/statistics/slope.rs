//! A slope, with how far it may be off.

use super::{
    blocks::Blocks,
    fit::Gain,
    models::Model,
    noise::{expected_independent, independent, least_independent},
    walk::RandomWalk,
};
use crate::growth::{Estimate, student::limit_95};

/// Fewest degrees of freedom that an interval is widened for: of even fewer, the error is an upper bound already.
const FEWEST_FREE: f64 = 4.0;

/// A slope per iteration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub(super) value: f64,
    /// Standard error.
    pub(super) error: f64,
    /// The value with its interval.
    pub(super) interval: Estimate,
}

impl Slope {
    /// Growth at the end of a growing model.
    pub(super) fn growth(model: &Model) -> Self {
        let share = independent(&model.residuals);
        Self::new(model, model.last, &model.residuals, share)
    }

    /// Growth that counts now.
    pub(super) fn now(model: &Model) -> Self {
        Self::new(model, model.now, &model.residuals, independent(&model.residuals))
    }

    /// Growth that would be seen beside a bounded model.
    pub(super) fn hidden(model: &Model, blocks: &Blocks) -> Self {
        let (gain, residuals) = model.growth(blocks);
        let share = least_independent(&residuals);
        Self::new(model, gain, &residuals, share)
    }

    /// The drift of a random walk over so many values.
    pub(super) fn drift(walk: &RandomWalk, values: usize) -> Self {
        let half = limit_95(values as f64 - 2.0) * walk.error;
        Self { value: walk.slope, error: walk.error, interval: around(walk.slope, half) }
    }

    /// The coefficient of a column of a model, if a share of what is left is independent.
    fn new(model: &Model, gain: Gain, residuals: &[f64], share: f64) -> Self {
        let error = |share: f64| model.error(residuals, gain.spread, share);
        let least = expected_independent(residuals, model.parameters() - 1).min(share);
        let half = limit_95(model.free(least).max(FEWEST_FREE)) * error(least);
        let value = gain.coefficient;
        Self { value, error: error(share), interval: around(value, half) }
    }

    /// Whether it is this many standard errors above zero.
    pub(super) fn exceeds(self, errors: f64) -> bool {
        self.value > errors * self.error
    }
}

const fn around(value: f64, half: f64) -> Estimate {
    Estimate { value, low: value - half, high: value + half }
}
