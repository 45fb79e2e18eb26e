//! Statistics, for series that neither survivors nor integer rules decide.
//!
//! A trend test asks whether a trend exists, and a cache that warmed up, one step, or the rising half
//! of a slow oscillation all have one. The question here is different: **does any bounded model fit
//! as well?**
//!
//! ```text
//! values ── season ──> without period ── Blocks ──> models::compete ──> Contest ──> Decision
//! ```
//!
//! Growing models (a line, one that begins late, a knee, growth ever faster, a line beside a warm-up,
//! steps, a wave or teeth, a random walk that drifts) compete with bounded ones (a level, steps, a warm-up,
//! a plateau, high-water marks, a wave, teeth, a random walk). Each is rated by Schwarz's criterion with
//! noise whose neighbours may be correlated. The odds of growth are those of all growing models together
//! against all bounded ones; a leak needs odds that depend on how unusual the best growing model is, a fit that
//! beats a random walk by more than its parameters explain, and a slope **at the end** that is well above its
//! own error. A line may instead be clear under noise of any persistence, the doubt about it included
//! ([`persistence`]). A bounded verdict in turn must exclude growth: its
//! model must beat every growing one, and a random walk, and the upper bound of growth beside it, the
//! shape's own parameters left free, must be a small part of the range. That bound is part of the
//! judgement. A series that meets neither demand is undecided.
//!
//! Long series are averaged to a hundred blocks, which are sufficient for shapes that are slow.
//!
//! Literature: comparison of models that are not special cases of each other: Vuong, *Econometrica*
//! 57 (1989); trend tests under correlated noise: Perron and Yabu, *J. Econometrics* 151 (2009);
//! why trend tests fail for aging software: Machida et al., *ISSRE* 2013.

mod blocks;
mod contest;
mod decision;
mod fit;
mod models;
mod noise;
mod persistence;
mod season;
mod slope;
mod walk;

use blocks::Blocks;
use contest::Contest;
use decision::Decision;
use models::Ages;

use super::Judgement;

/// Judges values by iteration, at least four, the first of iteration 0; `filled` has those that are
/// missing interpolated.
pub(super) fn judge(points: &[(usize, f64)], filled: &[f64]) -> Judgement {
    let season = season::remove(filled);
    let points: Vec<_> = points.iter().map(|(at, _)| (*at, season.values[*at])).collect();
    let blocks = Blocks::new(&points);
    let ages = Ages::new(&points, &blocks);
    let models = models::compete(&blocks, ages.as_ref());
    let contest = Contest::new(&blocks, &models);
    Decision { contest, period: season.period, range: range(filled) }.judge()
}

fn range(values: &[f64]) -> f64 {
    let highest = values.iter().copied().fold(f64::MIN, f64::max);
    highest - values.iter().copied().fold(f64::MAX, f64::min)
}
