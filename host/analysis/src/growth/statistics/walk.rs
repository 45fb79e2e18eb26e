//! Random walks, with and without a drift: what wanders has no level to return to.

use super::blocks::Blocks;

/// A random walk that drifts, beside one that does not.
pub(super) struct RandomWalk {
    /// Criterion without a drift.
    pub(super) criterion: f64,
    /// The same with one.
    pub(super) drift_criterion: f64,
    /// Drift per iteration.
    pub(super) slope: f64,
    /// Its standard error.
    pub(super) error: f64,
}

impl RandomWalk {
    pub(super) fn new(blocks: &Blocks, floor: f64) -> Self {
        let values: Vec<_> = blocks.values.iter().zip(&blocks.roots).map(|(v, r)| v / r).collect();
        let n = values.len() as f64;
        let weight = blocks.roots.iter().map(|root| root * root).sum::<f64>() / n;
        let steps: Vec<_> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = steps.iter().sum::<f64>() / (n - 1.0);
        let squares = |level: f64| steps.iter().map(|step| (step - level).powi(2)).sum::<f64>();
        let criterion = |squares: f64, parameters: f64| {
            -0.5 * n * (squares * weight / n + floor).ln() - 0.5 * parameters * n.ln()
        };
        let each = (blocks.times[blocks.len() - 1] - blocks.times[0]) / (n - 1.0);
        let error = (squares(mean) / ((n - 1.0) * (n - 2.0).max(1.0))).sqrt();
        Self {
            criterion: criterion(squares(0.0), 2.0),
            drift_criterion: criterion(squares(mean), 3.0),
            slope: mean / each,
            error: error / each,
        }
    }
}
