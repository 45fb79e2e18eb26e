//! Statistics, for series that neither survivors nor integer rules decide.
//!
//! A trend test asks whether a trend exists, and a cache that warmed up, one step, or the rising half
//! of a slow oscillation all have one. The question here is different: **does any bounded model fit
//! as well?** After the period is removed, the growing models (a line, a
//! saturation plus a line) are compared with the best of the bounded ones (a level, one step, two
//! steps, a saturation, a slow wave) by their profile likelihoods. A leak must beat *all* bounded
//! ones by a margin, its slope must be well above its own error, and correlated noise counts as fewer
//! independent values. A bounded verdict in turn must exclude growth: the upper bound for the rise of
//! a line added to the model, with the shape's own parameters left free, must be a small part of the
//! range. A series that meets neither demand is undecided.
//!
//! Literature: comparison of models that are not special cases of each other: Vuong, *Econometrica*
//! 57 (1989); trend tests under correlated noise: Perron and Yabu, *J. Econometrics* 151 (2009);
//! why trend tests fail for aging software: Machida et al., *ISSRE* 2013.

mod fit;
mod models;
mod season;
mod steps;

use models::{Model, Shape, ShapeLimits};

use super::{Basis, Estimate, Judgement};
use crate::model::Verdict;

/// Standard errors by which the slope of a leak must be above zero.
const SLOPE: f64 = 4.0;

/// Standard errors within which a slope is not excluded.
const EXCLUDED: f64 = 2.0;

/// Standard errors above which a slope counts as growth: a bounded verdict that ignores one would
/// hide a leak.
const SEEN: f64 = 2.5;

/// Share of the range that must remain at the end for a rise.
const RISEN: f64 = 0.5;

/// Iterations below which bounded models may be much slower than the series is long.
const SHORT: usize = 40;

/// Longest time constant of a warm-up that must not be called a leak, in iterations; longer ones
/// count if the series is long enough to show them.
const WARM_UP: f64 = 27.0;

/// Longest period of a swing that must not be called a leak, likewise.
const SWING: f64 = 75.0;

/// Half the maximum number of values; longer series are averaged in blocks.
const BLOCKS: usize = 128;

/// Thresholds for a series of some length.
struct Demand {
    limits: ShapeLimits,
    /// Log likelihood by which a line must beat all bounded models.
    line: f64,
    /// The same for a saturation plus a line, which always fits a little better than its special
    /// case, a saturation alone.
    addition: f64,
    /// Maximum share of the range that may be growth for a bounded verdict.
    hidden: f64,
    /// The same for a step or a warm-up, where growth is in doubt.
    hidden_by_rise: f64,
}

impl Demand {
    fn for_length(iterations: usize) -> Self {
        if iterations < SHORT {
            let limits = ShapeLimits { constant: 3.0, period: 4.0 };
            return Self { limits, line: 6.0, addition: 10.0, hidden: 0.35, hidden_by_rise: 0.15 };
        }
        let n = iterations as f64;
        let constant = (WARM_UP / n).max(0.45);
        let period = (SWING / n).max(1.25);
        let limits = ShapeLimits { constant, period };
        Self { limits, line: 2.0, addition: 4.0, hidden: 0.5, hidden_by_rise: 0.2 }
    }

    /// Maximum share of the range that may be growth.
    const fn max_hidden_share(&self, verdict: Verdict) -> f64 {
        match verdict {
            Verdict::Step | Verdict::WarmUp => self.hidden_by_rise,
            _ => self.hidden,
        }
    }
}

/// Judges values without gaps, at least four.
pub(super) fn judge(values: &[f64]) -> Judgement {
    let season = season::remove(values);
    let block = season.values.len().div_ceil(2 * BLOCKS).max(1);
    let blocks: Vec<_> = season
        .values
        .chunks_exact(block)
        .map(|block| block.iter().sum::<f64>() / block.len() as f64)
        .collect();
    let iterations = values.len() - 1;
    let demand = Demand::for_length(iterations);
    let models = models::fit_all(&blocks, &demand.limits);
    let comparison = Comparison::new(&blocks, &models, season.period, iterations, block);
    comparison.leak(&demand).unwrap_or_else(|| comparison.judge_bounded(range(values), &demand))
}

fn range(values: &[f64]) -> f64 {
    let highest = values.iter().copied().fold(f64::MIN, f64::max);
    highest - values.iter().copied().fold(f64::MAX, f64::min)
}

/// Comparison of growing and bounded models.
struct Comparison<'a> {
    values: &'a [f64],
    models: &'a [Model],
    /// Criterion of the best bounded model.
    bounded: f64,
    floor: f64,
    period: Option<f64>,
    iterations: usize,
    /// Iterations per value.
    block: usize,
}

impl<'a> Comparison<'a> {
    fn new(
        values: &'a [f64],
        models: &'a [Model],
        period: Option<f64>,
        iterations: usize,
        block: usize,
    ) -> Self {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let floor = 1e-6 * variance / values.len() as f64 + f64::MIN_POSITIVE;
        let bounded_models = models.iter().filter(|model| !model.shape.grows());
        let best_bounded =
            bounded_models.map(|model| model.criterion(floor)).fold(f64::MIN, f64::max);
        Self { values, models, bounded: best_bounded, floor, period, iterations, block }
    }

