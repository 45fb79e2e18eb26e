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
        for one in &all[begin..] {
            if let Some(iteration) = iteration_in(*one, Stage::Measured) {
                place(&mut measured_samples, *one, iteration, first);
            }
        }
        let idle = idle(&all[..begin]);
        Self { measured: measured_samples, idle, first, stride: 1, run: true }
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

/// Stores a snapshot under its iteration; the last one of an iteration wins.
fn place<'a, T>(measured: &mut Vec<Option<&'a T>>, one: &'a T, iteration: u32, first: u32) {
    /// Upper limit, so that a damaged number does not allocate billions of entries.
    const MOST: usize = 1 << 20;
    let Some(at) = iteration.checked_sub(first) else { return };
    let index = at as usize;
    if index >= MOST {
        return;
    }
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
