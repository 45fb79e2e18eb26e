//! Whether the difference of two runs is as sure as it claims: simulated runs of known growth.

use teeleak_analysis::{
    growth::{Estimate, MeasuredRate, Series, difference, judge},
    model::Verdict,
};
use teeleak_bench_growth::Random;

/// Pairs of runs of each kind.
const PAIRS: u64 = 40;

/// A line under noise of standard deviation 1; neighbours are correlated by `rho`.
fn line(random: &mut Random, slope: f64, n: u32, rho: f64) -> Vec<f64> {
    let mut noise = random.normal();
    let innovation = (1.0 - rho * rho).sqrt();
    let next = |at| {
        noise = rho * noise + innovation * random.normal();
        slope * f64::from(at) + noise
    };
    (0..=n).map(next).collect()
}

/// The rate that the judge measures, if it calls the values a leak.
fn measured(values: &[f64]) -> Option<MeasuredRate> {
    let judged = judge(&Series::gauge(values.iter().copied()));
    let rate = judged.rate.filter(|_| judged.verdict == Verdict::Leak)?;
    Some(MeasuredRate { rate, iterations: judged.support })
}

/// How many pairs were compared, how many intervals hold the true difference, and how often the first is
/// sure enough to grow faster to be called worse.
fn compared(slopes: [f64; 2], n: u32, rho: f64) -> (f64, f64, f64) {
    let (mut pairs, mut held, mut sure) = (0.0, 0.0, 0.0);
    for pair in 0..PAIRS {
        let mut random = Random::new(u64::from(n), slopes[0].to_bits(), pair);
        let rates = slopes.map(|slope| measured(&line(&mut random, slope, n, rho)));
        let [Some(run), Some(good)] = rates else { continue };
        let Some(difference) = difference(run, good) else { continue };
        let truth = slopes[0] - slopes[1];
        pairs += 1.0;
        held += f64::from(u8::from((difference.rate.low..=difference.rate.high).contains(&truth)));
        sure += f64::from(u8::from(difference.is_faster()));
    }
    (pairs, held, sure)
}

#[test]
fn intervals_hold_the_true_difference() {
    for (slopes, n, rho) in [
        ([6.0, 5.9], 20, 0.0),
        ([0.5, 0.4], 60, 0.0),
        ([1.0, 0.9], 60, 0.5),
        ([0.5, 0.45], 200, 0.5),
    ] {
        let (pairs, held, _) = compared(slopes, n, rho);
        assert!(pairs > 0.8 * PAIRS as f64, "{slopes:?}, {n}, {rho}: only {pairs} compared");
        // 92 in a hundred, less two standard errors of so many pairs.
        let least = 0.92 * pairs - 2.0 * (0.08 * 0.92 * pairs).sqrt();
        assert!(held >= least, "{slopes:?}, {n}, {rho}: {held} of {pairs}");
    }
}

#[test]
fn equal_builds_are_hardly_ever_called_worse() {
    for (slope, n, rho) in [(6.0, 20, 0.0), (0.5, 60, 0.0), (1.0, 60, 0.5)] {
        let (pairs, _, sure) = compared([slope, slope], n, rho);
        // One in a hundred, and three standard errors of so many pairs.
        let most = 0.01 * pairs + 3.0 * (0.01 * pairs).sqrt();
        assert!(sure <= most, "{slope}, {n}, {rho}: {sure} of {pairs}");
    }
}

#[test]
fn a_build_that_grows_twice_as_fast_is_worse() {
    let (pairs, _, sure) = compared([1.0, 0.5], 60, 0.0);
    assert!(sure >= 0.99 * pairs, "{sure} of {pairs}");
}

/// The slope of least squares.
fn slope(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let (mut products, mut squares) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let time = at as f64 - middle;
        products += time * value;
        squares += time * time;
    }
    products / squares
}

/// Half of the naive interval: the spread of the difference over runs whose noise is drawn again from what
/// the lines leave.
fn bootstrap(random: &mut Random, runs: &[Vec<f64>; 2]) -> f64 {
    const TIMES: usize = 400;
    let again = |random: &mut Random, values: &[f64]| {
        let (each, n) = (slope(values), values.len());
        let mean = values.iter().sum::<f64>() / n as f64 - each * (n as f64 - 1.0) / 2.0;
        let rest = |at: usize| values[at] - mean - each * at as f64;
        let drawn: Vec<_> = (0..n).map(|at| each * at as f64 + rest(random.index(n))).collect();
        slope(&drawn)
    };
    let mut drawn: Vec<_> =
        (0..TIMES).map(|_| again(random, &runs[0]) - again(random, &runs[1])).collect();
    drawn.sort_unstable_by(f64::total_cmp);
    (drawn[TIMES * 39 / 40] - drawn[TIMES / 40]) / 2.0
}

#[test]
fn intervals_are_as_wide_as_a_bootstrap_says() {
    let (mut sum, mut n) = (0.0, 0.0);
    for pair in 0..20 {
        let mut random = Random::new(5, 5, pair);
        let runs = [0.5, 0.3].map(|each| line(&mut random, each, 60, 0.0));
        let [Some(run), Some(good)] = [&runs[0], &runs[1]].map(|values| measured(values)) else {
            continue;
        };
        let Estimate { low, high, .. } = difference(run, good).unwrap().rate;
        sum += (high - low) / 2.0 / bootstrap(&mut random, &runs);
        n += 1.0;
    }
    let ratio = sum / n;
    assert!(n > 15.0 && (0.95..1.3).contains(&ratio), "{ratio} in {n} pairs");
}
