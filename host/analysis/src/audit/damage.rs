//! Whether what damaged lines hide could be a leak.

use crate::model::{Completeness, Observation, Sample, Stage, saturating_sum};

/// Whole snapshots that a clean result needs beside damaged ones: those that show a leak of one object
/// per iteration for certain.
const WHOLE: usize = 9;

/// One snapshot in so many may be damaged.
const SHARE: usize = 10;

/// Damage of the input, and what it may hide.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct InputDamage {
    /// Whether no leak fits into the records that snapshots lack.
    pub(super) hides_nothing: bool,
    /// Whether all damaged lines are such records.
    pub(super) is_explained: bool,
}

impl InputDamage {
    pub(super) fn new(observation: &Observation) -> Self {
        let samples: Vec<_> = observation.samples.iter().filter(|one| counts(one)).collect();
        let hides_nothing = hides_nothing(&samples);
        let n_lost = saturating_sum(samples.iter().map(|sample| lost_records(sample)));
        let mut gaps = observation.gaps.iter().filter(|gap| gap.reason.is_damage());
        // A source that could not be read to its end lost nobody knows how much.
        let has_end = gaps.clone().all(|gap| gap.lost > 0);
        let n_damaged = gaps.try_fold(0_u64, |sum, gap| sum.checked_add(gap.lost));
        let is_local = n_damaged.is_some_and(|damaged| damaged <= n_lost);
        let is_explained =
            hides_nothing && has_end && is_local && observation.accounting.rejected <= n_lost;
        Self { hides_nothing, is_explained }
    }
}

fn counts(sample: &Sample) -> bool {
    matches!(sample.moment.stage, Stage::Before | Stage::Measured)
}

/// Whether the first and the last snapshots and nearly all others are whole: what grew in between
/// would show.
fn hides_nothing(samples: &[&Sample]) -> bool {
    let is_whole = |sample: &&&Sample| matches!(sample.sites, Completeness::Complete(_));
    let n_whole = samples.iter().filter(is_whole).count();
    let n_damaged = samples.len() - n_whole;
    let is_counted = samples
        .iter()
        .filter(|sample| !is_whole(sample))
        .all(|sample| matches!(sample.sites, Completeness::Counted(..)));
    n_whole >= WHOLE
        && n_damaged * SHARE <= samples.len()
        && is_counted
        && samples.first().as_ref().is_some_and(is_whole)
        && samples.last().as_ref().is_some_and(is_whole)
}

/// Records and regions that were lost, and counted.
fn lost_records(sample: &Sample) -> u64 {
    let instances = sample.instances.value().into_iter().flatten();
    let regions = instances.map(|instance| match &instance.regions {
        Completeness::Counted(_, gap) => gap.lost,
        _ => 0,
    });
    let sites = match &sample.sites {
        Completeness::Counted(_, gap) => gap.lost,
        _ => 0,
    };
    saturating_sum(regions).saturating_add(sites)
}
