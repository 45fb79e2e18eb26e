//! Integers that repeat exactly the same gain need no statistics.
//!
//! If a site gains exactly k objects in *every* period of p iterations, chance is no explanation:
//! for noise that takes one of only two equally likely values, n equal gains in a row have a
//! probability of 2^(1 - n), and real noise takes more. [`MIN_GAINS`] gains in a row are therefore
//! wrong in less than one series in a hundred. A longer warm-up before them requires more gains:
//! the rule must hold for [`SHARE`] of all iterations.

use super::{Basis, Estimate, Judgement};
use crate::model::Verdict;

/// Minimum number of equal gains in a row for a verdict: 2^-7 is below 1 %.
pub(super) const MIN_GAINS: usize = 8;

/// Minimum number if the whole series consists of them: nothing that came before casts doubt on them.
const MIN_GAINS_ALONE: usize = 4;

/// Minimum number if nothing at all changed before.
const MIN_GAINS_AFTER_REST: usize = 12;

/// Share of all iterations in that case.
const SHARE_AFTER_REST: f64 = 0.2;

/// Minimum number of whole periods for a verdict if a period is more than one iteration.
const MIN_PERIODS: usize = 3;

/// Longest period tried, in iterations. Longer ones are left to the statistics.
const MAX_PERIOD: usize = 64;

/// Share of all iterations that the rule must hold for; earlier ones may be warm-up.
const SHARE: f64 = 0.6;

/// Judges a series of integers without gaps; `None` if the rule does not apply.
pub(super) fn judge(values: &[f64]) -> Option<Judgement> {
    if values.iter().any(|value| value.fract() != 0.0) {
        return None;
    }
    let longest = ((values.len() - 1) / MIN_PERIODS).min(MAX_PERIOD);
    let gains = || (1..=longest).find_map(|period| with_period(values, period));
    only_gains(values).or_else(gains).or_else(|| gains_after_rest(values))
}

/// A series that rises by the same in every iteration.
fn only_gains(values: &[f64]) -> Option<Judgement> {
    let gain = values.get(1)? - values[0];
    let is_even = values.windows(2).all(|pair| pair[1] - pair[0] == gain);
    (gain > 0.0 && is_even && values.len() > MIN_GAINS_ALONE)
        .then(|| leak(gain, 0, values.len() - 1))
}

/// A series that does not change, then rises by the same in every iteration.
fn gains_after_rest(values: &[f64]) -> Option<Judgement> {
    let start = values.iter().rposition(|value| *value == values[0])?;
    let (rest, rising) = values.split_at(start);
    let gain = rising.get(1)? - rising[0];
    let is_even = rising.windows(2).all(|pair| pair[1] - pair[0] == gain);
    let n_equal = rising.len() - 1;
    let is_enough = n_equal >= MIN_GAINS_AFTER_REST
        && n_equal as f64 >= SHARE_AFTER_REST * (values.len() - 1) as f64;
    let rests = rest.iter().all(|value| *value == values[0]);
    (gain > 0.0 && is_even && is_enough && rests).then(|| leak(gain, start, values.len() - 1))
}

/// A leak of `gain` in each iteration after `start`.
fn leak(gain: f64, start: usize, last: usize) -> Judgement {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let basis = Basis::Exact { gain, period: 1, from: count(start + 1) };
    let since = (start > 0).then(|| count(start));
    Judgement::new(Verdict::Leak, basis, count(last)).rate(Estimate::exact(gain)).since(since)
}

fn with_period(values: &[f64], period: usize) -> Option<Judgement> {
    let last = values.len() - 1;
    let gain = values[last] - values[last - period];
    let has_gain = |at: &usize| values[*at] - values[*at - period] == gain;
    let n_equal = (period..=last).rev().take_while(has_gain).count();
    // Number of iterations that `same` equal differences over one period span:
    let spanned = n_equal + period - 1;
    let is_enough = if period == 1 {
        n_equal >= MIN_GAINS
    } else {
        spanned >= MIN_PERIODS * period && spanned >= MIN_GAINS
    };
    let start = last - spanned;
    if !is_enough || (spanned as f64) < SHARE * last as f64 || !settles(&values[..=start], gain) {
        return None;
    }
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let basis = Basis::Exact { gain, period: count(period), from: count(start + 1) };
    let verdict = match (gain, start) {
        (gain, _) if gain > 0.0 => Verdict::Leak,
        (0.0, 0) => Verdict::Oscillation,
        _ => return None,
    };
    let rate = Estimate::exact(gain / period as f64);
    Some(Judgement::new(verdict, basis, count(spanned)).rate(rate))
}

