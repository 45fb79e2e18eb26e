//! How much faster one run grows than another, and how sure that is.

use super::{
    Estimate,
    student::{limit_95, normal_score, probability_below},
};

/// Fewest iterations whose spread says how far an estimate may be off.
pub const FEWEST_TO_COMPARE: u32 = 8;

/// Values that an estimate takes for itself: a level, a slope, one of its shape.
const TAKEN: f64 = 3.0;

/// Confidence from which a run counts as faster: that 1 in 200 equal runs seems to be so by chance, and as
/// many again since the shape of the growth was chosen by the same values.
const FASTER: f64 = 0.995;

/// Growth of one run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MeasuredRate {
    /// Growth per iteration.
    pub rate: Estimate,
    /// Iterations that it was measured over.
    pub iterations: u32,
}

impl MeasuredRate {
    fn is_exact(self) -> bool {
        self.rate.low >= self.rate.value && self.rate.high <= self.rate.value
    }

    fn is_enough(self) -> bool {
        self.is_exact() || self.iterations >= FEWEST_TO_COMPARE
    }

    /// Degrees of freedom of its error.
    fn free(self) -> f64 {
        (f64::from(self.iterations) - TAKEN).max(1.0)
    }

    /// Standard error: that of the wider side, as a bound may be cut off at zero.
    fn error(self) -> f64 {
        let Estimate { value, low, high } = self.rate;
        (value - low).max(high - value).max(0.0) / limit_95(self.free())
    }
}

/// Growth of a run less that of another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RateDifference {
    /// The difference per iteration.
    pub rate: Estimate,
    /// How sure it is that the run grows faster, 0 to 1.
    pub confidence: f64,
}

impl RateDifference {
    /// Whether both rates are known, not estimated.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.rate.low >= self.rate.high
    }

    /// Whether the run surely grows faster.
    #[must_use]
    pub fn is_faster(&self) -> bool {
        self.confidence >= FASTER
    }
}

/// Compares the growth of a run with that of a good one; `None` if an estimate rests on too few iterations
/// to know its error.
///
/// The errors are independent, so their squares add up; of the sum as few degrees of freedom are
/// known as Satterthwaite's rule allows (*Biometrics Bulletin* 2, 1946).
///
/// ```
/// use teeleak_analysis::growth::{Estimate, MeasuredRate, difference};
///
/// let rate = |value| MeasuredRate {
///     rate: Estimate { value, low: value - 4.0, high: value + 4.0 },
///     iterations: 60,
/// };
/// let faster = difference(rate(12.0), rate(3.0)).expect("60 iterations are enough");
/// assert!(faster.rate.low > 3.0 && faster.rate.high < 15.0);
/// assert!(faster.confidence > 0.999);
/// ```
#[must_use]
pub fn difference(run: MeasuredRate, good: MeasuredRate) -> Option<RateDifference> {
    if !run.is_enough() || !good.is_enough() {
        return None;
    }
    let value = run.rate.value - good.rate.value;
    let squares = [run, good].map(|one| (one.error().powi(2), one.free()));
    let square: f64 = squares.iter().map(|(square, _)| square).sum();
    if square <= 0.0 {
        return Some(RateDifference { rate: Estimate::exact(value), confidence: exactly(value) });
    }
    let spread: f64 = squares.iter().map(|(square, free)| square * square / free).sum();
    let (error, free) = (square.sqrt(), square * square / spread);
    let half = limit_95(free) * error;
    let rate = Estimate { value, low: value - half, high: value + half };
    let confidence = probability_below(normal_score(value / error, free));
    Some(RateDifference { rate, confidence })
}

/// How sure it is that a known difference is above zero.
const fn exactly(difference: f64) -> f64 {
    if difference > 0.0 { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(value: f64, half: f64, iterations: u32) -> MeasuredRate {
        let rate = Estimate { value, low: value - half, high: value + half };
        MeasuredRate { rate, iterations }
    }

    #[test]
    fn equal_rates_are_as_likely_faster_as_slower() {
        let same = difference(rate(5.0, 2.0, 40), rate(5.0, 2.0, 40)).unwrap();
        assert!((same.confidence - 0.5).abs() < 1e-6);
        assert!((same.rate.low + same.rate.high).abs() < 1e-9);
    }

    #[test]
    fn known_rates_have_a_known_difference() {
        let one = difference(rate(2.0, 0.0, 5), rate(1.0, 0.0, 5)).unwrap();
        assert!(one.is_exact());
        assert_eq!((one.rate.value, one.confidence), (1.0, 1.0));
        let none = difference(rate(1.0, 0.0, 5), rate(1.0, 0.0, 5)).unwrap();
        assert_eq!((none.rate.value, none.confidence), (0.0, 0.0));
    }

    #[test]
    fn few_values_do_not_compare() {
        assert_eq!(difference(rate(9.0, 1.0, 7), rate(1.0, 1.0, 60)), None);
        assert_eq!(difference(rate(9.0, 1.0, 60), rate(1.0, 1.0, 7)), None);
        assert!(difference(rate(9.0, 1.0, 8), rate(1.0, 0.0, 4)).is_some());
    }

    #[test]
    fn a_bound_that_is_cut_off_makes_nothing_surer() {
        let cut =
            MeasuredRate { rate: Estimate { value: 2.0, low: 1.9, high: 6.0 }, iterations: 60 };
        let whole = rate(2.0, 4.0, 60);
        let good = rate(0.0, 1.0, 60);
        assert_eq!(difference(cut, good), difference(whole, good));
    }

    #[test]
    fn less_noise_makes_surer() {
        let sure = |half| difference(rate(8.0, half, 30), rate(3.0, half, 30)).unwrap().confidence;
        assert!(sure(1.0) > sure(3.0) && sure(3.0) > sure(9.0) && sure(9.0) > 0.5);
    }
}
