//! Which action of a class acquires its handle, and which one releases it.

use std::collections::BTreeSet;

use super::{classes::Class, trace::Trace};
use crate::model::EventKind;

/// What happened with one pair of actions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    /// Handles that were acquired.
    pub(super) acquired: u64,
    /// Of them, released.
    pub(super) released: u64,
    /// Of them, not released, but a release was tried and failed.
    pub(super) failed: u64,
    /// Releases of what was not acquired.
    pub(super) unknown: u64,
    /// Other actions that carried the handle while it was held.
    pub(super) inside: u64,
    /// Other actions that carried it while it was not.
    pub(super) outside: u64,
}

impl Tally {
    /// Handles whose life ended as the pair says, or would have, of all that were seen; in percent.
    pub(super) fn support(&self) -> u64 {
        let seen = self.acquired.saturating_add(self.unknown).max(1);
        (self.released + self.failed) * 100 / seen
    }

    /// The order of pairs, the best last.
    fn rank(&self) -> (u64, u64) {
        let others = self.inside.saturating_add(self.outside);
        let enclosed = (self.inside * 100).checked_div(others).unwrap_or(100);
        let released = self.released * 100 / self.acquired.saturating_add(self.unknown).max(1);
        (enclosed * (released + self.support()), self.released)
    }
}

/// Least share of the handles and of the other actions that are as the pair says, in percent.
const LEAST: u64 = 50;

/// Fewest handles.
const HANDLES: u64 = 3;

/// The pair of actions that is first and last for the handles of a class.
pub(super) fn best_pair(trace: &Trace, class: &Class) -> Option<((usize, usize), Tally)> {
    let actions = class.keys();
    let pairs = actions.clone().flat_map(|first| actions.clone().map(move |last| (*first, *last)));
    let tallies = pairs.filter(|(first, last)| first != last);
    let tallies = tallies.map(|pair| (pair, tally(trace, class, pair)));
    let is_good = |one: &((usize, usize), Tally)| {
        let (pair, tally) = one;
        let is_enclosing = tally.inside >= tally.outside;
        (tally.support() >= LEAST || is_of_regions(trace, *pair))
            && tally.acquired >= HANDLES
            && is_enclosing
    };
    tallies.filter(is_good).max_by_key(|(_, tally)| tally.rank())
}

/// Whether the calls of these actions map regions and unmap them.
pub(super) fn is_of_regions(trace: &Trace, (first, last): (usize, usize)) -> bool {
    let maps = |action: usize| trace.actions.get(action).and_then(|action| action.maps.as_ref());
    maps(first) == Some(&EventKind::Map) && maps(last) == Some(&EventKind::Unmap)
}

/// Follows each handle through its life. What fails changes nothing.
pub(super) fn tally(trace: &Trace, class: &Class, (first, last): (usize, usize)) -> Tally {
    let (mut tally, mut held) = (Tally::default(), BTreeSet::new());
    let mut tried = BTreeSet::new();
    for record in &trace.records {
        let place = class.get(&record.action).copied();
        let value = place.and_then(|place| record.values.get(place)).copied().unwrap_or(0);
        if value == 0 {
            continue;
        }
        if record.failed {
            if record.action == last && held.contains(&value) && tried.insert(value) {
                tally.failed += 1;
            }
        } else if record.action == first {
            tally.acquired += 1;
            held.insert(value);
            tried.remove(&value);
        } else if record.action == last {
            let was_held = held.remove(&value);
            tally.released += u64::from(was_held);
            tally.unknown += u64::from(!was_held);
            tally.failed -= u64::from(tried.remove(&value) && was_held);
        } else if held.contains(&value) {
            tally.inside += 1;
        } else {
            tally.outside += 1;
        }
    }
    tally
}
