//! Weighs growing against bounded models.

use super::{
    blocks::Blocks,
    models::{Family, Model},
    noise::independent,
    persistence::clarity,
    slope::Slope,
    walk::RandomWalk,
};
use crate::growth::Estimate;

/// Iterations below which bounded models may be much slower than the series is long.
pub(super) const SHORT: f64 = 40.0;

/// Iterations from which on shapes are known well.
const MANY: f64 = 100.0;

/// Log odds that are demanded less then.
const KNOWN_WELL: f64 = 2.0;

/// Log likelihood within which models fit about as well.
const NEAR: f64 = 1.5;

/// Share of its mean growth below which growth at the end has become slower.
const SLOWER: f64 = 0.7;

/// Share of the range that growth beside teeth must reach.
const BESIDE_TEETH: f64 = 0.25;

/// Log odds that are demanded in addition of correlated noise, whose correlation is uncertain as well.
const CORRELATED: f64 = 3.0;

/// Log odds that a line demands of a long series with independent noise.
const LINE: f64 = 0.7;

/// Log likelihood by which a model must beat a random walk.
const STEADY: f64 = 4.0;

/// The same for each parameter beyond those of a level; twice as much in a short series.
const EACH: f64 = 1.0;

/// Parameters of a level: its height and the noise.
const LEVEL: f64 = 2.0;

/// Share of the run after which a beginning is recent.
const RECENT: f64 = 0.7;

/// A growing model, with what it needs to show a leak.
pub(super) struct GrowingModel {
    /// Log odds that the series grows.
    pub(super) odds: f64,
    /// Those that its family demands for a leak.
    pub(super) demand: f64,
    /// By how much it fits better than a random walk, less what it must at least.
    pub(super) steadiness: f64,
    /// Growth at the end.
    pub(super) slope: Slope,
    /// The rate of that.
    pub(super) rate: Estimate,
    /// When the growth begins, if not with the series.
    pub(super) since: Option<f64>,
    /// A line, whose noise may persist.
    pub(super) line: Option<PersistentLine>,
}

/// Growth of a line, judged without a guess of how long its noise persists.
pub(super) struct PersistentLine {
    /// Log odds of growth against all bounded shapes but a random walk, which is noise that persists.
    pub(super) odds: f64,
    /// Standard errors by which its slope is above zero.
    pub(super) clarity: f64,
}

