//! Models of a series: what they are, and the best of each family.

mod curves;
mod lines;
mod partition;
mod steps;
mod teeth;
mod waves;

pub(super) use teeth::Ages;

use super::{
    blocks::Blocks,
    fit::{Gain, OrthogonalBasis, dot},
    noise::correlation,
};

/// A family of shapes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    Level,
    /// Levels that change at some times.
    Steps,
    /// Grows ever slower, up to a level.
    Saturation,
    /// Grows ever slower, as the highest of ever more random values does.
    HighWater,
    /// Grows evenly, then not at all.
    Plateau,
    Wave,
    /// Grows after each fall.
    Teeth,
    Line,
    /// Flat, then grows.
    Late,
    /// The same, but not for long enough to call it a leak.
    Beginning,
    /// Grows, then grows faster or slower.
    Knee,
    /// Grows ever faster.
    Accelerating,
    SaturationAndLine,
    StepsAndLine,
    WaveAndLine,
    TeethAndLine,
    /// Grows again after a fall, beyond where it was.
    Restart,
}

impl Family {
    pub(super) const fn grows(self) -> bool {
        matches!(
            self,
            Self::Line
                | Self::Late
                | Self::Beginning
                | Self::Knee
                | Self::Accelerating
                | Self::SaturationAndLine
                | Self::StepsAndLine
                | Self::WaveAndLine
                | Self::TeethAndLine
                | Self::Restart
        )
    }
}

/// A shape without its heights.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) family: Family,
    /// Columns beside the level; that of the growth at the end comes last if there is any.
    pub(super) columns: Vec<Vec<f64>>,
    /// Derivatives by the parameters of the shape itself: growth that another time constant or period
    /// could replace is not known any better than these.
    pub(super) tangents: Vec<Vec<f64>>,
    /// Growth that would be seen beside the shape.
    pub(super) addition: Vec<f64>,
    /// The column before the last one if the last one's coefficient is to be the growth since the last fall.
    pub(super) since_fall: Option<Vec<f64>>,
    /// Parameters of the shape itself.
    pub(super) parameters: usize,
    /// How much less likely than others it is from the start, as a log likelihood.
    pub(super) handicap: f64,
    /// When the growth begins, if not with the series; or when it ended.
    pub(super) turn: Option<f64>,
}

impl Shape {
    fn new(family: Family, blocks: &Blocks, columns: Vec<Vec<f64>>) -> Self {
        let tangents = Vec::new();
        let addition = blocks.column(|time| time);
        let (since_fall, turn) = (None, None);
        Self { family, columns, tangents, addition, since_fall, parameters: 0, handicap: 0.0, turn }
    }

    const fn parameters(mut self, parameters: usize) -> Self {
        self.parameters = parameters;
        self
    }

    const fn handicap(mut self, handicap: f64) -> Self {
        self.handicap = handicap;
        self
    }

    const fn turn(mut self, turn: f64) -> Self {
        self.turn = Some(turn);
        self
    }

    fn tangents(mut self, tangents: Vec<Vec<f64>>) -> Self {
        self.tangents = tangents;
        self
    }

    fn addition(mut self, addition: Vec<f64>) -> Self {
        self.addition = addition;
        self
    }
}

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) shape: Shape,
    pub(super) residuals: Vec<f64>,
    /// Sum of the squared residuals.
    pub(super) squares: f64,
    /// What its last column explains.
    pub(super) last: Gain,
    /// The growth that counts now: what the last column explains, or growth since the last fall.
    pub(super) now: Gain,
    /// Last minus first fitted value.
    pub(super) rise: f64,
}

impl Model {
    /// Whether it grows at its end.
    pub(super) fn grows(&self) -> bool {
        self.shape.family.grows() && self.last.coefficient > 0.0
    }

    fn new(blocks: &Blocks, shape: Shape) -> Self {
        let (last, residuals) = fit(blocks, shape.columns.iter());
        let now = match (&shape.since_fall, &shape.columns[..]) {
            (Some(age), [before @ .., _, time]) => fit(blocks, before.iter().chain([age, time])).0,
            _ => last,
        };
        // A fall that takes more than half of the growth belongs to it.
        let now = if now.coefficient > 2.0 * last.coefficient { last } else { now };
        let fitted = |at: usize| (blocks.values[at] - residuals[at]) / blocks.roots[at];
        let rise = fitted(blocks.len() - 1) - fitted(0);
        let squares = dot(&residuals, &residuals);
        Self { shape, residuals, squares, last, now, rise }
    }

    /// Free parameters: the heights, the level, the noise and those of the shape.
    pub(super) fn parameters(&self) -> usize {
        self.shape.columns.len() + 2 + self.shape.parameters
    }

