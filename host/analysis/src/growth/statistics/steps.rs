//! The best fits by one step and by two steps.

/// Positions of the best one step and of the best two steps, by exhaustive search with running sums:
/// O(n^2), for shortened series. At least three values.
pub(super) fn best(values: &[f64]) -> (usize, (usize, usize)) {
    let sums = Sums::new(values);
    let n = values.len();
    let (mut one, mut two) = ((f64::INFINITY, 1), (f64::INFINITY, (1, 2)));
    for first in 1..n {
        let left_squares = sums.squares(0, first);
        let squares = left_squares + sums.squares(first, n);
        if squares < one.0 {
            one = (squares, first);
        }
        for second in first + 1..n {
            let squares = left_squares + sums.squares(first, second) + sums.squares(second, n);
            if squares < two.0 {
                two = (squares, (first, second));
            }
        }
    }
    (one.1, two.1)
}

/// Running sums of values and of their squares, relative to the mean, since the difference of large
/// squares would lose digits.
struct Sums(Vec<(f64, f64)>);

impl Sums {
    fn new(values: &[f64]) -> Self {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let mut sums = vec![(0.0, 0.0)];
        let mut sum = (0.0, 0.0);
        for value in values {
            sum = (sum.0 + value - mean, sum.1 + (value - mean).powi(2));
            sums.push(sum);
        }
        Self(sums)
    }

    /// Squared distances of the values `from..to` from their mean.
    fn squares(&self, from: usize, to: usize) -> f64 {
        let (from_sum, to_sum) = (self.0[from], self.0[to]);
        let sum = to_sum.0 - from_sum.0;
        (to_sum.1 - from_sum.1 - sum * sum / (to - from) as f64).max(0.0)
    }
}
