//! Finds a period in the values and removes it.

use super::fit::{OrthogonalBasis, dot};

/// Shortest period, in iterations.
const SHORTEST: usize = 2;

/// Longest period of any shape, in iterations.
const LONGEST: usize = 64;

/// Minimum number of whole cycles of a period.
const CYCLES: usize = 3;

/// Number of values in which a wave is looked for.
const WINDOW: usize = 256;

/// Minimum number of whole cycles of a sine wave.
const WAVES: usize = 4;

/// Maximum share of the spread that may remain for a series to count as periodic.
const LEFT: f64 = 0.25;

/// Number of values from which on that share is enough.
const MANY: f64 = 40.0;

/// Values without their periodic part.
pub(super) struct Season {
    /// Period in iterations, if any.
    pub(super) period: Option<f64>,
    /// The values without it.
    pub(super) values: Vec<f64>,
    /// Number of parameters used for it.
    parameters: usize,
}

/// Removes the strongest period from the values: any shape with a whole number of iterations, or a
/// sine wave, whichever fits better for its number of parameters.
pub(super) fn remove(values: &[f64]) -> Season {
    let shape = whole_period(values).map(|period| Season {
        period: Some(period as f64),
        values: without_shape(values, period),
        parameters: period,
    });
    let wave = wave_period(values).map(|period| Season {
        period: Some(period),
        values: without_wave(values, period),
        parameters: 3,
    });
    let no_season = Season { period: None, values: values.to_vec(), parameters: 0 };
    let candidates = [shape, wave].into_iter().flatten();
    candidates.min_by(|a, b| a.cost().total_cmp(&b.cost())).unwrap_or(no_season)
}

impl Season {
    /// Schwarz's criterion of the season with a line: lower is better.
    fn cost(&self) -> f64 {
        let n = self.values.len();
        let rest = line(n).residuals(&self.values);
        let rest = dot(&rest, &rest) / n as f64;
        n as f64 * rest.max(f64::MIN_POSITIVE).ln() + self.parameters as f64 * (n as f64).ln()
    }
}

/// The shortest period p for which values p iterations apart differ far less than for others:
/// differences over one period remove any shape, and turn a line into a constant.
fn whole_period(values: &[f64]) -> Option<usize> {
    let longest = ((values.len() - 1) / CYCLES).min(LONGEST);
    if longest < SHORTEST + 1 {
        return None;
    }
    let spreads: Vec<_> = (1..=longest).map(|lag| lag_spread(values, lag)).collect();
    let mut sorted_spreads = spreads.clone();
    sorted_spreads.sort_unstable_by(f64::total_cmp);
    let usual = sorted_spreads[sorted_spreads.len() / 2];
    if usual <= 0.0 {
        return None;
    }
    // Of few values, some periods fit well by chance.
    let left = LEFT * (values.len() as f64 / MANY).min(1.0);
    // Slow changes make neighbouring values similar: one iteration apart is no period, and a period
    // must be better than both its neighbours.
    let dip = |&at: &usize| {
        let next = spreads.get(at + 1).copied().unwrap_or(f64::INFINITY);
        spreads[at] < left * usual && spreads[at] < left * spreads[at - 1] && spreads[at] < next
    };
    (SHORTEST - 1..longest).find(dip).map(|at| at + 1)
}

/// Mean square of the differences over `lag`, around their mean.
fn lag_spread(values: &[f64], lag: usize) -> f64 {
    let count = values.len() - lag;
    let n = count as f64;
    // All but the first and the last values cancel each other.
    let ends = values[count..].iter().zip(values).map(|(last, first)| last - first);
    let mean = ends.sum::<f64>() / n;
    let steps: Vec<_> = values.iter().zip(&values[lag..]).map(|(a, b)| b - a - mean).collect();
    dot(&steps, &steps) / n
}

