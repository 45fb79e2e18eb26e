//! One series, with what is true of it.

use crate::Random;

/// A series and the leak that is in it.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The values; `None` where one is missing.
    pub values: Vec<Option<f64>>,
    /// Growth per iteration at the end; 0 without a leak.
    pub slope: f64,
    /// Standard error that a fit would leave to the slope if the shape were known; 0 without noise.
    pub error: f64,
}

impl Drawn {
    /// A series without a leak.
    pub(super) fn by(n: usize, mut value: impl FnMut(f64) -> f64) -> Self {
        let values = (0..=n).map(|at| Some(value(at as f64))).collect();
        Self { values, slope: 0.0, error: 0.0 }
    }

    /// The same with this growth at its end.
    pub(super) const fn leaking(mut self, slope: f64, error: f64) -> Self {
        (self.slope, self.error) = (slope, error);
        self
    }

    /// Without up to the share `most` of the values.
    pub(super) fn with_gaps(mut self, random: &mut Random, most: f64) -> Self {
        let share = random.between(0.02, most);
        for value in &mut self.values {
            if random.unit() < share {
                *value = None;
            }
        }
        self
    }

    /// Rounded to multiples of `unit`.
    pub(super) fn quantised(mut self, unit: f64) -> Self {
        self.values.iter_mut().flatten().for_each(|value| *value = (*value / unit).round() * unit);
        self
    }

    pub(super) fn raise(mut self, level: f64) -> Self {
        self.values.iter_mut().flatten().for_each(|value| *value += level);
        self
    }

    /// How many standard errors the slope is above zero.
    #[must_use]
    pub fn clarity(&self) -> f64 {
        if self.error > 0.0 { self.slope / self.error } else { f64::INFINITY }
    }
}

/// Standard error of the growth since `begin` under noise of standard deviation 1 per independent
/// value, if the shapes `known` have unknown heights.
pub(super) fn error(n: usize, begin: f64, known: &[&dyn Fn(f64) -> f64]) -> f64 {
    let column = |shape: &dyn Fn(f64) -> f64| (0..=n).map(|at| shape(at as f64)).collect();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut length = 0.0;
    let level = |_: f64| 1.0;
    let growth = |t: f64| (t - begin).max(0.0);
    let shapes: [&dyn Fn(f64) -> f64; 1] = [&level];
    for shape in shapes.iter().chain(known).copied().chain([&growth as &dyn Fn(f64) -> f64]) {
        let mut rest: Vec<f64> = column(shape);
        for other in &basis {
            let projection: f64 = rest.iter().zip(other).map(|(a, b)| a * b).sum();
            rest.iter_mut().zip(other).for_each(|(a, b)| *a -= projection * b);
        }
        length = rest.iter().map(|a| a * a).sum::<f64>().sqrt();
        rest.iter_mut().for_each(|a| *a /= length.max(f64::MIN_POSITIVE));
        basis.push(rest);
    }
    1.0 / length.max(f64::MIN_POSITIVE)
}
