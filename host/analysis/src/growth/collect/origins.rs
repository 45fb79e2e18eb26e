//! The series of one site, by who wanted the allocations.
//!
//! What was allocated before the first epoch has no call stack, and an object may be replaced by one
//! from elsewhere. So a site falls apart only where no part lost what another one may have gained,
//! and only if that shows leaks at least as clearly as the whole.

use crate::{
    growth::{
        Series,
        collect::{Column, RunTimeline},
        wanted::Wanter,
    },
    model::{CallStack, Verdict},
};

/// The allocations of a site that one function, or one call stack, wanted.
pub(super) struct SitePart {
    pub(super) wanter: Wanter,
    /// One of its call stacks.
    pub(super) stack: Option<CallStack>,
    pub(super) column: Column,
    /// Objects, less the growth of idle iterations.
    pub(super) objects: Series,
    /// Objects per idle iteration.
    pub(super) idle: f64,
}

impl SitePart {
    fn is_constant(&self) -> bool {
        let mut values = self.objects.points().map(|(_, value)| value);
        let first = values.next();
        values.all(|value| Some(value) == first)
    }
}

/// The parts of a site that are judged alone: several, or one that is the whole site.
pub(super) fn settle(parts: Vec<SitePart>, timeline: &RunTimeline<'_>) -> Vec<SitePart> {
    if parts.len() < 2 {
        return parts;
    }
    let whole = whole(&parts, timeline);
    if falls_apart(&parts, &whole, timeline) { parts } else { vec![whole] }
}

fn falls_apart(parts: &[SitePart], whole: &SitePart, timeline: &RunTimeline<'_>) -> bool {
    let moving: Vec<_> = parts.iter().filter(|part| !part.is_constant()).collect();
    if moving.len() < 2 || moving.iter().any(|part| part.objects.gain() < 0.0) {
        return false;
    }
    let is_leak = |part: &SitePart| timeline.judge(&part.objects).verdict == Verdict::Leak;
    let n_leaks = moving.iter().filter(|part| is_leak(part)).count();
    n_leaks == moving.len() || (n_leaks > 0 && !is_leak(whole))
}

/// All parts together, named after the one that gained most.
fn whole(parts: &[SitePart], timeline: &RunTimeline<'_>) -> SitePart {
    let gain = |part: &&SitePart| part.objects.gain();
    let most = parts.iter().max_by(|a, b| gain(a).total_cmp(&gain(b)));
    let mut columns = parts.iter().map(|part| &part.column);
    let mut column = columns.next().cloned().unwrap_or_else(|| Column::new(std::iter::empty()));
    columns.for_each(|other| column.absorb(other));
    let idle = parts.iter().map(|part| part.idle).sum();
    let mut objects = column.objects(0, timeline.births().is_some());
    objects.subtract(idle);
    let wanter = most.map_or(Wanter::Unknown, |part| part.wanter.clone());
    SitePart { wanter, stack: most.and_then(|part| part.stack.clone()), column, objects, idle }
}