/// Classical decomposition: the excess of each phase over the moving average over one period, which
/// is free of any shape of that period and keeps a line a line (Kendall and Stuart, *The Advanced
/// Theory of Statistics* III, ch. 46). Medians, so that a step affects only its own position.
fn without_shape(values: &[f64], period: usize) -> Vec<f64> {
    let mut excess: Vec<Vec<f64>> = vec![Vec::new(); period];
    let mut sums = vec![0.0];
    for value in values {
        sums.push(sums[sums.len() - 1] + value - values[0]);
    }
    for at in period..values.len() - period {
        // Half weights at both ends centre the average where the period is even.
        let (from, half) = (at - period / 2, period.is_multiple_of(2));
        let mut mean = sums[from + period] - sums[from];
        if half {
            mean += (values[from + period] - values[from]) / 2.0;
        }
        excess[at % period].push(values[at] - values[0] - mean / period as f64);
    }
    let shape: Vec<_> = excess.into_iter().map(median).collect();
    let level = shape.iter().sum::<f64>() / period as f64;
    values.iter().enumerate().map(|(at, value)| value - shape[at % period] + level).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    let n = values.len();
    if n == 0 {
        return 0.0;
    }
    let (below, middle, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    let below = below.iter().copied().reduce(f64::max).filter(|_| n.is_multiple_of(2));
    below.map_or(*middle, |below| f64::midpoint(below, *middle))
}

/// The period of the sine wave that best fits the residuals of a line, if it explains most of them.
/// It is looked for in the last values, then made exact with all of them.
fn wave_period(values: &[f64]) -> Option<f64> {
    let n = values.len().min(WINDOW);
    if n < 16 {
        return None;
    }
    let window = &values[values.len() - n..];
    let line = line(n);
    let rest = line.residuals(window);
    // A quarter of the distance of independent frequencies, so that none falls between.
    let periods = (4 * WAVES..2 * n).map(|step| 4.0 * n as f64 / step as f64);
    let explained = periods.map(|period| (explained(&line, &rest, period), period));
    let (squares, period) = explained.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let is_most = squares > 0.5 * dot(&rest, &rest);
    is_most.then(|| lengthen(values, n, period))
}

/// Makes a period exact that was found in the last `n` values, with ever more of them.
fn lengthen(values: &[f64], mut n: usize, mut period: f64) -> f64 {
    while n < values.len() {
        let distance = period * period / (4.0 * n as f64);
        n = (2 * n).min(values.len());
        let line = line(n);
        let rest = line.residuals(&values[values.len() - n..]);
        let near = (-4_i32..=4).map(|step| period + distance * f64::from(step) / 4.0);
        let powers = near.map(|period| (power(&rest, period), period));
        period = powers.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(period, |(_, best)| best);
    }
    period
}

/// The power of a wave of `period` in residuals of a line: over many cycles, as good as what it explains.
fn power(rest: &[f64], period: f64) -> f64 {
    let (sine, cosine) = (std::f64::consts::TAU / period).sin_cos();
    let (mut turn, mut sum) = ((1.0, 0.0), (0.0, 0.0));
    for value in rest {
        sum = (sum.0 + value * turn.0, sum.1 + value * turn.1);
        turn = (turn.0 * cosine - turn.1 * sine, turn.1 * cosine + turn.0 * sine);
    }
    sum.0 * sum.0 + sum.1 * sum.1
}

/// What a wave explains of the residuals of a line.
fn explained(line: &OrthogonalBasis, rest: &[f64], period: f64) -> f64 {
    let (cosine, sine) = wave(rest.len(), period);
    line.gain_of_two(rest, [&cosine, &sine])
}

fn without_wave(values: &[f64], period: f64) -> Vec<f64> {
    let n = values.len();
    let (cosine, sine) = wave(n, period);
    let basis = OrthogonalBasis::new([&vec![1.0; n][..], &cosine, &sine]);
    let rest = basis.residuals(values);
    let line = ramp(n);
    let slope = basis.gain(&rest, &line).coefficient;
    let wave = OrthogonalBasis::new([&vec![1.0; n][..], &line, &cosine, &sine]);
    wave.residuals(values).iter().zip(&line).map(|(rest, x)| rest + slope * x).collect()
}

/// A level and a line.
fn line(n: usize) -> OrthogonalBasis {
    OrthogonalBasis::new([&vec![1.0; n][..], &ramp(n)])
}

/// 0, 1, 2, ...
fn ramp(n: usize) -> Vec<f64> {
    (0..n).map(|at| at as f64).collect()
}

/// A cosine and a sine of `period`, each from the one before by a turn.
fn wave(n: usize, period: f64) -> (Vec<f64>, Vec<f64>) {
    let (sine, cosine) = (std::f64::consts::TAU / period).sin_cos();
    let next =
        |(cos, sin): &(f64, f64)| Some((cos * cosine - sin * sine, sin * cosine + cos * sine));
    std::iter::successors(Some((1.0, 0.0)), next).take(n).unzip()
}
