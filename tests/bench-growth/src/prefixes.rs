//! What is claimed of a series as it grows longer.

use teeleak_analysis::{
    growth::{Series, judge},
    model::Verdict,
};

/// What a firm verdict claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// It grows at its end.
    Leaks,
    /// It stays, or what grew has ended.
    EndsOrStays,
}

/// The claim about these values; `None` if it is undecided.
#[must_use]
pub fn claim(values: &[Option<f64>]) -> Option<Claim> {
    match judge(&Series { values: values.to_vec(), cohorts: None }).verdict {
        Verdict::Leak => Some(Claim::Leaks),
        Verdict::Undecided => None,
        _ => Some(Claim::EndsOrStays),
    }
}

/// How often the claim changes to the opposite while `step` more values come each time, undecided ones left
/// out.
#[must_use]
pub fn flips(values: &[Option<f64>], step: usize) -> usize {
    /// Values that the first claim is made of.
    const SHORTEST: usize = 12;
    let claims = (SHORTEST..=values.len()).step_by(step).filter_map(|n| claim(&values[..n]));
    let claims: Vec<_> = claims.collect();
    claims.windows(2).filter(|pair| pair[0] != pair[1]).count()
}