/// Iterations until [`judge`] reports a leak if the last gains continue unchanged; `None` if too few
/// of them are equal to expect that.
pub(super) fn iterations_to_decide(values: &[f64]) -> Option<u32> {
    if values.iter().any(|value| value.fract() != 0.0) {
        return None;
    }
    let gains: Vec<_> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let gain = *gains.last().filter(|gain| **gain > 0.0)?;
    let n_equal = gains.iter().rev().take_while(|other| **other == gain).count();
    if n_equal == gains.len() && n_equal >= MIN_PERIODS {
        return u32::try_from(MIN_GAINS_ALONE.saturating_sub(n_equal)).ok();
    }
    if n_equal < MIN_PERIODS || !settles(&values[..values.len() - n_equal], gain) {
        return None;
    }
    let decides = |more: &usize| {
        n_equal + more >= MIN_GAINS
            && (n_equal + more) as f64 >= SHARE * (gains.len() + more) as f64
    };
    let missing = (1..=2 * gains.len().max(MIN_GAINS)).find(decides)?;
    u32::try_from(missing).ok()
}

/// The values before the steady gain must be a warm-up, not a release: a buffer that fills up and is
/// emptied now and then gains steadily, too.
fn settles(before: &[f64], gain: f64) -> bool {
    before.windows(2).all(|pair| pair[1] >= pair[0] - gain.abs())
}

#[cfg(test)]
mod tests {
    use crate::growth::exact::*;

    fn verdict(values: impl IntoIterator<Item = i32>) -> Option<Verdict> {
        judge(&values.into_iter().map(f64::from).collect::<Vec<_>>()).map(|said| said.verdict)
    }

    #[test]
    fn nothing_but_equal_gains_is_a_leak_from_four_on() {
        assert_eq!(verdict((0..4).map(|n| 224 * n)), None);
        for n in 5..80 {
            assert_eq!(verdict((0..n).map(|n| 224 * n)), Some(Verdict::Leak), "{n}");
        }
    }

    #[test]
    fn equal_gains_after_others_are_a_leak_after_eight() {
        let after = |n: i32| [0, 50, 51].into_iter().chain((0..=n).map(|n| 53 + 2 * n));
        assert_eq!(verdict(after(6)), None);
        assert_eq!(verdict(after(8)), Some(Verdict::Leak));
    }

    #[test]
    fn equal_gains_after_a_rest_are_a_leak_since_then() {
        let values: Vec<_> = [7; 40].into_iter().chain((1..14).map(|n| 7 + 3 * n)).collect();
        let said = judge(&values.iter().copied().map(f64::from).collect::<Vec<_>>()).unwrap();
        assert_eq!((said.verdict, said.since), (Verdict::Leak, Some(39)));
        assert_eq!(verdict(values[..50].iter().copied()), None);
    }

    #[test]
    fn it_is_known_when_gains_will_decide() {
        let said =
            |values: &[f64]| (judge(values).map(|said| said.verdict), iterations_to_decide(values));
        for warm_up in 0..6 {
            for gains in 0..8 {
                let before = (0..warm_up).map(|n| f64::from(90 - 30 / (n + 1)));
                let mut values: Vec<_> =
                    before.chain((0..=gains).map(|n| f64::from(91 + 2 * n))).collect();
                let (None, wanting) = said(&values) else { continue };
                assert_eq!(wanting.is_some(), gains >= 3, "{values:?}");
                for left in (0..wanting.unwrap_or(0)).rev() {
                    values.push(values.last().unwrap() + 2.0);
                    let (verdict, _) = said(&values);
                    assert_eq!(verdict, (left == 0).then_some(Verdict::Leak), "{values:?}");
                }
            }
        }
    }

    #[test]
    fn one_in_every_fourth_is_a_leak_after_twelve() {
        assert_eq!(verdict((0..13).map(|n| 7 + n / 4)), Some(Verdict::Leak));
    }

    #[test]
    fn a_leak_under_a_regular_sawtooth_is_seen() {
        assert_eq!(verdict((0..31).map(|n| n % 5 * 100 + n)), Some(Verdict::Leak));
    }

    #[test]
    fn a_sawtooth_is_none() {
        assert_eq!(verdict((0..31).map(|n| n % 5 * 100)), Some(Verdict::Oscillation));
        assert_eq!(verdict((0..21).map(|n| (n + 2) % 16)), None);
    }

    #[test]
    fn warm_up_before_it_is_no_hindrance() {
        assert_eq!(verdict([0, 90, 95, 96].into_iter().chain(97..117)), Some(Verdict::Leak));
    }
}
