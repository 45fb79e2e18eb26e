//! How far an estimate from few values may be off: Student's distribution and the normal one.

/// Standard errors that a normal estimate keeps within in 95 of 100 cases.
pub(super) const NORMAL_95: f64 = 1.96;

/// The same of an estimate whose error is known from `free` degrees of freedom only.
pub(super) fn limit_95(free: f64) -> f64 {
    let free = free.max(1.0);
    let score = NORMAL_95 * (8.0 * free + 3.0) / (8.0 * free + 1.0);
    (free * (score * score / free).exp_m1()).sqrt()
}

/// The number of normal standard errors that is as unlikely as `t` errors from `free` degrees of freedom
/// (Wallace, *Annals of Mathematical Statistics* 30, 1959).
pub(super) fn normal_score(t: f64, free: f64) -> f64 {
    let free = free.max(1.0);
    let score = (8.0 * free + 1.0) / (8.0 * free + 3.0) * (free * (t * t / free).ln_1p()).sqrt();
    score.copysign(t)
}

/// Probability that a normal value is below `score` standard errors (Abramowitz and Stegun, *Handbook of
/// Mathematical Functions*, 26.2.17: right to seven digits).
pub(super) fn probability_below(score: f64) -> f64 {
    const FACTORS: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let part = 1.0 / (1.0 + 0.231_641_9 * score.abs());
    let sum = FACTORS.iter().rev().fold(0.0, |sum, factor| (sum + factor) * part);
    let density = (-0.5 * score * score).exp() / std::f64::consts::TAU.sqrt();
    let above = density * sum;
    if score < 0.0 { above } else { 1.0 - above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_tables() {
        for (free, limit) in [(3.0, 3.182), (5.0, 2.571), (10.0, 2.228), (30.0, 2.042)] {
            assert!((limit_95(free) / limit - 1.0).abs() < 0.012, "{free}: {}", limit_95(free));
        }
        assert!((limit_95(1e9) - NORMAL_95).abs() < 1e-3);
    }

    #[test]
    fn scores_are_the_inverse_of_limits() {
        for free in [3.0, 8.0, 17.0, 400.0] {
            assert!((normal_score(limit_95(free), free) - NORMAL_95).abs() < 1e-9);
            assert!((normal_score(-limit_95(free), free) + NORMAL_95).abs() < 1e-9);
        }
    }

    #[test]
    fn probabilities_are_those_of_the_tables() {
        let table = [(0.0, 0.5), (1.0, 0.841_344_7), (1.96, 0.975_002_1), (-2.326_348, 0.01)];
        for (score, probability) in table {
            assert!((probability_below(score) - probability).abs() < 1e-6, "{score}");
        }
    }
}
