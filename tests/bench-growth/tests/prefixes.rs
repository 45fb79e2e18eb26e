//! More of the same does not make a verdict flip: every series is judged at ever longer prefixes.

use teeleak_analysis::{
    growth::{Series, judge},
    model::Verdict,
};
use teeleak_bench_growth::{Random, classes, flips};

/// Series of each class.
const SERIES: u64 = 1;

/// Values that are judged in the end.
const LONGEST: usize = 80;

/// Share of the series of which a firm verdict may flip and flip back.
const FLIPPING: f64 = 0.01;

#[test]
fn firm_verdicts_do_not_flip_back_and_forth() {
    let (mut series, mut flipping) = (0.0, Vec::new());
    for (at, class) in classes().iter().enumerate() {
        for number in 0..SERIES {
            let drawn = class.draw(&mut Random::new(31, at as u64, number), LONGEST);
            let times = flips(&drawn.values, 8);
            series += 1.0;
            flipping.extend((times > 1).then_some((class.name, number, times)));
        }
    }
    assert!(flipping.len() as f64 <= FLIPPING * series, "of {series} series: {flipping:?}");
}

/// Verdicts by number of values, from the first leak on.
fn lost_after(values: &[f64]) -> Option<usize> {
    let leaks =
        |n: usize| judge(&Series::gauge(values[..n].iter().copied())).verdict == Verdict::Leak;
    let first = (4..=values.len()).find(|n| leaks(*n))?;
    (first..=values.len()).find(|n| !leaks(*n))
}

/// The same gain in each iteration, or in each second one and so on, from the start or after a rest.
#[test]
fn exact_growth_never_takes_a_leak_back() {
    for gain in [1.0, 224.0] {
        for period in [1, 2, 3, 7] {
            for rest in [0, 1, 5, 30] {
                let value = |n: usize| gain * ((n.saturating_sub(rest)) / period) as f64;
                let values: Vec<_> = (0..150).map(|n| 9.0 + value(n)).collect();
                let lost = lost_after(&values);
                assert_eq!(lost, None, "gain {gain}, period {period}, rest {rest}");
            }
        }
    }
}

/// A value that stays is clean however long it stays.
#[test]
fn rest_stays_clean() {
    for n in 4..200 {
        assert_eq!(judge(&Series::gauge(vec![7.0; n])).verdict, Verdict::Clean, "{n}");
    }
}
