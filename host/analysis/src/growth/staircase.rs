//! Integers that rise now and then and never fall: an occasional leak, or a cache that fills.

use super::{
    Basis, Estimate, Judgement,
    spread::{Spread, spread},
};
use crate::model::Verdict;

/// Maximum share of iterations with a rise; more frequent rises are left to the statistics, which
/// consider the amounts.
const SPARSE: f64 = 0.5;

/// Judges integers without gaps; `None` if the rule does not apply.
pub(super) fn judge(values: &[f64]) -> Option<Judgement> {
    if values.iter().any(|value| value.fract() != 0.0) {
        return None;
    }
    let span = values.len() - 1;
    let mut rises = Vec::new();
    for (at, pair) in values.windows(2).enumerate() {
        match pair[1] - pair[0] {
            gain if gain < 0.0 => return None,
            0.0 => {}
            gain => rises.push((at + 1, gain)),
        }
    }
    if rises.is_empty() || rises.len() as f64 > SPARSE * span as f64 {
        return None;
    }
    Some(decide(&rises, span))
}

fn decide(rises: &[(usize, f64)], span: usize) -> Judgement {
    let places: Vec<_> = rises.iter().map(|rise| rise.0).collect();
    let total: f64 = rises.iter().map(|rise| rise.1).sum();
    let highest = rises.iter().map(|rise| rise.1).fold(0.0, f64::max);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let basis = Basis::Staircase { rises: count(rises.len()) };
    let support = count(span);
    let verdict = match spread(&places, span) {
        // One rise that outweighs all others is a step.
        Spread::Going if highest * 2.0 <= total && !may_fade(rises, span) => Verdict::Leak,
        Spread::Stopped => Verdict::WarmUp,
        Spread::Once => Verdict::Step,
        // A leak loses the same amount each time.
        Spread::Few if unlike(rises) && (span - places[1]) * 3 >= span => Verdict::Step,
        // Whether rises become ever rarer takes as long again to show.
        Spread::Fading | Spread::Going => return Judgement::undecided(basis, support, span),
        _ => return Judgement::undecided(basis, support, wait(rises.len(), span)),
    };
    let judgement = Judgement::new(verdict, basis, support).rate(rate(rises, total, span));
    match verdict {
        Verdict::Leak => judgement,
        _ => judgement
            .excluded(hidden(rises, total, span))
            .stopped(places.last().map(|at| count(*at))),
    }
}

/// Growth per iteration that 99 of 100 gaps as long as the one at the end exclude: Poisson distributed
/// rises as high as the others would not all be missing.
fn hidden(rises: &[(usize, f64)], total: f64, span: usize) -> f64 {
    let gap = span - rises.last().map_or(0, |rise| rise.0);
    let mean_rise = total / rises.len().max(1) as f64;
    100.0_f64.ln() / gap.max(1) as f64 * mean_rise
}

/// Whether the rises may be those of the highest of ever more random values, which come at iteration t
/// with probability 1 / t: how much less likely their places are if they come evenly. Such rises hardly
/// ever are of the same height.
fn may_fade(rises: &[(usize, f64)], span: usize) -> bool {
    /// Log likelihood by which even rises must be likelier.
    const MARGIN: f64 = 4.0;
    let usual = rises[rises.len() / 2].1;
    let same = rises.iter().filter(|rise| rise.1 == usual).count();
    if same * 2 > rises.len() {
        return false;
    }
    let harmonic = 0.577 + (span as f64).ln();
    let evidence =
        rises.iter().map(|(at, _)| (*at as f64 * harmonic / span as f64).ln()).sum::<f64>();
    // How many there are counts as well.
    let n = rises.len() as f64;
    let count = n * (n / harmonic).ln() - (n - harmonic);
    evidence + if n > harmonic { count } else { 0.0 } < MARGIN
}

/// Whether these are two rises of different height.
fn unlike(rises: &[(usize, f64)]) -> bool {
    matches!(rises, [first, second] if first.1 != second.1)
}

/// Iterations until two more rises at the current rate.
pub(super) fn wait(rises: usize, span: usize) -> usize {
    (2 * span).div_ceil(rises.max(1)).max(4)
}

/// Mean gain per iteration; the number of rises is assumed to be Poisson distributed, with Byar's
/// interval (Breslow and Day, *Statistical Methods in Cancer Research* II, 1987, p. 69).
fn rate(rises: &[(usize, f64)], total: f64, span: usize) -> Estimate {
    let n = rises.len() as f64;
    let byar = |n: f64, z: f64| n * (1.0 - 1.0 / (9.0 * n) + z / (3.0 * n.sqrt())).powi(3);
    let mean_rise = total / n;
    let per_iteration = |rises: f64| rises * mean_rise / span as f64;
    Estimate {
        value: per_iteration(n),
        low: per_iteration(byar(n, -1.96)).max(0.0),
        high: per_iteration(byar(n + 1.0, 1.96)),
    }
}

#[cfg(test)]
mod tests {
    use crate::growth::staircase::*;

    fn verdict(values: &[i32]) -> Option<Verdict> {
        judge(&values.iter().copied().map(f64::from).collect::<Vec<_>>()).map(|said| said.verdict)
    }

    #[test]
    fn rises_decide() {
        let mut values = vec![0; 61];
        for (n, value) in values.iter_mut().enumerate() {
            *value = [3, 11, 19, 27, 44, 58].iter().filter(|&&at| at <= n).map(|_| 28).sum();
        }
        assert_eq!(verdict(&values), Some(Verdict::Leak));
        assert_eq!(verdict(&values[..13]), Some(Verdict::Undecided));
        assert_eq!(verdict(&[0, 0, 5, 5, 5, 5, 5, 5, 5, 5]), Some(Verdict::Step));
        assert_eq!(verdict(&[0, 3, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6]), Some(Verdict::WarmUp));
    }

    #[test]
    fn what_falls_or_stays_is_left_alone() {
        assert_eq!(verdict(&[0, 1, 0, 0, 1, 1, 1]), None);
        assert_eq!(verdict(&[4; 9]), None);
    }
}
