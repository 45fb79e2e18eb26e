//! What the contest of the models means.

use super::{
    contest::{Contest, GrowingModel, PersistentLine, SHORT},
    models::{Family, Model},
    slope::Slope,
};
use crate::{
    growth::{Basis, Estimate, Judgement},
    model::Verdict,
};

/// Standard errors by which the slope of a leak must be above zero.
const SLOPE: f64 = 4.0;

/// By how much less a leak must beat a random walk than a bounded verdict must: a walk drifts as well.
const LENIENT: f64 = 2.0;

/// By how much more a bounded verdict must.
const FIRM: f64 = 1.0;

/// The same if the noise may persist for any time, so that a random walk is hardly ever as clear.
const PERSISTENT: f64 = 5.0;

/// Standard errors within which a slope is not excluded, at 99 % (one-sided).
const EXCLUDED: f64 = 2.33;

/// Standard errors above which a slope counts as growth: a bounded verdict that ignores one would
/// hide a leak.
const SEEN: f64 = 2.5;

/// By how much a bounded model must beat a growing one whose slope counts as growth.
const CLEAR: f64 = 2.0;

/// Share of the range that must remain at the end for a rise.
const RISEN: f64 = 0.5;

/// Maximum share of the range that growth may hide in: a slow leak is small beside noise for long.
const HIDDEN: f64 = 0.18;

/// The same where a change may go on for longer than a short series.
const HIDDEN_BY_SHORT_CHANGE: f64 = 0.13;

/// Fewest values beyond the parameters of a bounded shape: fewer are fitted whatever they are.
const FEWEST_BEYOND: usize = 3;

/// How many times as long as expected to wait, as chance may be against it.
const MARGIN: f64 = 1.5;

/// Share of the run after which what happened is too new to be judged.
const NEW: f64 = 0.8;

/// Decides about a series.
pub(super) struct Decision<'a> {
    pub(super) contest: Contest<'a>,
    /// Period that was removed.
    pub(super) period: Option<f64>,
    /// Highest minus lowest value, the period included.
    pub(super) range: f64,
}

