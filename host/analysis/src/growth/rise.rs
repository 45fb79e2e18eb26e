//! Rises that are no proof, and that forbid a clean verdict.

use super::{Series, judge};
use crate::model::Verdict;

/// Fewest values that rise on and on; fewer than `MANY` must not fall in between.
const FEWEST: usize = 4;
const MANY: usize = 9;

impl Series {
    /// Number of iterations with a rise.
    pub(crate) fn rise_count(&self) -> usize {
        self.steps().filter(|step| *step > 0.0).count()
    }

    /// Whether it rose in a third of the iterations, and fell little: a number that only wanders seldom gains half
    /// of all its steps.
    pub(crate) fn rises_mostly(&self) -> bool {
        let path: f64 = self.steps().map(f64::abs).sum();
        let gain: f64 = self.steps().sum();
        let n = self.points().count();
        let is_sure = n >= MANY || gain >= path;
        n >= FEWEST && path > 0.0 && is_sure && 2.0 * gain >= path && 3 * self.rise_count() >= n - 1
    }

    /// Whether it leaked up to the last value, which is less: a text may lose lines, or end, within its last snapshot.
    pub(crate) fn falls_last(&self) -> bool {
        let mut points = self.points().rev();
        let (Some((at, last)), Some((_, before))) = (points.next(), points.next()) else {
            return false;
        };
        last < before && Self { values: self.values[..at].to_vec(), cohorts: None }.may_leak()
    }

    /// Whether it leaks, or rises on and on.
    pub(crate) fn may_leak(&self) -> bool {
        self.rises_mostly() || judge(self).verdict == Verdict::Leak
    }

    fn steps(&self) -> impl Iterator<Item = f64> + '_ {
        self.points().zip(self.points().skip(1)).map(|((_, before), (_, after))| after - before)
    }
}

#[cfg(test)]
mod tests {
    use crate::growth::Series;

    #[test]
    fn what_wanders_does_not_rise() {
        let rises = |values: &[u64]| Series::counts(values.iter().copied()).rises_mostly();
        assert!(rises(&[64, 65, 64, 65, 66, 67, 68, 67, 69]));
        assert!(rises(&[1, 2, 3, 4]) && rises(&[1, 1, 1, 2]));
        for steady in
            [&[1, 2, 3][..], &[3, 3, 3, 3], &[1, 2, 3, 2], &[1, 2, 1, 2, 1, 2, 1, 2, 3, 2]]
        {
            assert!(!rises(steady), "{steady:?}");
        }
    }

    #[test]
    fn the_last_value_takes_no_leak_away() {
        let falls = |values: &[u64]| Series::counts(values.iter().copied()).falls_last();
        assert!(falls(&[1, 2, 3, 4, 5, 0]) && falls(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 8]));
        for other in [&[1, 2, 3, 4, 5, 5][..], &[3, 3, 3, 3, 2], &[1, 2, 3, 2, 3], &[7], &[]] {
            assert!(!falls(other), "{other:?}");
        }
    }
}
