//! Assigns snapshots to iterations.

use crate::{
    growth::{Judgement, Series, judge},
    model::{Moment, Sample, Stage},
};

/// Data taken at a moment of a run.
pub(crate) trait HasMoment {
    /// The moment; `None` outside a run.
    fn moment(&self) -> Option<Moment>;
}

impl HasMoment for Sample {
    fn moment(&self) -> Option<Moment> {
        Some(self.moment)
    }
}

/// The snapshots of a run, by iteration.
pub(crate) struct RunTimeline<'a, T = Sample> {
    /// The snapshot before the first measured iteration, then one after each; `None` if missing.
    pub(crate) measured: Vec<Option<&'a T>>,
    /// The snapshot before the first idle iteration, then one after each.
    pub(crate) idle: Vec<&'a T>,
    /// Number of the iteration before `measured[0]`.
    pub(crate) first: u32,
    /// Iterations from one of `measured` to the next: a source may have kept only every n-th one.
    stride: u32,
    /// Whether the snapshots are those of a run; otherwise each counts as one iteration.
    pub(crate) run: bool,
}

impl<'a, T: HasMoment> RunTimeline<'a, T> {
    /// A timeline of snapshots in order.
    pub(crate) fn from_refs(all: &[&'a T]) -> Self {
        let begin = all.iter().position(|one| iteration_in(*one, Stage::Measured).is_some());
        let Some(begin) = begin else {
            let measured_samples = all.iter().copied().map(Some).collect();
            let idle = Vec::new();
            return Self { measured: measured_samples, idle, first: 0, stride: 1, run: false };
        };
        if let Some(stride) = stride(&all[begin..]) {
            return Self::with_stride(all, begin, stride);
        }
        let mut measured_samples = vec![begin.checked_sub(1).map(|before| all[before])];
        let mut first = 0;
        if measured_samples[0].is_none() {
            first = iteration_in(all[begin], Stage::Measured).unwrap_or(0);
            measured_samples.clear();
        }
        let far = far_iteration(all[begin..].iter().copied()).unwrap_or(u32::MAX);
        let numbered = all[begin..].iter().filter_map(|one| {
            let iteration =
                iteration_in(*one, Stage::Measured).filter(|iteration| *iteration < far)?;
            Some((*one, iteration.checked_sub(first)?))
        });
        let last = numbered.clone().map(|(_, at)| at).max().unwrap_or(0);
        let stride = width_of_places(last, all.len() - begin);
        for (one, at) in numbered {
            place(&mut measured_samples, one, at.div_ceil(stride) as usize);
        }
        let idle = idle(&all[..begin]);
        Self { measured: measured_samples, idle, first, stride, run: true }
    }

    /// A timeline of the snapshots of every `stride` iterations, measured from `begin` on.
    fn with_stride(all: &[&'a T], begin: usize, stride: u32) -> Self {
        let start = begin.saturating_sub(1);
        let iteration = iteration_in(all[begin], Stage::Measured).unwrap_or(0);
        let first = if start < begin { iteration.saturating_sub(stride) } else { iteration };
        let measured = all[start..].iter().copied().map(Some).collect();
        Self { measured, idle: idle(&all[..begin]), first, stride, run: true }
    }

    /// The iteration that snapshot `at` of `measured` was taken after.
    pub(crate) fn iteration(&self, at: usize) -> u32 {
        let n = u32::try_from(at).unwrap_or(u32::MAX).saturating_mul(self.stride);
        self.first.saturating_add(n)
    }

    /// The judgement of a series over `measured`, per iteration.
    pub(crate) fn judge(&self, series: &Series) -> Judgement {
        judge(series).per_iteration(self.stride)
    }
}

/// The distance of the iterations if it is the same for all, and more than one.
fn stride<T: HasMoment>(measured: &[&T]) -> Option<u32> {
    let iterations: Option<Vec<_>> =
        measured.iter().map(|one| iteration_in(*one, Stage::Measured)).collect();
    let iterations = iterations?;
    let distance = |pair: &[u32]| pair[1].checked_sub(pair[0]);
    let first = distance(iterations.get(..2)?)?;
    // Two of three are no pattern.
    let is_even = iterations.windows(2).all(|pair| distance(pair) == Some(first));
    (first > 1 && iterations.len() > 3 && is_even).then_some(first)
}

/// The iteration of this stage after which it was taken.
fn iteration_in<T: HasMoment>(one: &T, stage: Stage) -> Option<u32> {
    one.moment().filter(|moment| moment.stage == stage).map(|moment| moment.iteration)
}

impl<'a> RunTimeline<'a> {
    pub(crate) fn new(samples: &'a [Sample]) -> Self {
        Self::from_refs(&samples.iter().collect::<Vec<_>>())
    }

    /// Maps epochs to iterations, as indices of `measured`: 0 for everything older. `None` if epochs
    /// are not kept or restarted in between.
    pub(super) fn births(&self) -> Option<Births> {
        let start = |(at, sample): (usize, &Option<&Sample>)| Some((sample.as_ref()?.epoch?, at));
        let starts: Vec<_> = self.measured.iter().enumerate().filter_map(start).collect();
        let grows = starts.windows(2).all(|pair| pair[0].0 < pair[1].0);
        (grows && starts.len() > 1).then_some(Births { starts })
    }
}

/// Iterations beyond all others by so many, and by so many times their range, have a damaged number.
const FAR: (u32, u32) = (1024, 16);

/// Places of a timeline whose snapshots are few; of many, some per snapshot.
const PLACES: (usize, usize) = (8192, 4);

/// Iterations per place of a timeline that ends at `last`, so that memory follows the snapshots and not
/// their numbers.
fn width_of_places(last: u32, n_snapshots: usize) -> u32 {
    let most = PLACES.0.max(n_snapshots.saturating_mul(PLACES.1));
    last.div_ceil(u32::try_from(most).unwrap_or(u32::MAX)).max(1)
}

/// The first iteration that is too far beyond most of the others to be right.
pub(crate) fn far_iteration<'a, T: HasMoment + 'a>(
    all: impl IntoIterator<Item = &'a T>,
) -> Option<u32> {
    let iterations = all.into_iter().filter_map(|one| iteration_in(one, Stage::Measured));
    let mut iterations: Vec<u32> = iterations.collect();
    iterations.sort_unstable();
    let first = *iterations.first()?;
    let is_far = |at: &usize| {
        let (before, gap) = (iterations[at - 1], iterations[*at] - iterations[at - 1]);
        let range = (before - first).saturating_add(1);
        gap > FAR.0 && gap > range.saturating_mul(FAR.1) && iterations.len() - at < *at
    };
    (1..iterations.len()).find(is_far).map(|at| iterations[at])
}

/// Stores a snapshot under its iteration; the last one of a place wins.
fn place<'a, T>(measured: &mut Vec<Option<&'a T>>, one: &'a T, index: usize) {
    if index >= measured.len() {
        measured.resize(index + 1, None);
    }
    measured[index] = Some(one);
}

/// The idle snapshots and the one before them.
fn idle<'a, T: HasMoment>(all: &[&'a T]) -> Vec<&'a T> {
    let idle = |one: &&&T| iteration_in(**one, Stage::Idle).is_some();
    let Some(begin) = all.iter().position(|one| idle(&one)) else { return Vec::new() };
    let previous = begin.checked_sub(1).map(|before| all[before]);
    previous.into_iter().chain(all[begin..].iter().filter(idle).copied()).collect()
}

