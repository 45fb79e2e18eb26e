//! Conversion of values to positions in a drawing, and axis ticks.

use std::fmt;

/// A range of values and the range of positions it is drawn on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    values: (f64, f64),
    places: (f64, f64),
}

impl Scale {
    /// An empty range of values is widened on both sides.
    pub(super) fn new(values: (f64, f64), places: (f64, f64)) -> Self {
        let (low, high) = values;
        let values = if high > low { values } else { (low - 1.0, high + 1.0) };
        Self { values, places }
    }

    /// Position of a value.
    pub(super) fn position(self, value: f64) -> Px {
        let (low, high) = self.values;
        let (from, to) = self.places;
        Px(from + (value - low) / (high - low) * (to - from))
    }

    /// About `n` round, whole values for ticks.
    pub(super) fn ticks(self, n: f64) -> Vec<f64> {
        let (low, high) = self.values;
        let rough = ((high - low) / n).max(1.0);
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|by| by * power);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        let first = (low / step).ceil();
        let marks = (0..64).map(|n| (first + f64::from(n)) * step);
        marks.take_while(|mark| *mark <= high).collect()
    }
}

/// A position in a drawing, printed with at most one decimal.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero turns a negative zero into a positive one.
        let tenths = (self.0 * 10.0).round() + 0.0;
        if tenths % 10.0 == 0.0 {
            write!(f, "{:.0}", tenths / 10.0)
        } else {
            write!(f, "{:.1}", tenths / 10.0)
        }
    }
}

impl maud::Render for Px {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(&self.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::{Px, Scale};

    #[test]
    fn marks_are_round() {
        let scale = Scale::new((-2.0, 20.0), (0.0, 100.0));
        assert_eq!(scale.ticks(5.0), [0.0, 5.0, 10.0, 15.0, 20.0]);
        let large = Scale::new((47_072.0, 62_432.0), (0.0, 100.0));
        assert_eq!(large.ticks(4.0), [50_000.0, 55_000.0, 60_000.0]);
    }

    #[test]
    fn places_are_short() {
        assert_eq!([1.0, 2.04, 2.06, -0.01].map(|at| Px(at).to_string()), ["1", "2", "2.1", "0"]);
    }
}
