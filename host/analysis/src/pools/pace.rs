//! Whether failures come closer together: what runs out is then filled more and more.

use crate::{model::Incident, text};

/// Gaps between failures that show a trend.
const ENOUGH: usize = 3;

/// How much longer than the gap before one may be.
const TOLERANCE: f64 = 1.1;

/// Share of the first gap that the last one has at most.
const CLOSER: f64 = 0.7;

/// The trend as a sentence, by the times of the failures or else by their iterations.
pub(super) fn closer(incident: &Incident) -> Option<String> {
    by_time(incident).or_else(|| by_iteration(incident))
}

fn by_time(incident: &Incident) -> Option<String> {
    let repeats = &incident.details.repeats;
    let times = repeats.places.iter().map(|(_, time)| *time);
    let times: Option<Vec<_>> = std::iter::once(incident.time).chain(times).collect();
    let times: Vec<_> = times?.iter().map(|time| time.ns as f64).collect();
    let mut gaps = gaps(&times);
    // Of more failures than are kept, the mean gap up to the last one is known.
    let n_more = repeats.count.saturating_sub(repeats.places.len() as u64);
    if let (1.., Some((_, Some(last))), Some(kept)) = (n_more, &repeats.last, times.last()) {
        gaps.push((last.ns as f64 - kept) / n_more as f64);
    }
    let (first, last) = trend(&gaps)?;
    // A gap of times is never negative, and an hour has few enough nanoseconds for a float.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 or more, whole")]
    let [first, last] = [first, last].map(|gap| text::duration(gap as u64));
    Some(format!("the failures come closer together: {first} apart at first, {last} at the end"))
}

fn by_iteration(incident: &Incident) -> Option<String> {
    let further = incident.details.repeats.iterations.iter().copied();
    let numbers: Option<Vec<_>> = std::iter::once(incident.iteration).chain(further).collect();
    let numbers: Vec<_> = numbers?.into_iter().map(f64::from).collect();
    let (first, last) = trend(&gaps(&numbers))?;
    let first = text::amount(first, "iteration");
    Some(format!("the failures come closer together: {first} apart at first, {last:.0} at the end"))
}

fn gaps(points: &[f64]) -> Vec<f64> {
    points.iter().zip(points.iter().skip(1)).map(|(one, next)| next - one).collect()
}

/// The first and the last gap, if they get shorter.
fn trend(gaps: &[f64]) -> Option<(f64, f64)> {
    let shorter = |(one, next): (&f64, &f64)| (0.0..=one * TOLERANCE).contains(next);
    let (first, last) = (*gaps.first()?, *gaps.last()?);
    let is_trend = gaps.len() >= ENOUGH
        && gaps.iter().zip(gaps.iter().skip(1)).all(shorter)
        && last <= first * CLOSER;
    is_trend.then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::{gaps, trend};

    #[test]
    fn only_gaps_that_get_shorter_are_a_trend() {
        let of = |points: &[f64]| trend(&gaps(points));
        assert_eq!(of(&[3.0, 5.0, 7.0, 8.0]), Some((2.0, 1.0)));
        assert_eq!(of(&[3.0, 5.0, 7.0, 9.0]), None, "as far apart as before");
        assert_eq!(of(&[3.0, 5.0, 6.0]), None, "too few");
        assert_eq!(of(&[3.0, 8.0, 9.0, 14.0, 15.0]), None, "up and down");
        assert_eq!(of(&[8.0, 5.0, 4.0, 3.0]), None, "back in time");
    }
}
