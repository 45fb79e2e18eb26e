//! Random numbers that are the same everywhere, of several distributions.

use teeleak_bench_measure::Random as Numbers;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(Numbers);

impl Random {
    /// The stream of one series of one class of one run.
    #[must_use]
    pub fn new(seed: u64, class: u64, series: u64) -> Self {
        let mut numbers = Numbers(seed ^ class.rotate_left(48) ^ series.rotate_left(24));
        numbers.any();
        numbers.any();
        Self(numbers)
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.0.any() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform by its logarithm.
    pub fn scale(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// A whole number from `low` to `high`, both included.
    pub fn whole(&mut self, low: f64, high: f64) -> f64 {
        self.between(low, high + 1.0).floor().min(high)
    }

    /// An index below `limit`.
    pub fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.0.any() % limit.max(1) as u64).unwrap_or(0)
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}
