//! What must hold for any series.

use proptest::prelude::*;
use teeleak_analysis::{
    growth::{Series, judge},
    model::Verdict,
};

fn verdict(values: impl IntoIterator<Item = f64>) -> Verdict {
    judge(&Series::gauge(values)).verdict
}

/// Whole numbers, as counts and bytes are.
fn whole() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-2000_i32..2000).prop_map(f64::from), 4..70)
}

/// Any shape: a line, a wave and noise, by random amounts.
fn mixed() -> impl Strategy<Value = Vec<f64>> {
    let noise = prop::collection::vec(-1.0..1.0_f64, 10..70);
    (noise, -3.0..3.0_f64, 0.0..30.0_f64, 2.0..40.0_f64).prop_map(|(noise, line, wave, period)| {
        let value = |(at, noise): (usize, &f64)| {
            let at = at as f64;
            line * at + wave * (at / period).sin() + 4.0 * noise
        };
        noise.iter().enumerate().map(value).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn level_does_not_matter(values in whole(), level in -100_000_i32..100_000) {
        let raised = values.iter().map(|value| value + f64::from(level));
        prop_assert_eq!(verdict(values.iter().copied()), verdict(raised));
    }

    #[test]
    fn unit_does_not_matter(values in whole(), unit in 1_i32..4096) {
        let scaled = values.iter().map(|value| value * f64::from(unit));
        prop_assert_eq!(verdict(values.iter().copied()), verdict(scaled));
    }

    #[test]
    fn binary_unit_does_not_matter_to_gauges(values in mixed(), power in -20_i32..20) {
        let scaled = values.iter().map(|value| value * 2.0_f64.powi(power));
        prop_assert_eq!(verdict(values.iter().copied()), verdict(scaled));
    }

    #[test]
    fn nothing_grows_both_ways(values in mixed()) {
        let down = values.iter().map(|value| -value);
        let both = verdict(values.iter().copied()) == Verdict::Leak && verdict(down) == Verdict::Leak;
        prop_assert!(!both);
    }

    #[test]
    fn any_steady_gain_is_a_leak_from_four_on(gain in 1_u64..1000, from in 0_u64..1000, n in 4_u64..200) {
        let series = Series::counts((0..=n).map(|at| from + at * gain));
        let said = judge(&series);
        prop_assert_eq!(said.verdict, Verdict::Leak);
        prop_assert_eq!(said.rate.map(|rate| rate.value), Some(gain as f64));
    }

    #[test]
    fn rates_lie_within_their_intervals(values in mixed()) {
        if let Some(rate) = judge(&Series::gauge(values)).rate {
            prop_assert!(rate.low <= rate.value && rate.value <= rate.high);
        }
    }

    #[test]
    fn short_and_broken_series_decide_nothing(
        values in prop::collection::vec(prop::option::weighted(0.5, -9.0..9.0_f64), 0..40),
    ) {
        let series = Series { values, cohorts: None };
        let said = judge(&series);
        if 4 * series.missing() > series.values.len() {
            prop_assert_eq!(said.verdict, Verdict::Undecided);
        }
        prop_assert!(said.verdict == Verdict::Undecided || said.more.is_none());
    }
}

#[test]
fn growth_that_pauses_at_the_end_is_no_oscillation() {
    for n in 8..40 {
        let values = (0..n).chain([n - 1]).map(f64::from);
        let said = verdict(values);
        assert!(matches!(said, Verdict::Leak | Verdict::Undecided), "{n}: {said:?}");
    }
}
