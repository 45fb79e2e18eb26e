//! Whether rises go on, or only came at first.

/// The distribution of rises over a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spread {
    /// No event.
    Never,
    /// One or two, long ago.
    Once,
    /// Several at first, then too long a gap.
    Stopped,
    /// Several, ever rarer.
    Fading,
    /// Too few, or too recent.
    Few,
    /// They go on.
    Going,
}

/// Probability below which a gap is not chance.
const EMPTY: f64 = 0.0007;

/// Probability below which a gap is not likely to be chance.
const UNLIKELY: f64 = 0.012;

/// Number of events whose rate says little: their distances show when the next one was due.
const FEW: usize = 4;

/// How many times the longest distance between few events a gap may last.
const PAUSE: usize = 2;

/// Probability below which a gap after only two events is not chance. Less than one in fifty random pairs
/// in 20 iterations comes that early.
const EMPTY_AFTER_TWO: f64 = 0.005;

/// Standard deviations by which the mean position of the events may lie before the middle.
const EARLY: f64 = 2.6;

/// Judges events at `at` (ascending, from 1) within iterations 1 to `span`.
///
/// Under a leak that strikes at a steady rate the positions are uniform. With `m` events, the last
/// at `L`, the rate before it is (m - 1) / L, and the chance that none came in the g = span - L
/// iterations after it is (1 - (m - 1) / L)^g. The mean position of m uniform events has mean
/// (span + 1) / 2 and standard deviation span / sqrt(12 m) (Laplace's test for a trend in the
/// times of events; Cox and Lewis, *The Statistical Analysis of Series of Events*, 1966).
pub(super) fn spread(at: &[usize], span: usize) -> Spread {
    let m = at.len();
    let Some(&last) = at.last() else { return Spread::Never };
    let gap = span.saturating_sub(last);
    let rate = (m - 1) as f64 / last as f64;
    let chance = (1.0 - rate).powf(gap as f64);
    if m <= 2 {
        let long_ago = gap * 3 >= span && gap >= 4 && (m == 1 || chance < EMPTY_AFTER_TWO);
        return if long_ago { Spread::Once } else { Spread::Few };
    }
    if chance < EMPTY {
        return if gap >= 3 { Spread::Stopped } else { Spread::Few };
    }
    if m == 3 && !regular(at) {
        return Spread::Few;
    }
    let mean = at.iter().sum::<usize>() as f64 / m as f64;
    let middle = (span + 1) as f64 / 2.0;
    if m >= 4 && mean < middle - EARLY * span as f64 / (12.0 * m as f64).sqrt() {
        return Spread::Fading;
    }
    if chance < UNLIKELY || (m <= FEW && gap > PAUSE * longest(at)) {
        return Spread::Few;
    }
    Spread::Going
}

/// The longest distance between events, the first iteration included.
fn longest(at: &[usize]) -> usize {
    let steps = at.windows(2).map(|pair| pair[1] - pair[0]);
    steps.chain(at.first().copied()).max().unwrap_or(1)
}

/// Whether the distances between events differ by at most one iteration.
fn regular(at: &[usize]) -> bool {
    let steps = at.windows(2).map(|pair| pair[1] - pair[0]);
    let (low, high) = steps.fold((usize::MAX, 0), |(low, high), d| (low.min(d), high.max(d)));
    high <= low.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::{Spread, spread};

    #[test]
    fn places_decide() {
        assert_eq!(spread(&[], 12), Spread::Never);
        assert_eq!(spread(&[4, 8, 12], 12), Spread::Going);
        assert_eq!(spread(&[1, 5, 9], 12), Spread::Going);
        assert_eq!(spread(&[1, 2, 3], 12), Spread::Stopped);
        assert_eq!(spread(&[3, 5, 7], 20), Spread::Few);
        assert_eq!(spread(&[3, 5, 7], 12), Spread::Going);
        assert_eq!(spread(&[2], 12), Spread::Once);
        assert_eq!(spread(&[1, 3], 20), Spread::Once);
        assert_eq!(spread(&[5, 9], 20), Spread::Few);
        assert_eq!(spread(&[12], 12), Spread::Few);
        assert_eq!(spread(&(1..=12).collect::<Vec<_>>(), 12), Spread::Going);
        assert_eq!(spread(&(1..=6).collect::<Vec<_>>(), 12), Spread::Stopped);
        assert_eq!(spread(&[3, 11, 19, 27, 44, 58], 60), Spread::Going);
        assert_eq!(spread(&[1, 2, 3, 5, 8, 13, 21, 34], 60), Spread::Fading);
        assert_eq!(spread(&[1, 2, 3, 5, 8, 13], 60), Spread::Stopped);
    }
}
