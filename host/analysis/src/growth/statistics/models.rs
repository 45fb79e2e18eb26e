//! Growing and bounded models of a series, and their likelihoods.

use super::{
    fit::{Fit, fit},
    season::{ramp, wave},
    steps,
};

/// The shape of a model, with its parameters.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Shape {
    Level,
    /// The level changes at this value.
    Step(usize),
    TwoSteps(usize, usize),
    /// 1 - exp(-t / constant).
    Saturation(f64),
    /// A sine of this period.
    Wave(f64),
    Line,
    SaturationAndLine(f64),
}

impl Shape {
    pub(super) const fn grows(self) -> bool {
        matches!(self, Self::Line | Self::SaturationAndLine(_))
    }

    /// Free parameters, those of the shape and of the noise included.
    const fn parameters(self) -> usize {
        match self {
            Self::Level => 2,
            Self::Line => 3,
            Self::Step(_) | Self::Saturation(_) => 4,
            Self::Wave(_) | Self::SaturationAndLine(_) => 5,
            Self::TwoSteps(..) => 6,
        }
    }

    /// The columns of the linear model.
    fn columns(self, n: usize) -> Vec<Vec<f64>> {
        let constant_column = vec![1.0; n];
        let step_column = |at: usize| (0..n).map(|t| f64::from(u8::from(t >= at))).collect();
        let curve = |constant: f64| (0..n).map(|t| (-(t as f64) / constant).exp()).collect();
        match self {
            Self::Level => vec![constant_column],
            Self::Line => vec![constant_column, ramp(n)],
            Self::Step(at) => vec![constant_column, step_column(at)],
            Self::TwoSteps(first, second) => {
                vec![constant_column, step_column(first), step_column(second)]
            }
            Self::Saturation(constant) => vec![constant_column, curve(constant)],
            Self::SaturationAndLine(constant) => vec![constant_column, curve(constant), ramp(n)],
            Self::Wave(period) => {
                let (cosine, sine) = wave(n, period);
                vec![constant_column, cosine, sine]
            }
        }
    }

    /// Derivatives by the parameters of the shape itself: a line that another time constant or period
    /// could replace is not known any better than these.
    fn tangents(self, n: usize) -> Vec<Vec<f64>> {
        let times_t = |column: &[f64]| column.iter().zip(ramp(n)).map(|(c, t)| c * t).collect();
        match self {
            Self::Saturation(_) | Self::SaturationAndLine(_) | Self::Wave(_) => {
                let columns = self.columns(n);
                columns.iter().skip(1).map(|column| times_t(column)).collect()
            }
            Self::Level | Self::Step(_) | Self::TwoSteps(..) | Self::Line => Vec::new(),
        }
    }
}

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) shape: Shape,
    /// Mean square of the residuals.
    pub(super) noise: f64,
    /// Last minus first fitted value.
    pub(super) rise: f64,
    fit: Fit,
}

impl Model {
    fn new(shape: Shape, values: &[f64]) -> Self {
        Self::with_columns(shape, values, &shape.columns(values.len()))
    }

    fn with_columns(shape: Shape, values: &[f64], columns: &[Vec<f64>]) -> Self {
        let columns: Vec<_> = columns.iter().map(Vec::as_slice).collect();
        let fit = fit(values, &columns);
        let n = values.len();
        let fitted_value = |at: usize| values[at] - fit.residuals[at];
        let rise = fitted_value(n - 1) - fitted_value(0);
        Self { shape, noise: fit.squares / n as f64, rise, fit }
    }

    /// The residuals.
    pub(super) fn residuals(&self) -> &[f64] {
        &self.fit.residuals
    }

    /// Log likelihood under Gaussian noise of unknown size, without constants. `floor` is the
    /// smallest plausible variance of the noise.
    pub(super) fn likelihood(&self, floor: f64) -> f64 {
        -0.5 * self.residuals().len() as f64 * (self.noise + floor).ln()
    }

    /// Schwarz's criterion, as a log likelihood: higher is better.
    pub(super) fn criterion(&self, floor: f64) -> f64 {
        let n = self.residuals().len() as f64;
        self.likelihood(floor) - 0.5 * self.shape.parameters() as f64 * n.ln()
    }

    /// Slope of its line, or of one added to it, with its standard error if only the share
    /// `independent` of the values is independent.
    pub(super) fn slope(&self, values: &[f64], independent: f64) -> (f64, f64) {
        let n = values.len();
        let mut with_line = self.clone();
        if !self.shape.grows() {
            let mut columns = self.shape.columns(n);
            columns.extend(self.shape.tangents(n));
            columns.push(ramp(n));
            with_line = Self::with_columns(self.shape, values, &columns);
        }
        let Fit { squares, last, spread, .. } = with_line.fit;
        let free = (n as f64 * independent - self.shape.parameters() as f64).max(1.0);
        (last, (squares / free * spread).sqrt())
    }
}

/// How slow bounded models may be.
pub(super) struct Limits {
    /// Longest time constant of a saturation, as a multiple of the length of the series.
    pub(super) constant: f64,
    /// Longest period of a wave, as a multiple of the length of the series.
    pub(super) period: f64,
}

/// The best of each shape.
pub(super) fn fit_all(values: &[f64], limits: &Limits) -> [Model; 7] {
    let n = values.len() as f64;
    let (one, two) = steps::best(values);
    [
        Model::new(Shape::Level, values),
        Model::new(Shape::Line, values),
        Model::new(Shape::Step(one), values),
        Model::new(Shape::TwoSteps(two.0, two.1), values),
        best(values, 0.3, limits.constant * n, Shape::Saturation),
        // Slower ones bend so little that they equal a line.
        best(values, 0.3, n / 4.0, Shape::SaturationAndLine),
        best(values, n / 4.0, limits.period * n, Shape::Wave),
    ]
}

/// The best model from `low` to `high`: first on a logarithmic grid, then by bisection around the
/// best one.
fn best(values: &[f64], low: f64, high: f64, shape: impl Fn(f64) -> Shape) -> Model {
    /// Points of the grid: one per 15 to 25 % of the parameter.
    const STEPS: u32 = 20;
    /// Halvings of the distance: the remaining error moves no value by a thousandth.
    const REFINEMENTS: u32 = 8;
    let (low, high) = (low.ln(), high.max(low).ln());
    let model = |at: f64| (at, Model::new(shape(at.clamp(low, high).exp()), values));
    let better = |a: (f64, Model), b: (f64, Model)| if b.1.noise < a.1.noise { b } else { a };
    let mut distance = (high - low) / f64::from(STEPS);
    let mut best = model(low);
    for step in 1..=STEPS {
        best = better(best, model(low + distance * f64::from(step)));
    }
    for _ in 0..REFINEMENTS {
        distance /= 2.0;
        let centre = best.0;
        best = better(best, model(centre - distance));
        best = better(best, model(centre + distance));
    }
    best.1
}
