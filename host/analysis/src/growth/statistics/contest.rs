//! Weighs growing against bounded models.

use super::{
    blocks::Blocks,
    models::{Family, Model},
    noise::independent,
    walk::Walk,
};
use crate::growth::Estimate;

/// Iterations below which bounded models may be much slower than the series is long.
pub(super) const SHORT: f64 = 40.0;

/// Log likelihood within which models fit about as well.
const NEAR: f64 = 1.5;

/// Share of its mean growth below which growth at the end has become slower.
const SLOWER: f64 = 0.7;

/// A slope per iteration with its standard error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl Slope {
    /// Whether it is this many standard errors above zero.
    pub(super) fn exceeds(self, errors: f64) -> bool {
        self.value > errors * self.error
    }

    pub(super) fn interval(self) -> Estimate {
        let Self { value, error } = self;
        Estimate { value, low: value - 1.96 * error, high: value + 1.96 * error }
    }
}

/// The growing model that is preferred, with what it needs.
pub(super) struct Favourite {
    pub(super) slope: Slope,
    /// Log odds that its family demands for a leak.
    pub(super) demand: f64,
    /// When the growth begins, if not with the series.
    pub(super) since: Option<f64>,
}

/// The models of a series, with their criteria.
pub(super) struct Contest<'a> {
    pub(super) blocks: &'a Blocks,
    pub(super) walk: Walk,
    growing: Vec<(f64, &'a Model)>,
    bounded: Vec<(f64, &'a Model)>,
}

impl<'a> Contest<'a> {
    pub(super) fn new(blocks: &'a Blocks, models: &'a [Model]) -> Self {
        let most = models.iter().map(|model| model.squares).fold(0.0, f64::max);
        let floor = 1e-6 * most / blocks.len() as f64 + f64::MIN_POSITIVE;
        let criteria = models.iter().map(|model| (model.criterion(floor), model));
        let (growing, bounded) = criteria.partition(|(_, model)| model.grows());
        Self { blocks, walk: Walk::new(blocks, floor), growing, bounded }
    }

    pub(super) fn is_short(&self) -> bool {
        self.blocks.iterations < SHORT
    }

    /// The bounded model that fits best, with its criterion.
    pub(super) fn best_bounded(&self) -> Option<(f64, &'a Model)> {
        self.bounded.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The growing models with their criteria.
    pub(super) fn growing(&self) -> impl Iterator<Item = (f64, &'a Model)> {
        self.growing.iter().copied()
    }

    /// Logarithm of the odds that the series grows, all models of both kinds added up.
    pub(super) fn odds(&self) -> f64 {
        let criteria = |models: &[(f64, &Model)]| models.iter().map(|m| m.0).collect::<Vec<_>>();
        let (mut growing, mut bounded) = (criteria(&self.growing), criteria(&self.bounded));
        bounded.push(self.walk.criterion);
        if self.walk.slope > 0.0 {
            growing.push(self.walk.drift_criterion);
        }
        if growing.is_empty() {
            return -LONGEST_ODDS;
        }
        (sum(&growing) - sum(&bounded)).clamp(-LONGEST_ODDS, LONGEST_ODDS)
    }

    /// The simplest of the growing models that fit about as well as the best of them.
    pub(super) fn favourite(&self) -> Option<Favourite> {
        let best = self.growing.iter().map(|model| model.0).fold(f64::MIN, f64::max);
        if self.walk.slope > 0.0 && self.walk.drift_criterion > best {
            let slope = Slope { value: self.walk.slope, error: self.walk.error };
            return Some(Favourite { slope, demand: DEMAND_OF_DRIFT, since: None });
        }
        let near = self.growing.iter().filter(|model| model.0 > best - NEAR);
        let (_, model) = near.min_by_key(|model| model.1.parameters())?;
        let since = model.shape.turn;
        Some(Favourite { slope: self.slope(model), demand: self.demand(model), since })
    }

    /// Log odds by which growth must be likelier if this model is the best that grows.
    fn demand(&self, model: &Model) -> f64 {
        let base = match (model.shape.family, self.is_short()) {
            (Family::Beginning, _) => return f64::INFINITY,
            (Family::Line, true) => 6.0,
            (_, true) => 10.0,
            (Family::Line, false) => return 1.0,
            // What became slower may become slower still.
            (Family::SaturationAndLine | Family::Knee, false) if self.becomes_slower(model) => 10.0,
            (Family::StepsAndLine, false) => 6.0,
            (_, false) => 3.0,
        };
        base / independent(&model.residuals).sqrt()
    }

    fn becomes_slower(&self, model: &Model) -> bool {
        model.last.coefficient * self.blocks.iterations < SLOWER * model.rise
    }

    /// Growth at the end of a growing model.
    pub(super) fn slope(&self, model: &Model) -> Slope {
        let share = independent(&model.residuals);
        let error = model.error(&model.residuals, model.last.spread, share);
        Slope { value: model.last.coefficient, error }
    }
}

/// Log odds beyond which more evidence makes no difference.
const LONGEST_ODDS: f64 = 1e6;

/// Log odds that a random walk must drift rather than stay.
const DEMAND_OF_DRIFT: f64 = 3.5;

/// Logarithm of the sum of the exponentials.
fn sum(logarithms: &[f64]) -> f64 {
    let most = logarithms.iter().copied().fold(f64::MIN, f64::max);
    most + logarithms.iter().map(|one| (one - most).exp()).sum::<f64>().ln()
}