    /// Log likelihood under Gaussian noise of unknown size, less half the logarithm of the number of
    /// values for each parameter (Schwarz's criterion) and the handicap; higher is better. Of noise whose
    /// neighbours are correlated, only what is new in each value counts. `floor` is the smallest plausible
    /// variance of the noise.
    pub(super) fn criterion(&self, floor: f64) -> f64 {
        let n = self.residuals.len() as f64;
        let rho = correlation(&self.residuals);
        let squares = self.squares * (1.0 - rho * rho);
        let parameters = self.parameters() + usize::from(rho > 0.0);
        let likelihood = -0.5 * n * (squares / n + floor).ln();
        likelihood - 0.5 * parameters as f64 * n.ln() - self.shape.handicap
    }

    /// Standard error of a coefficient of this `spread` if only a share of the residuals is independent.
    pub(super) fn error(&self, residuals: &[f64], spread: f64, share: f64) -> f64 {
        (dot(residuals, residuals) / self.free(share) * spread).sqrt()
    }

    /// Degrees of freedom that the noise is known from if only a share of the residuals is independent.
    pub(super) fn free(&self, share: f64) -> f64 {
        (self.residuals.len() as f64 * share - self.parameters() as f64).max(1.0)
    }

    /// Growth at the end, or that which would be seen beside the shape, the shape's own parameters left
    /// free; with the residuals that leaves.
    pub(super) fn growth(&self, blocks: &Blocks) -> (Gain, Vec<f64>) {
        if self.shape.family.grows() {
            return (self.last, self.residuals.clone());
        }
        let mut basis = OrthogonalBasis::new([&blocks.roots[..]]);
        let known = self.shape.columns.iter().chain(&self.shape.tangents);
        known.for_each(|column| basis.push(column));
        let residuals = basis.residuals(&blocks.values);
        let gain = basis.gain(&residuals, &self.shape.addition);
        basis.push(&self.shape.addition);
        (gain, basis.residuals(&residuals))
    }
}

/// What the last column explains beside a level and the others, and the residuals.
fn fit<'c>(blocks: &Blocks, columns: impl Iterator<Item = &'c Vec<f64>>) -> (Gain, Vec<f64>) {
    let mut basis = OrthogonalBasis::new([&blocks.roots[..]]);
    let mut residuals = basis.residuals(&blocks.values);
    let mut last = Gain { squares: 0.0, coefficient: 0.0, spread: f64::INFINITY };
    for column in columns {
        last = basis.gain(&residuals, column);
        basis.push(column);
        residuals = basis.residuals(&residuals);
    }
    (last, residuals)
}

/// The best model of each family.
pub(super) fn compete(blocks: &Blocks, ages: Option<&Ages>) -> Vec<Model> {
    let level = Shape::new(Family::Level, blocks, Vec::new());
    let line = Shape::new(Family::Line, blocks, vec![blocks.column(|time| time)]);
    let mut shapes = vec![level, line];
    shapes.extend(curves::shapes(blocks));
    shapes.extend(lines::shapes(blocks));
    shapes.extend(waves::shapes(blocks));
    shapes.extend(steps::shapes(blocks));
    shapes.extend(ages.into_iter().flat_map(|ages| teeth::shapes(blocks, ages)));
    shapes.into_iter().map(|shape| Model::new(blocks, shape)).collect()
}

/// The candidate that explains most of what the level and `known` leave, by one or two columns.
fn best<const N: usize>(
    blocks: &Blocks,
    known: &[Vec<f64>],
    candidates: impl IntoIterator<Item = f64>,
    columns: impl Fn(f64) -> [Vec<f64>; N],
) -> Option<f64> {
    let basis = OrthogonalBasis::new(
        [&blocks.roots[..]].into_iter().chain(known.iter().map(Vec::as_slice)),
    );
    let residuals = basis.residuals(&blocks.values);
    let gains = candidates.into_iter().map(|one| (gain(&basis, &residuals, &columns(one)), one));
    gains.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, one)| one)
}

fn gain(basis: &OrthogonalBasis, residuals: &[f64], columns: &[Vec<f64>]) -> f64 {
    match columns {
        [one] => basis.gain(residuals, one).squares,
        [one, other] => basis.gain_of_two(residuals, [one, other]),
        _ => 0.0,
    }
}

/// The best value from `low` to `high`: first on a logarithmic grid, then by bisection around it.
fn refine<const N: usize>(
    blocks: &Blocks,
    known: &[Vec<f64>],
    (low, high, steps): (f64, f64, u32),
    columns: impl Fn(f64) -> [Vec<f64>; N],
) -> f64 {
    /// Halvings of the distance: the remaining error moves no value by a thousandth.
    const REFINEMENTS: u32 = 7;
    let (low, high) = (low.ln(), high.max(low).ln());
    let at = |step: f64| step.clamp(low, high).exp();
    let mut distance = (high - low) / f64::from(steps);
    let grid = (0..=steps).map(|step| at(low + distance * f64::from(step)));
    let Some(mut value) = best(blocks, known, grid, &columns) else { return at(low) };
    for _ in 0..REFINEMENTS {
        distance /= 2.0;
        let near = [value, at(value.ln() - distance), at(value.ln() + distance)];
        value = best(blocks, known, near, &columns).unwrap_or(value);
    }
    value
}