/// The models of a series, with their criteria.
pub(super) struct Contest<'a> {
    pub(super) blocks: &'a Blocks,
    pub(super) walk: RandomWalk,
    growing: Vec<(f64, &'a Model)>,
    bounded: Vec<(f64, &'a Model)>,
}

impl<'a> Contest<'a> {
    pub(super) fn new(blocks: &'a Blocks, models: &'a [Model]) -> Self {
        let most = models.iter().map(|model| model.squares).fold(0.0, f64::max);
        let floor = 1e-6 * most / blocks.len() as f64 + f64::MIN_POSITIVE;
        let criteria = models.iter().map(|model| (model.criterion(floor), model));
        let (growing, bounded) = criteria.partition(|(_, model)| model.grows());
        Self { blocks, walk: RandomWalk::new(blocks, floor), growing, bounded }
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
        let growing: Vec<_> =
            self.growing.iter().map(|model| model.0).chain(self.drift()).collect();
        if growing.is_empty() { -LONGEST_ODDS } else { self.odds_of(sum(&growing)) }
    }

    fn odds_of(&self, criterion: f64) -> f64 {
        let bounded = self.bounded.iter().map(|model| model.0).chain([self.walk.criterion]);
        (criterion - sum(&bounded.collect::<Vec<_>>())).clamp(-LONGEST_ODDS, LONGEST_ODDS)
    }

    fn persistent_line(&self, criterion: f64) -> PersistentLine {
        let growing: Vec<_> = self.growing.iter().map(|model| model.0).collect();
        let bounded: Vec<_> = self.bounded.iter().map(|model| model.0).collect();
        let is_best = growing.iter().all(|best| criterion >= best - NEAR);
        let growth = if is_best { sum(&growing) } else { criterion };
        PersistentLine { odds: growth - sum(&bounded), clarity: clarity(self.blocks) }
    }

    /// Criterion of a random walk that drifts upwards.
    fn drift(&self) -> Option<f64> {
        (self.walk.slope > 0.0).then_some(self.walk.drift_criterion)
    }

    /// The growing models, the preferred one first: the simplest of those that fit about as well as the
    /// best. They share the odds of all; one that fits worse must show growth on its own.
    pub(super) fn candidates(&self) -> Vec<GrowingModel> {
        let mut all: Vec<_> =
            self.growing.iter().map(|(criterion, model)| (*criterion, Some(*model))).collect();
        all.extend(self.drift().map(|criterion| (criterion, None)));
        let best = all.iter().map(|one| one.0).fold(f64::MIN, f64::max);
        let parameters = |model: Option<&Model>| model.map_or(3, Model::parameters);
        all.sort_by(|a, b| {
            let near = |criterion: f64| criterion < best - NEAR;
            let simpler = parameters(a.1).cmp(&parameters(b.1));
            near(a.0).cmp(&near(b.0)).then(simpler).then(b.0.total_cmp(&a.0))
        });
        let odds = self.odds();
        let candidate = |(criterion, model): (f64, Option<&Model>)| {
            let odds = if criterion < best - NEAR { self.odds_of(criterion) } else { odds };
            self.candidate(criterion, odds, model)
        };
        all.into_iter().map(candidate).collect()
    }

    fn candidate(&self, criterion: f64, odds: f64, model: Option<&Model>) -> GrowingModel {
        let Some(model) = model else {
            let slope = Slope::drift(&self.walk, self.blocks.len());
            let demand = DEMAND_OF_DRIFT;
            let rate = slope.interval;
            let steadiness = 0.0;
            return GrowingModel { odds, demand, steadiness, slope, rate, since: None, line: None };
        };
        let (demand, slope) = (self.demand(model), Slope::growth(model));
        let steadiness = self.steadiness(criterion, model);
        let is_line = model.shape.family == Family::Line;
        let line = is_line.then(|| self.persistent_line(criterion));
        let (rate, since) = (Slope::now(model).interval, model.shape.turn);
        GrowingModel { odds, demand, steadiness, slope, rate, since, line }
    }

    /// Whether a random walk fits about as well as a model of this criterion.
    pub(super) fn wanders(&self, criterion: f64) -> bool {
        criterion < self.walk.criterion + STEADY
    }

    /// By how much a model of this criterion beats a random walk, less what it must: a shape with many
    /// parameters follows any path, of few values even more so.
    pub(super) fn steadiness(&self, criterion: f64, model: &Model) -> f64 {
        let shape = model.parameters() as f64 - LEVEL;
        let each = if self.is_short() { 2.0 * EACH } else { EACH };
        criterion - self.walk.criterion - STEADY - each * shape
    }

    /// Log odds by which growth must be likelier if this model is the best that grows.
    fn demand(&self, model: &Model) -> f64 {
        let is_long = self.blocks.iterations >= MANY;
        self.usual_demand(model) - if is_long { KNOWN_WELL } else { 0.0 }
    }

    fn usual_demand(&self, model: &Model) -> f64 {
        let base = match (model.shape.family, self.is_short()) {
            (Family::Beginning, _) => return f64::INFINITY,
            (Family::TeethAndLine, _) if self.is_lost_in(model) => return f64::INFINITY,
            (Family::Line, true) => 6.0,
            (_, true) => 10.0,
            (Family::Line, false) => return LINE * independent(&model.residuals).powf(-0.35),
            // What became slower may become slower still.
            (Family::SaturationAndLine | Family::Knee, false) if self.becomes_slower(model) => 10.0,
            (Family::StepsAndLine, false) => 10.0,
            // What began shortly before the end may end shortly after.
            (Family::Late | Family::Knee, false) if self.is_recent(model) => 5.0,
            (_, false) => 3.0,
        };
        base + CORRELATED * (independent(&model.residuals).sqrt().recip() - 1.0)
    }

    fn is_recent(&self, model: &Model) -> bool {
        model.shape.turn.is_some_and(|turn| turn > RECENT * self.blocks.iterations)
    }

    /// Whether growth is small beside the teeth, whose height need not be the same each time.
    fn is_lost_in(&self, model: &Model) -> bool {
        model.last.coefficient * self.blocks.iterations < BESIDE_TEETH * self.blocks.range
    }

    fn becomes_slower(&self, model: &Model) -> bool {
        model.last.coefficient * self.blocks.iterations < SLOWER * model.rise
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
