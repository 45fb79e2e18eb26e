//! Counts of damaged snapshots: at least what was read, at most as many more as were lost.
//!
//! Between two whole snapshots a count is taken as steady growth if its bounds allow that, else as what
//! was read. At the ends it counts only if it contradicts its neighbour whatever was lost: nothing grows,
//! and nothing is clean, by what damage hides.

/// The values of a series; `hidden` are the snapshots with bounds, in order.
pub(super) fn values(
    mut exact: Vec<Option<u64>>,
    hidden: impl Iterator<Item = (usize, u64)>,
) -> Vec<Option<f64>> {
    let bounds: Vec<_> = hidden
        .filter_map(|(at, most)| {
            let low = exact.get_mut(at)?.take()?;
            Some((at, low, low.saturating_add(most)))
        })
        .collect();
    let mut values = exact.clone();
    for (at, low, high) in bounds {
        values[at] = estimate(&exact, at, (low, high));
    }
    values.into_iter().map(|value| value.map(|n| n as f64)).collect()
}

fn estimate(exact: &[Option<u64>], at: usize, (low, high): (u64, u64)) -> Option<u64> {
    let known_point = |at: usize| exact[at].map(|n| (at, n));
    let previous_point = (0..at).rev().find_map(known_point);
    let next_point = (at + 1..exact.len()).find_map(known_point);
    match (previous_point, next_point) {
        (Some(before), Some(after)) => Some(interpolation(before, after, at).map_or_else(
            || low.clamp(before.1.min(after.1), before.1.max(after.1)).clamp(low, high),
            |n| n.clamp(low, high),
        )),
        (Some(near), None) => {
            let far_point = (0..near.0).rev().find_map(known_point);
            (!(low..=high).contains(&near.1))
                .then(|| extrapolation(far_point, near, at).clamp(low, high))
        }
        (None, Some(near)) => {
            let far_point = (near.0 + 1..exact.len()).find_map(known_point);
            (!(low..=high).contains(&near.1))
                .then(|| extrapolation(far_point, near, at).clamp(low, high))
        }
        (None, None) => None,
    }
}

/// The whole number at `at` on the line through two points, beyond the near one; that of the near one if there
/// is none.
fn extrapolation(far: Option<(usize, u64)>, near: (usize, u64), at: usize) -> u64 {
    let Some(far) = far else { return near.1 };
    let (span, distance) = (near.0.abs_diff(far.0) as u64, at.abs_diff(near.0) as u64);
    let (gain, falls) = (near.1.abs_diff(far.1), near.1 < far.1);
    let step = match gain.checked_mul(distance) {
        Some(part) if part.is_multiple_of(span) => part / span,
        _ => return near.1,
    };
    if falls { near.1.saturating_sub(step) } else { near.1.saturating_add(step) }
}

/// The whole number at `at` on the line through two points.
fn interpolation(from: (usize, u64), to: (usize, u64), at: usize) -> Option<u64> {
    let (span, place) = ((to.0 - from.0) as u64, (at - from.0) as u64);
    let (gain, falls) = (to.1.abs_diff(from.1), to.1 < from.1);
    let part = gain.checked_mul(place)?;
    let step = part.is_multiple_of(span).then_some(part / span)?;
    Some(if falls { from.1 - step } else { from.1 + step })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::values;

    fn filled(counts: &[u64], hidden: &[(usize, u64)]) -> Vec<Option<u64>> {
        let counts = counts.iter().copied().map(Some).collect();
        let to_count = |value: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let count = value as u64;
            count
        };
        let values = values(counts, hidden.iter().copied());
        values.into_iter().map(|value| value.map(to_count)).collect()
    }

    #[test]
    fn steady_growth_is_restored() {
        let growth = filled(&[0, 0, 2, 3, 4], &[(1, 1)]);
        assert_eq!(growth, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(filled(&[5, 4, 5, 5], &[(1, 1)]), [Some(5); 4]);
    }

    #[test]
    fn more_than_damage_explains_stays() {
        assert_eq!(filled(&[5, 2, 5], &[(1, 1)]), [Some(5), Some(3), Some(5)]);
        assert_eq!(filled(&[5, 9, 5], &[(1, 1)]), [Some(5), Some(9), Some(5)]);
    }

    #[test]
    fn an_end_that_proves_nothing_is_left_out() {
        assert_eq!(filled(&[1, 2, 3, 3], &[(3, 1)])[3], None);
        assert_eq!(filled(&[1, 2, 3, 9], &[(3, 1)])[3], Some(9));
        assert_eq!(filled(&[5, 5, 5, 1], &[(3, 1)])[3], Some(2));
    }

    #[test]
    fn an_end_that_grows_whatever_was_lost_goes_on_as_before() {
        assert_eq!(filled(&[11, 13, 15, 16], &[(3, 1)])[3], Some(17));
        assert_eq!(filled(&[10, 13, 15, 17], &[(0, 2)])[0], Some(11));
        assert_eq!(filled(&[13, 15, 17, 18], &[(3, 9)])[3], Some(19));
        assert_eq!(filled(&[5, 5, 5, 7], &[(3, 1)])[3], Some(7));
    }

    proptest! {
        /// However the objects of a steady series were lost, its values stay within what is possible,
        /// and steady growth between whole snapshots is found again.
        #[test]
        fn the_truth_is_within_the_bounds(
            gain in 0_u64..4,
            base in 0_u64..50,
            losses in proptest::collection::vec(0_u64..4, 2..30),
            extra in 0_u64..3,
        ) {
            let truth: Vec<_> = (0..losses.len() as u64).map(|n| base + gain * n).collect();
            let read: Vec<_> =
                truth.iter().zip(&losses).map(|(n, lost)| n.saturating_sub(*lost)).collect();
            let hidden: Vec<_> = (0..).zip(&losses).filter(|(_, lost)| **lost > 0)
                .map(|(at, lost)| (at, lost + extra)).collect();
            let whole = |at: usize| losses[at] == 0;
            for (at, value) in filled(&read, &hidden).into_iter().enumerate() {
                let inner = (0..at).any(whole) && (at + 1..losses.len()).any(whole);
                match value {
                    Some(value) if inner || whole(at) => prop_assert_eq!(value, truth[at]),
                    Some(value) => prop_assert!(value >= read[at] && value <= read[at] + losses[at] + extra),
                    None => prop_assert!(!inner && !whole(at)),
                }
            }
        }
    }
}
