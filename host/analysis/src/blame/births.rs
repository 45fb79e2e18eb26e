//! When the objects of a growth finding were born, and how many of each time stay.

use std::ops::RangeInclusive;

use crate::model::{Evidence, Finding};

/// What one step of a series left behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Birth {
    /// The iteration before its first one.
    pub(crate) after: u32,
    /// Its last iteration.
    pub(crate) until: u32,
    /// Objects that stay.
    pub(crate) count: u64,
}

impl Birth {
    /// Its iterations: at least one, whatever numbers a damaged capture gives.
    pub(crate) fn iterations(&self) -> RangeInclusive<u32> {
        let first = self.after.saturating_add(1);
        first..=self.until.max(first)
    }
}

/// The births behind a finding, in order of their iterations; `None` if it has no series of whole
/// numbers, or one that also falls: nothing that stays can be counted in it then.
pub(crate) fn births(finding: &Finding) -> Option<Vec<Birth>> {
    let series = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Series(series) => Some(series.as_slice()),
        _ => None,
    })?;
    let survivors = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Survivors(survivors) => Some(survivors.as_slice()),
        _ => None,
    });
    match survivors {
        Some(survivors) => Some(by_iteration(series, survivors)),
        None => gains(series),
    }
}

/// Survivors by the iteration that bore them: exact, whatever else came and went.
fn by_iteration(series: &[(u32, f64)], survivors: &[(u32, u64)]) -> Vec<Birth> {
    let steps = series.iter().zip(series.iter().skip(1));
    let birth = |((after, _), (until, _)): (&(u32, f64), &(u32, f64))| {
        let birth = Birth { after: *after, until: *until, count: 0 };
        let is_within = |(born, _): &&(u32, u64)| birth.iterations().contains(born);
        Birth { count: survivors.iter().filter(is_within).map(|(_, n)| n).sum(), ..birth }
    };
    steps.map(birth).collect()
}

fn gains(series: &[(u32, f64)]) -> Option<Vec<Birth>> {
    let birth = |((after, low), (until, high)): (&(u32, f64), &(u32, f64))| {
        let gain = high - low;
        let is_whole = gain >= 0.0 && gain.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, not negative"
        )]
        is_whole.then_some(Birth { after: *after, until: *until, count: gain as u64 })
    };
    series.iter().zip(series.iter().skip(1)).map(birth).collect()
}

#[cfg(test)]
mod tests {
    use super::{by_iteration, gains};

    #[test]
    fn survivors_count_and_not_what_comes_and_goes() {
        let series = [(0, 4.0), (1, 9.0), (2, 6.0), (3, 7.0)];
        assert_eq!(gains(&series), None);
        let births = by_iteration(&series, &[(1, 1), (3, 1)]);
        assert_eq!(births.iter().map(|birth| birth.count).collect::<Vec<_>>(), [1, 0, 1]);
    }

    #[test]
    fn gains_of_a_series_that_never_falls_are_births() {
        let births = gains(&[(2, 4.0), (4, 6.0), (6, 6.0)]).unwrap_or_default();
        let counts: Vec<_> = births.iter().map(|one| (one.after, one.until, one.count)).collect();
        assert_eq!(counts, [(2, 4, 2), (4, 6, 0)]);
    }
}