/// First epoch after each snapshot.
pub(super) struct Births {
    starts: Vec<(u32, usize)>,
}

impl Births {
    /// Index of the iteration that `epoch` belongs to.
    pub(super) fn iteration(&self, epoch: u32) -> usize {
        let n_started = self.starts.partition_point(|(start, _)| *start <= epoch);
        n_started.checked_sub(1).map_or(0, |at| self.starts[at].1 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl HasMoment for Moment {
        fn moment(&self) -> Option<Moment> {
            Some(*self)
        }
    }

    fn measured(iterations: impl IntoIterator<Item = u32>) -> Vec<Moment> {
        let moment = |iteration| Moment { stage: Stage::Measured, iteration };
        iterations.into_iter().map(moment).collect()
    }

    fn timeline(all: &[Moment]) -> RunTimeline<'_, Moment> {
        RunTimeline::from_refs(&all.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_number_far_beyond_the_others_is_damage() {
        let all = measured((1..20).chain([1_048_575]));
        assert_eq!(far_iteration(&all), Some(1_048_575));
        assert_eq!(timeline(&all).measured.len(), 19);
        // Iterations that were not looked at are none.
        assert_eq!(far_iteration(&measured([1, 5000, 12_000, 200_000])), None);
        assert_eq!(far_iteration(&measured(1..2000)), None);
    }

    #[test]
    fn memory_follows_the_snapshots_and_not_their_numbers() {
        let all = measured([1, 2, 4_000_000_000, 4_000_000_001]);
        let timeline = timeline(&all);
        assert!(timeline.measured.len() <= PLACES.0 + 1, "{}", timeline.measured.len());
        let last = timeline.iteration(timeline.measured.len() - 1);
        assert!(last.abs_diff(4_000_000_001) <= timeline.stride, "{last}");
    }
}
