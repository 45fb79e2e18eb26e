//! Lines under noise that persists, nobody knows for how long.
//!
//! A correlation of neighbours that is estimated first and believed then is too low, of short series most of
//! all, and a line seems clearer than it is. Here each correlation counts as much as it is likely, up to
//! nearly that of a random walk, so that the doubt becomes part of the error (marginal likelihood: Harville,
//! *J. American Statistical Association* 72, 1977).

use super::{
    blocks::Blocks,
    fit::{OrthogonalBasis, dot},
};

/// Correlations of neighbours, denser where the error of a slope depends on them more.
const CORRELATIONS: [f64; 17] =
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99];

/// Parameters of a line: its level and its slope.
const LINE: f64 = 2.0;

/// A line under one correlation.
struct Line {
    likelihood: f64,
    slope: f64,
    /// Variance of the slope.
    variance: f64,
}

/// How many standard errors the slope of a line is above zero.
pub(super) fn clarity(blocks: &Blocks) -> f64 {
    let time = blocks.column(|time| time);
    let lines: Vec<_> = CORRELATIONS.iter().map(|rho| line(blocks, &time, *rho)).collect();
    let most = lines.iter().map(|line| line.likelihood).fold(f64::MIN, f64::max);
    let weight = |line: &Line| (line.likelihood - most).exp();
    let total: f64 = lines.iter().map(weight).sum();
    let mean = |figure: &dyn Fn(&Line) -> f64| {
        lines.iter().map(|line| weight(line) * figure(line)).sum::<f64>() / total
    };
    let slope = mean(&|line| line.slope);
    slope / mean(&|line| line.variance + (line.slope - slope).powi(2)).sqrt()
}

fn line(blocks: &Blocks, time: &[f64], rho: f64) -> Line {
    let free = (blocks.len() as f64 - LINE).max(1.0);
    let level = news(&blocks.roots, rho);
    let time = news(time, rho);
    let mut basis = OrthogonalBasis::new([&level[..]]);
    let rest = basis.residuals(&news(&blocks.values, rho));
    let gain = basis.gain(&rest, &time);
    basis.push(&time);
    let rest = basis.residuals(&rest);
    let squares = dot(&rest, &rest) + f64::MIN_POSITIVE;
    let widths = gain.spread.ln() - dot(&level, &level).ln();
    let likelihood = 0.5 * ((1.0 - rho * rho).ln() + widths - free * squares.ln());
    Line { likelihood, slope: gain.coefficient, variance: squares / free * gain.spread }
}

/// What is new in each value if neighbours are correlated by `rho` (Prais and Winsten, *Cowles Commission
/// Discussion Paper* 383, 1954).
fn news(values: &[f64], rho: f64) -> Vec<f64> {
    let first = values.first().map(|value| (1.0 - rho * rho).sqrt() * value);
    first.into_iter().chain(values.windows(2).map(|pair| pair[1] - rho * pair[0])).collect()
}
