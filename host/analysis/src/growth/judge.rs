//! The methods in order: survivors, exact gains, rises, statistics.

use super::{Basis, Estimate, Judgement, Series, exact, staircase, statistics, survivors};
use crate::model::Verdict;

/// Minimum number of iterations for any verdict but undecided.
const SHORTEST: usize = 3;

/// Share of the values that may be missing.
const MISSING: f64 = 0.25;

/// Judges a series of values per iteration.
///
/// Survivors come first since they are evidence, then integers that repeat the same gain, then rises
/// without a fall; statistics handle the rest.
///
/// ```
/// use teeleak_analysis::{growth, model::Verdict};
///
/// let site = growth::Series::counts([40, 41, 42, 43, 44, 45, 46, 47, 48]);
/// let said = growth::judge(&site);
/// assert_eq!(said.verdict, Verdict::Leak);
/// assert_eq!(said.rate.map(|rate| rate.value), Some(1.0));
/// ```
#[must_use]
pub fn judge(series: &Series) -> Judgement {
    let iterations = series.iterations();
    let support = u32::try_from(iterations).unwrap_or(u32::MAX);
    let n_values = series.values.len() - series.missing();
    if n_values < SHORTEST + 1 {
        let n_needed = exact::MIN_GAINS.saturating_sub(n_values.saturating_sub(1));
        return Judgement::undecided(Basis::TooShort, support, n_needed);
    }
    let missing = series.missing() as f64;
    if missing > MISSING * series.values.len() as f64 {
        return Judgement::undecided(Basis::Gaps, support, iterations.max(exact::MIN_GAINS));
    }
    let values = fill_gaps(series);
    if values.iter().all(|value| *value == values[0]) {
        return constant(series, support);
    }
    survivors::judge(series)
        .or_else(|| judge_whole_numbers(series, &values))
        .unwrap_or_else(|| sooner(series, &values, by_statistics(series, &values)))
}

/// What statistics say, with iterations counted from the start of the series.
fn by_statistics(series: &Series, values: &[f64]) -> Judgement {
    let start = series.points().next().map_or(0, |(at, _)| at);
    let points: Vec<_> = series.points().map(|(at, value)| (at - start, value)).collect();
    statistics::judge(&points, values).after(u32::try_from(start).unwrap_or(u32::MAX))
}

/// Equal gains may decide a series sooner than the statistics can.
fn sooner(series: &Series, values: &[f64], said: Judgement) -> Judgement {
    let remaining = exact::iterations_to_decide(values).filter(|_| series.missing() == 0);
    match (said.verdict, remaining) {
        (Verdict::Undecided, Some(more)) => {
            Judgement { more: Some(said.more.map_or(more, |later| later.min(more))), ..said }
        }
        _ => said,
    }
}

/// The rules for integers, which need every value between the first and the last one that was observed.
fn judge_whole_numbers(series: &Series, values: &[f64]) -> Option<Judgement> {
    let start = series.values.iter().take_while(|value| value.is_none()).count();
    if series.missing() > series.values.len() - values.len() {
        return None;
    }
    let said = exact::judge(values).or_else(|| staircase::judge(values))?;
    Some(said.after(u32::try_from(start).unwrap_or(u32::MAX)))
}

fn constant(series: &Series, support: u32) -> Judgement {
    // The count may be constant although the objects are replaced.
    let replaced = survivors::judge(series).filter(|said| said.verdict == Verdict::Oscillation);
    let clean = Judgement::new(Verdict::Clean, Basis::Constant, support);
    replaced.unwrap_or(clean.rate(Estimate::exact(0.0)))
}

/// The values with gaps interpolated between neighbours; gaps at the ends are dropped.
fn fill_gaps(series: &Series) -> Vec<f64> {
    let mut values: Vec<f64> = Vec::with_capacity(series.values.len());
    let mut previous: Option<(usize, f64)> = None;
    for (at, value) in series.points() {
        if let Some((start, low)) = previous {
            let step = (value - low) / (at - start) as f64;
            values.extend((1..at - start).map(|n| low + step * n as f64));
        }
        values.push(value);
        previous = Some((at, value));
    }
    values
}