impl Decision<'_> {
    pub(super) fn judge(&self) -> Judgement {
        self.leak().or_else(|| self.bounded()).unwrap_or_else(|| self.undecided())
    }

    /// A leak, if growth is likely enough and clear.
    fn leak(&self) -> Option<Judgement> {
        let leaks = |one: &GrowingModel| is_clear(one) || self.is_persistent_line(one);
        let best = self.contest.candidates().into_iter().find(leaks)?;
        let judgement = self.judgement(Verdict::Leak).rate(best.rate);
        Some(judgement.since(best.since.map(iteration)))
    }

    /// Whether it is a line that is clear however long its noise persists, and likelier than any bounded
    /// shape; of a short series, that may be the beginning of one.
    fn is_persistent_line(&self, model: &GrowingModel) -> bool {
        let is_clear = |line: &PersistentLine| line.odds > 0.0 && line.clarity > PERSISTENT;
        !self.contest.is_short() && model.line.as_ref().is_some_and(is_clear)
    }

    /// A bounded verdict, if growth is excluded.
    fn bounded(&self) -> Option<Judgement> {
        let (criterion, model) = self.contest.best_bounded()?;
        let verdict = self.name(model)?;
        if self.contest.blocks.len() < model.parameters() + FEWEST_BEYOND {
            return None;
        }
        let slope = Slope::hidden(model, self.contest.blocks);
        // A fall by chance excludes nothing.
        let bound = slope.value.max(0.0) + EXCLUDED * self.few(model) * slope.error;
        let hides = bound * self.contest.blocks.iterations > self.hidden(model) * self.range;
        if hides
            || slope.exceeds(SEEN)
            || self.may_grow(criterion)
            || self.contest.steadiness(criterion, model) < FIRM
        {
            return None;
        }
        let judgement = self.judgement(verdict).rate(slope.interval).excluded(bound);
        let stopped = model.shape.turn.filter(|_| model.shape.family == Family::Plateau);
        Some(judgement.stopped(stopped.map(iteration)))
    }

    /// Maximum share of the range that growth may hide in beside this model.
    fn hidden(&self, model: &Model) -> f64 {
        let saturates = matches!(model.shape.family, Family::Saturation | Family::HighWater);
        if saturates && self.contest.is_short() { HIDDEN_BY_SHORT_CHANGE } else { HIDDEN }
    }

    fn undecided(&self) -> Judgement {
        let more = self.more();
        Judgement { more, rate: self.possible_rate(), ..self.judgement(Verdict::Undecided) }
    }

    /// How much wider an interval must be as the noise is known from few values only (the first term of
    /// Student's distribution).
    fn few(&self, model: &Model) -> f64 {
        let free = self.contest.blocks.len() as f64 - model.parameters() as f64 - 1.0;
        1.0 + 2.0 / free.max(1.0)
    }

    /// Whether a growing model fits nearly as well as a bounded one with this criterion.
    fn may_grow(&self, bounded: f64) -> bool {
        self.contest.growing().any(|(criterion, model)| {
            let least = if model.shape.family == Family::Beginning { 0.0 } else { CLEAR };
            criterion > bounded - least && Slope::growth(model).exceeds(SEEN)
        })
    }

    /// The rate of a series that may grow, unless it needs more than the values changed at all.
    fn possible_rate(&self) -> Option<Estimate> {
        let (bounded, _) = self.contest.best_bounded()?;
        let best = self.contest.growing().map(|model| model.0).fold(f64::MIN, f64::max);
        let slope = self.contest.candidates().into_iter().next().filter(|_| best > bounded)?.slope;
        let is_plausible = slope.value * self.contest.blocks.iterations <= self.range;
        let interval = slope.interval;
        is_plausible.then(|| Estimate { low: interval.low.max(0.0), ..interval })
    }

    /// The verdict for a bounded model if growth is excluded; `None` if what it shows is too new, or did
    /// not come back.
    fn name(&self, model: &Model) -> Option<Verdict> {
        let has_risen = model.rise > RISEN * self.range;
        let new = NEW * self.contest.blocks.iterations;
        if model.shape.turn.is_some_and(|turn| turn > new) {
            return None;
        }
        match model.shape.family {
            Family::Steps if has_risen => Some(Verdict::Step),
            Family::Saturation | Family::HighWater | Family::Plateau if has_risen => {
                Some(Verdict::WarmUp)
            }
            Family::Wave | Family::Teeth if has_risen => None,
            Family::Level if self.period.is_none() => Some(Verdict::Clean),
            _ => Some(Verdict::Oscillation),
        }
    }

    fn judgement(&self, verdict: Verdict) -> Judgement {
        let basis = Basis::Statistics { margin: self.contest.odds(), period: self.period };
        Judgement::new(verdict, basis, iteration(self.contest.blocks.iterations))
    }

    /// Further iterations that would decide; `None` if so many would be needed that less noise helps
    /// more.
    fn more(&self) -> Option<u32> {
        /// Longest wait that is worth naming, as a multiple of the run.
        const LONGEST: f64 = 4.0;
        let iterations = self.contest.blocks.iterations;
        let growth = self.growth_factor();
        let (bounded, _) = self.contest.best_bounded()?;
        // What wanders has no level, however long one waits.
        if growth.is_none() && !self.contest.is_short() && self.contest.wanders(bounded) {
            return None;
        }
        let factor = growth.unwrap_or(f64::INFINITY).min(self.bound_factor());
        let until_long = if self.contest.is_short() { SHORT - iterations } else { 0.0 };
        let more = (iterations * (factor - 1.0)).max(until_long).max(1.0);
        (factor <= LONGEST || self.contest.is_short())
            .then(|| iteration(more.min(LONGEST * iterations).ceil()))
    }

    /// How many times as long the series must be if it grows: evidence for a slope grows as the cube of
    /// the length, and its error shrinks as the power of 1.5.
    fn growth_factor(&self) -> Option<f64> {
        let best = self.contest.candidates().into_iter().find(|one| one.slope.exceeds(1.5))?;
        let demand = if best.demand.is_finite() { best.demand } else { 3.0 };
        let odds = (demand / self.contest.odds().max(0.3)).max(1.0).cbrt();
        let clarity = (SLOPE * best.slope.error / best.slope.value).max(1.0).powf(2.0 / 3.0);
        Some(MARGIN * odds.max(clarity))
    }

    /// How many times as long it must be to exclude growth.
    fn bound_factor(&self) -> f64 {
        let Some((_, model)) = self.contest.best_bounded() else { return f64::INFINITY };
        let slope = Slope::hidden(model, self.contest.blocks);
        let hidden =
            (slope.value.max(0.0) + EXCLUDED * slope.error) * self.contest.blocks.iterations;
        MARGIN * (hidden / (self.hidden(model) * self.range)).max(1.0).powi(2)
    }
}

/// Whether growth is likely enough, steady and well above its error.
fn is_clear(model: &GrowingModel) -> bool {
    model.odds > model.demand && model.steadiness > -LENIENT && model.slope.exceeds(SLOPE)
}

/// A number of iterations.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn iteration(time: f64) -> u32 {
    time.round() as u32
}
