//! Evidence instead of statistics: which iteration's objects are still live.
//!
//! The last iterations always have some survivors, so *age* decides: whether the objects of old
//! iterations remain. Four patterns are distinguished:
//!
//! | | old iterations keep objects | which iterations |
//! | --- | --- | --- |
//! | leak | yes | all, or every so often up to the end |
//! | cache | yes | the first ones only |
//! | oscillation | no | |
//! | replacement (a ring of buffers) | yes, but as many older ones are freed | |

use mortality::MortalityTable;

use super::{
    Basis, Cohort, Estimate, Judgement, Series,
    spread::{Spread, spread},
    staircase::wait,
};
use crate::model::Verdict;

/// Share of the settled survivors that may still be freed at a settled age.
const STILL_DYING: f64 = 0.15;

/// Probability below which it is not chance that so few settled objects were freed.
const LUCK: f64 = 0.01;

/// Share of the objects that counts as hardly any.
const HARDLY: f64 = 0.1;

/// Minimum number of old objects whose disappearance decides.
const ENOUGH: u64 = 3;

/// Judges by cohorts; `None` if they do not decide.
pub(super) fn judge(series: &Series) -> Option<Judgement> {
    let cohorts = series.cohorts.as_deref()?;
    // What an iteration leaves behind that no snapshot followed is unknown, not nothing.
    let last = series.points().next_back().map_or(0, |(at, _)| at);
    if last < 3 {
        return None;
    }
    let tolls = MortalityTable::new(cohorts);
    let survivors = survivors_by_iteration(cohorts, last);
    match (0..=last / 2).find_map(|age| SettledSurvivors::at_age(&tolls, &survivors, age)) {
        Some(settled) => settled.judge(series),
        None => turnover(series, cohorts, last),
    }
}

/// Survivors of the iterations that are at least `age` old at the end.
struct SettledSurvivors {
    /// Survivors by iteration, from iteration 1.
    left: Vec<u64>,
    /// Number of iterations.
    last: usize,
    /// Older objects freed at a settled age.
    died: u64,
}

impl SettledSurvivors {
    /// The survivors if objects that have lived for `age` iterations live on; `left` has those of all
    /// iterations.
    fn at_age(tolls: &MortalityTable, left: &[u64], age: usize) -> Option<Self> {
        let (young, old) = tolls.at_age(age);
        let last = left.len();
        let survivors = &left[..last - age];
        let sum: u64 = survivors.iter().sum();
        if old.died as f64 > STILL_DYING * sum as f64 {
            return None;
        }
        let lucky = young.died > 0 && at_most(old.died, old.exposed as f64 * young.hazard()) > LUCK;
        (!lucky).then(|| Self { left: survivors.to_vec(), last, died: old.died })
    }

    fn judge(&self, series: &Series) -> Option<Judgement> {
        let places: Vec<_> = (1..).zip(&self.left).filter(|(_, n)| **n > 0).map(|p| p.0).collect();
        let n_iterations = self.left.len();
        let basis = Basis::Survivors { with: count(places.len()), of: count(n_iterations) };
        let judgement = |verdict| Some(Judgement::new(verdict, basis, count(self.last)));
        let sum: u64 = self.left.iter().sum();
        let highest = self.left.iter().copied().max().unwrap_or(0);
        match spread(&places, n_iterations) {
            Spread::Never => None,
            _ if series.gain() < 0.5 * (sum as f64 - self.died as f64) => {
                judgement(Verdict::Oscillation)
            }
            Spread::Going if highest * 2 <= sum => {
                judgement(Verdict::Leak).map(|leak| leak.rate(rate(&self.left)))
            }
            Spread::Stopped => judgement(Verdict::WarmUp),
            Spread::Once => judgement(Verdict::Step),
            _ => Some(Judgement::undecided(
                basis,
                count(self.last),
                wait(places.len(), n_iterations),
            )),
        }
    }
}

/// Survivors by iteration, from iteration 1 to `last`.
fn survivors_by_iteration(cohorts: &[Cohort], last: usize) -> Vec<u64> {
    let mut counts = vec![0; last];
    for cohort in cohorts {
        if let Some(slot) = (cohort.born as usize).checked_sub(1).and_then(|k| counts.get_mut(k)) {
            *slot += cohort.survivors();
        }
    }
    counts
}

/// Probability that a Poisson number of mean `mean` is at most `n`.
fn at_most(n: u64, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    if term == 0.0 {
        return 0.0;
    }
    let mut sum = term;
    for k in 1..=n {
        term *= mean / k as f64;
        sum += term;
    }
    sum
}

/// For objects that are freed at every age. If hardly any of the oldest third remain, objects come
/// and go. Otherwise this compares the share of the older half that lives for a quarter of the run
/// with the share of those that lives for another quarter: equal if objects come and go, nearly all
/// if some of them stay for good.
fn turnover(series: &Series, cohorts: &[Cohort], last: usize) -> Option<Judgement> {
    let age = last / 4;
    let (mut born, mut young, mut old, mut with, mut of) = (0, 0, 0, 0_u32, 0_u32);
    let (mut oldest, mut left) = (0, 0);
    for cohort in cohorts.iter().filter(|cohort| cohort.born > 0) {
        let count_at = |age: usize| cohort.alive.get(age).copied().flatten();
        if cohort.born as usize <= last / 3 {
            (oldest, left) = (oldest + count_at(0).unwrap_or(0), left + cohort.survivors());
        }
        let (Some(a), Some(b), Some(c)) = (count_at(0), count_at(age), count_at(2 * age)) else {
            continue;
        };
        (born, young, old, of) = (born + a, young + b, old + c, of + 1);
        with += u32::from(cohort.survivors() > 0);
    }
    let basis = Basis::Survivors { with, of };
    let come_and_go = Judgement::new(Verdict::Oscillation, basis, count(last));
    if oldest >= ENOUGH && left as f64 <= HARDLY * oldest as f64 {
        return Some(come_and_go);
    }
    if young < ENOUGH || of < 3 {
        return None;
    }
    let survival_rate = young as f64 / born as f64;
    let mean = young as f64 * survival_rate;
    let deviation = (mean * (1.0 - survival_rate)).sqrt().max(0.5);
    let is_few = (old as f64 - mean) / deviation < 2.0;
    (is_few && series.gain() < 0.5 * born as f64).then_some(come_and_go)
}

/// Mean survivors per iteration, without the first third if that has more: it may be warm-up.
fn rate(left: &[u64]) -> Estimate {
    let mean = |left: &[u64]| left.iter().sum::<u64>() as f64 / left.len() as f64;
    let tail = &left[left.len() / 3..];
    let window = if mean(tail) < mean(left) { tail } else { left };
    let value = mean(window);
    let squares: f64 = window.iter().map(|&n| (n as f64 - value).powi(2)).sum();
    let n = window.len() as f64;
    let error = (squares / (n * (n - 1.0).max(1.0))).sqrt();
    Estimate { value, low: (value - 1.96 * error).max(0.0), high: value + 1.96 * error }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

mod mortality;
