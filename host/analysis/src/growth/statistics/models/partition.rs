//! The best division of a series into levels.

/// Positions where the level changes, for one change, two changes and so on up to `most`: exact, by
/// dynamic programming with running sums (Jackson et al., *IEEE Signal Processing Letters* 12, 2005).
/// `values` are weighted by `roots`.
pub(super) fn changes(values: &[f64], roots: &[f64], most: usize) -> Vec<Vec<usize>> {
    let sums = RunningSums::new(values, roots);
    let n = values.len();
    let most = most.min(n.saturating_sub(1));
    let mut costs: Vec<f64> = (0..=n).map(|end| sums.squares(0, end)).collect();
    let mut begins: Vec<Vec<usize>> = Vec::new();
    for _ in 0..most {
        let step = |end: usize| {
            let split = |begin: usize| (costs[begin] + sums.squares(begin, end), begin);
            let best = (1..end).map(split).min_by(|a, b| a.0.total_cmp(&b.0));
            best.unwrap_or((f64::INFINITY, 0))
        };
        let (next, begin): (Vec<_>, Vec<_>) = (0..=n).map(step).unzip();
        costs = next;
        begins.push(begin);
    }
    (1..=most).map(|count| trace(&begins[..count], n)).collect()
}

fn trace(begins: &[Vec<usize>], n: usize) -> Vec<usize> {
    let mut end = n;
    let mut positions: Vec<_> = begins
        .iter()
        .rev()
        .map(|begin| {
            end = begin[end];
            end
        })
        .collect();
    positions.reverse();
    positions
}

/// Running sums of weights, values and their squares, relative to the mean, since the difference of
/// large squares would lose digits.
struct RunningSums(Vec<(f64, f64, f64)>);

impl RunningSums {
    fn new(values: &[f64], roots: &[f64]) -> Self {
        let weight: f64 = roots.iter().map(|root| root * root).sum();
        let mean = values.iter().zip(roots).map(|(value, root)| value * root).sum::<f64>() / weight;
        let mut sum = (0.0, 0.0, 0.0);
        let mut sums = vec![sum];
        for (value, root) in values.iter().zip(roots) {
            let distance = value - mean * root;
            sum = (sum.0 + root * root, sum.1 + distance * root, sum.2 + distance * distance);
            sums.push(sum);
        }
        Self(sums)
    }

    /// Squared distances of the values `from..to` from their mean.
    fn squares(&self, from: usize, to: usize) -> f64 {
        if to <= from {
            return 0.0;
        }
        let (from, to) = (self.0[from], self.0[to]);
        let sum = to.1 - from.1;
        (to.2 - from.2 - sum * sum / (to.0 - from.0)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn squares(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| (value - mean).powi(2)).sum()
    }

    proptest! {
        #[test]
        fn two_changes_are_as_good_as_any_two(values in prop::collection::vec(-50_i32..50, 4..24)) {
            let values: Vec<_> = values.into_iter().map(f64::from).collect();
            let n = values.len();
            let cost = |a: usize, b: usize| {
                squares(&values[..a]) + squares(&values[a..b]) + squares(&values[b..])
            };
            let pairs = (1..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
            let best = pairs.map(|(a, b)| cost(a, b)).fold(f64::INFINITY, f64::min);
            let found = changes(&values, &vec![1.0; n], 2).pop().unwrap();
            prop_assert!(cost(found[0], found[1]) <= best + 1e-6, "{found:?}");
        }
    }
}
