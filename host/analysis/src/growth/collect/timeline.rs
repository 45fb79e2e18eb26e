//! Which sample stands for which iteration.

use crate::model::{Moment, Sample, Stage};

/// The samples of a run, by iteration.
pub(crate) struct Timeline<'a> {
    /// The sample before the first measured iteration, then one after each; `None` where there is
    /// none.
    pub(crate) measured: Vec<Option<&'a Sample>>,
    /// The sample before the first idle iteration, then one after each.
    pub(crate) idle: Vec<&'a Sample>,
    /// Number of the iteration that `measured[0]` was taken after.
    pub(crate) first: u32,
    /// Whether the samples are those of a run; otherwise each stands for an iteration of its own.
    pub(crate) run: bool,
}

impl<'a> Timeline<'a> {
    pub(crate) fn new(samples: &'a [Sample]) -> Self {
        let stage = |stage| move |sample: &Sample| sample.moment.stage == stage;
        let Some(begin) = samples.iter().position(stage(Stage::Measured)) else {
            let measured = samples.iter().map(Some).collect();
            return Self { measured, idle: Vec::new(), first: 0, run: false };
        };
        let mut measured = vec![begin.checked_sub(1).and_then(|before| samples.get(before))];
        let mut first = 0;
        if measured[0].is_none() {
            first = samples[begin].moment.iteration;
            measured.clear();
        }
        for sample in samples[begin..].iter().filter(|sample| stage(Stage::Measured)(sample)) {
            place(&mut measured, sample, first);
        }
        Self { measured, idle: idle(&samples[..begin]), first, run: true }
    }

    /// Iteration in which an object of `epoch` was born, as an index of `measured`: 0 for all that
    /// is older. `None` where epochs are not kept or were started over in between.
    pub(super) fn births(&self) -> Option<Births> {
        let at = |(at, sample): (usize, &Option<&Sample>)| Some((sample.as_ref()?.epoch?, at));
        let starts: Vec<_> = self.measured.iter().enumerate().filter_map(at).collect();
        let grows = starts.windows(2).all(|pair| pair[0].0 < pair[1].0);
        (grows && starts.len() > 1).then_some(Births { starts })
    }
}

/// Puts a sample where its iteration belongs; the last one of an iteration stands.
fn place<'a>(measured: &mut Vec<Option<&'a Sample>>, sample: &'a Sample, first: u32) {
    /// No run has more; a damaged number must not make room for billions.
    const MOST: usize = 1 << 20;
    let Some(at) = sample.moment.iteration.checked_sub(first) else { return };
    let at = at as usize;
    if at >= MOST {
        return;
    }
    if at >= measured.len() {
        measured.resize(at + 1, None);
    }
    measured[at] = Some(sample);
}

/// The idle samples and the one before them.
fn idle(samples: &[Sample]) -> Vec<&Sample> {
    let idle = |sample: &&Sample| matches!(sample.moment, Moment { stage: Stage::Idle, .. });
    let Some(begin) = samples.iter().position(|sample| idle(&sample)) else { return Vec::new() };
    let before = begin.checked_sub(1).and_then(|before| samples.get(before));
    before.into_iter().chain(samples[begin..].iter().filter(idle)).collect()
}

/// Which epoch began after which sample.
pub(super) struct Births {
    starts: Vec<(u32, usize)>,
}

impl Births {
    /// Index of the iteration that `epoch` belongs to.
    pub(super) fn of(&self, epoch: u32) -> usize {
        let after = self.starts.partition_point(|(start, _)| *start <= epoch);
        after.checked_sub(1).map_or(0, |at| self.starts[at].1 + 1)
    }
}