    /// A leak, if a growing model meets the demand.
    fn leak(&self, demand: &Demand) -> Option<Judgement> {
        let growing_models = self.models.iter().filter(|model| model.shape.grows());
        let judgements = growing_models.filter_map(|model| {
            let margin = self.margin(model);
            let threshold = if model.shape == Shape::Line { demand.line } else { demand.addition };
            let (slope, error) = self.slope(model);
            let leaks = margin > threshold && slope > SLOPE * error;
            leaks.then(|| self.judgement(Verdict::Leak, margin).rate(interval(slope, error)))
        });
        judgements.max_by(|a, b| margin_of(a).total_cmp(&margin_of(b)))
    }

    /// A bounded verdict if growth is excluded, else undecided; `range` is that of the values.
    fn judge_bounded(&self, range: f64, demand: &Demand) -> Judgement {
        let criterion = |model: &&Model| model.criterion(self.floor);
        let simplest = self.models.iter().max_by(|a, b| criterion(a).total_cmp(&criterion(b)));
        let growing_models = self.models.iter().filter(|model| model.shape.grows());
        let margin = growing_models.map(|model| self.margin(model)).fold(f64::MIN, f64::max);
        let Some(model) = simplest else { return self.judgement(Verdict::Undecided, margin) };
        let (slope, error) = self.slope(model);
        let verdict = self.name(model, range);
        let hidden_share = (slope + EXCLUDED * error) * self.iterations as f64 / range;
        let is_rising = slope > SEEN * error;
        let verdict = if is_rising || hidden_share > demand.max_hidden_share(verdict) {
            Verdict::Undecided
        } else {
            verdict
        };
        let judgement = self.judgement(verdict, margin);
        if verdict != Verdict::Undecided {
            return judgement.rate(interval(slope, error));
        }
        let more = Some(u32::try_from(wait(margin, self.iterations)).unwrap_or(u32::MAX));
        Judgement { more, rate: self.possible_rate(model, range), ..judgement }
    }

    /// The rate of a series that may grow: that of a growing model, unless it needs more than the values
    /// changed at all.
    fn possible_rate(&self, model: &Model, range: f64) -> Option<Estimate> {
        let (slope, error) = self.slope(model);
        let is_plausible = slope > 0.0 && slope * self.iterations as f64 <= range;
        let Estimate { value, low, high } = interval(slope, error);
        (model.shape.grows() && is_plausible).then(|| Estimate { value, low: low.max(0.0), high })
    }

    /// The verdict for a model if growth is excluded.
    fn name(&self, model: &Model, range: f64) -> Verdict {
        let has_risen = model.rise > RISEN * range;
        match model.shape {
            Shape::Line | Shape::SaturationAndLine(_) if model.rise > 0.0 => Verdict::Undecided,
            Shape::Step(_) | Shape::TwoSteps(..) if has_risen => Verdict::Step,
            Shape::Saturation(_) if has_risen => Verdict::WarmUp,
            // A swing that did not come back may be growth.
            Shape::Wave(_) if has_risen => Verdict::Undecided,
            Shape::Level if self.period.is_none() => Verdict::Clean,
            _ => Verdict::Oscillation,
        }
    }

    fn judgement(&self, verdict: Verdict, margin: f64) -> Judgement {
        let basis = Basis::Statistics { margin, period: self.period };
        Judgement::new(verdict, basis, u32::try_from(self.iterations).unwrap_or(u32::MAX))
    }

    /// By how much a growing model beats all bounded ones.
    fn margin(&self, model: &Model) -> f64 {
        (model.criterion(self.floor) - self.bounded) * independent(model.residuals())
    }

    /// Slope per iteration and its standard error.
    fn slope(&self, model: &Model) -> (f64, f64) {
        let (slope, error) = model.slope(self.values, independent(model.residuals()));
        (slope / self.block as f64, error / self.block as f64)
    }
}

fn interval(slope: f64, error: f64) -> Estimate {
    Estimate { value: slope, low: slope - 1.96 * error, high: slope + 1.96 * error }
}

fn margin_of(said: &Judgement) -> f64 {
    if let Basis::Statistics { margin, .. } = said.basis { margin } else { 0.0 }
}

/// Share of the values that is independent, from the correlation of neighbours, 0 to 0.95, with the
/// bias of short series removed (Marriott and Pope, *Biometrika* 41, 1954: the estimate is short
/// by (1 + 4 rho) / n).
fn independent(residuals: &[f64]) -> f64 {
    let n = residuals.len() as f64;
    let square_sum: f64 = residuals.iter().map(|r| r * r).sum();
    let neighbours: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    // Not above the chance level of independent values, or all values are equal.
    if neighbours <= square_sum * 2.0 / n.sqrt() {
        return 1.0;
    }
    let rho = neighbours / square_sum;
    let rho = (rho + (1.0 + 4.0 * rho) / n).clamp(0.0, 0.95);
    (1.0 - rho) / (1.0 + rho)
}

/// Iterations until the margin is reached: the evidence for a slope grows as the cube of the
/// length, and below [`SHORT`] the demand is too high to wait for less.
fn wait(margin: f64, iterations: usize) -> usize {
    let threshold = Demand::for_length(iterations).line;
    let factor = (threshold / margin.max(0.5)).cbrt().clamp(1.25, 2.0);
    let estimate = (iterations as f64 * (factor - 1.0)).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let wait_count = estimate as usize;
    wait_count.max(SHORT.saturating_sub(iterations))
}
