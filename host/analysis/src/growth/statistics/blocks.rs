//! Long series as means of blocks, which are sufficient for all shapes that are slow.

/// Values of a series, or means of blocks of them, each weighted by how many values were observed.
pub(super) struct Blocks {
    /// Iterations, the first one being 0.
    pub(super) times: Vec<f64>,
    /// Values, times `roots`.
    pub(super) values: Vec<f64>,
    /// Square roots of the weights.
    pub(super) roots: Vec<f64>,
    /// Number of iterations.
    pub(super) iterations: f64,
    /// Highest minus lowest value.
    pub(super) range: f64,
}

/// Maximum number of blocks.
const MOST: usize = 100;

impl Blocks {
    /// Of the values that were observed, at their iterations.
    pub(super) fn new(points: &[(usize, f64)]) -> Self {
        let last = points.last().map_or(0, |(at, _)| *at);
        let count = (last + 1).min(MOST);
        let mut sums = vec![(0.0, 0.0, 0.0); count];
        for &(at, value) in points {
            let sum = &mut sums[at * count / (last + 1)];
            *sum = (sum.0 + 1.0, sum.1 + at as f64, sum.2 + value);
        }
        let sums: Vec<_> = sums.into_iter().filter(|sum| sum.0 > 0.0).collect();
        let values = || points.iter().map(|(_, value)| *value);
        Self {
            times: sums.iter().map(|(n, time, _)| time / n).collect(),
            values: sums.iter().map(|(n, _, value)| value / n.sqrt()).collect(),
            roots: sums.iter().map(|(n, ..)| n.sqrt()).collect(),
            iterations: last as f64,
            range: values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// A weighted column: a function of time.
    pub(super) fn column(&self, shape: impl Fn(f64) -> f64) -> Vec<f64> {
        self.times.iter().zip(&self.roots).map(|(time, root)| shape(*time) * root).collect()
    }
}
