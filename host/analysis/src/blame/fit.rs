//! Whether the calls of one kind explain what iterations leave behind: by their numbers alone.
//!
//! The rule that is tried: one of every `every` calls leaves `objects` behind, in each iteration and
//! without exception. Numbers that change from iteration to iteration and still fit are proof; numbers
//! that never change fit many kinds of calls.

/// Fewest iterations that numbers are compared over.
const SHORTEST: usize = 4;

/// Longest period that is tried, in calls.
const LONGEST_PERIOD: u64 = 64;

/// Share of the iterations at the start that may differ: the first ones warm up.
const WARM_UP: usize = 4;

/// How numbers of calls explain numbers of objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CallFit {
    /// Objects that one such call leaves behind.
    pub(super) objects: u64,
    /// Every how many calls one does so.
    pub(super) every: u64,
    /// Iterations at the start that the rule does not hold for.
    pub(super) skipped: usize,
    /// Whether the numbers change from iteration to iteration.
    pub(super) varies: bool,
}

/// The rule that holds for all iterations, or for all but the first ones.
pub(super) fn fit(objects: &[u64], calls: &[u64]) -> Option<CallFit> {
    let n = objects.len().min(calls.len());
    (0..=n / WARM_UP).find_map(|skipped| {
        let fit = exact_fit(objects.get(skipped..n)?, calls.get(skipped..n)?)?;
        Some(CallFit { skipped, ..fit })
    })
}

fn exact_fit(objects: &[u64], calls: &[u64]) -> Option<CallFit> {
    let (n_objects, n_calls) = (sum(objects), sum(calls));
    if objects.len() < SHORTEST || n_objects == 0 || n_calls == 0 {
        return None;
    }
    each_call(objects, calls, n_objects / n_calls).or_else(|| periodic(objects, calls, n_calls))
}

fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |sum, number| sum.saturating_add(*number))
}

fn is_constant(numbers: &[u64]) -> bool {
    numbers.iter().zip(numbers.iter().skip(1)).all(|(one, next)| one == next)
}

fn each_call(objects: &[u64], calls: &[u64], per_call: u64) -> Option<CallFit> {
    let is_exact = |(objects, calls): (&u64, &u64)| per_call.checked_mul(*calls) == Some(*objects);
    let fits = per_call > 0 && objects.iter().zip(calls).all(is_exact);
    fits.then(|| CallFit { objects: per_call, every: 1, skipped: 0, varies: !is_constant(calls) })
}

/// One of every `k` calls, counted through all iterations.
fn periodic(objects: &[u64], calls: &[u64], n_calls: u64) -> Option<CallFit> {
    let unit = objects.iter().copied().fold(0, greatest_divisor);
    let n_events = sum(objects) / unit;
    if n_events < 2 {
        return None;
    }
    let (shortest, longest) = (n_calls / (n_events + 1), n_calls / (n_events - 1) + 1);
    let period = (shortest.max(2)..=longest.min(LONGEST_PERIOD))
        .find(|period| has_period(objects, calls, unit, *period))?;
    Some(CallFit { objects: unit, every: period, skipped: 0, varies: !is_constant(objects) })
}

/// Whether some phase makes every `period`-th call the one that leaves `unit` objects behind: each
/// iteration narrows what the phase may be.
fn has_period(objects: &[u64], calls: &[u64], unit: u64, period: u64) -> bool {
    let (mut n_events, mut n_calls) = (0_i128, 0_i128);
    let period = i128::from(period);
    let (mut low, mut high) = (0, period - 1);
    for (objects, calls) in objects.iter().zip(calls) {
        n_events += i128::from(objects / unit);
        n_calls += i128::from(*calls);
        low = low.max(period * n_events - n_calls);
        high = high.min(period * n_events - n_calls + period - 1);
    }
    low <= high
}

const fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::blame::fit::*;

    /// The objects that the rule leaves behind, call by call.
    fn naive(calls: &[u64], objects: u64, every: u64, phase: u64) -> Vec<u64> {
        let mut at = phase;
        let left = |calls: &u64| {
            let mut left = 0;
            for _ in 0..*calls {
                at += 1;
                if at.is_multiple_of(every) {
                    left += objects;
                }
            }
            left
        };
        calls.iter().map(left).collect()
    }

    #[test]
    fn every_third_call_is_one_rule_and_one_of_three_another() {
        let fit = |objects: &[u64], calls: &[u64]| {
            fit(objects, calls).map(|fit| (fit.objects, fit.every, fit.varies))
        };
        assert_eq!(fit(&[0, 0, 2, 0, 0, 2], &[1; 6]), Some((2, 3, true)));
        assert_eq!(fit(&[1; 6], &[3; 6]), Some((1, 3, false)));
        assert_eq!(fit(&[2, 0, 4, 2, 0, 6], &[1, 0, 2, 1, 0, 3]), Some((2, 1, true)));
        assert_eq!(fit(&[1, 0, 1, 1, 0, 1], &[0, 1, 1, 1, 1, 1]), None);
        assert_eq!(fit(&[9, 1, 1, 1, 1, 1, 1, 1], &[1; 8]), Some((1, 1, false)), "warm-up");
    }

    proptest! {
        #[test]
        fn a_rule_is_found_and_repeats_what_it_explains(
            calls in prop::collection::vec(0_u64..7, 8..30),
            objects in 1_u64..5, every in 1_u64..9, phase in 0_u64..9,
        ) {
            let left = naive(&calls, objects, every, phase % every);
            let events = left.iter().sum::<u64>() / objects;
            prop_assume!(events >= 3);
            let found = fit(&left, &calls);
            prop_assert!(found.is_some());
            let found = found.unwrap_or(CallFit { objects: 0, every: 1, skipped: 0, varies: false });
            let (left, calls) = (&left[found.skipped..], &calls[found.skipped..]);
            let repeats = |phase| naive(calls, found.objects, found.every, phase) == left;
            prop_assert!((0..found.every).any(repeats), "{found:?}");
        }

        #[test]
        fn what_no_rule_explains_is_not_explained(
            calls in prop::collection::vec(0_u64..5, 8..12),
            left in prop::collection::vec(0_u64..4, 12),
        ) {
            let left = &left[..calls.len()];
            if let Some(found) = fit(left, &calls) {
                let (left, calls) = (&left[found.skipped..], &calls[found.skipped..]);
                let repeats = |phase| naive(calls, found.objects, found.every, phase) == left;
                prop_assert!((0..found.every).any(repeats), "{found:?}");
            }
        }
    }
}
