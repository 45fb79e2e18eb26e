//! Resources with their parents, best supported first.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{
    classes::{Class, classes},
    pairs::{best_pair, is_of_regions, tally},
    trace::Trace,
};

/// Share of a child's steps that carry the key of its parent, in percent.
const CARRY: usize = 95;

/// How well a proposal is supported, and what contradicts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Support {
    /// Resources that were acquired.
    pub acquired: u64,
    /// Of them, released.
    pub released: u64,
    /// Of them, those whose release failed.
    pub failed: u64,
    /// Releases of what was not acquired, such as before the recording.
    pub unknown: u64,
    /// Resources whose release, or the attempt, came in the order that is proposed; in percent.
    pub percent: u64,
    /// Releases, or attempts, that came after the parent was released.
    pub late: u64,
}

/// A resource, and the actions that acquire and release it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// The action that acquires it, as an index, and the place of its key.
    pub acquire: (usize, usize),
    /// The action that releases it, and the place of its key.
    pub release: (usize, usize),
    /// The proposal of the parent, with the places of its key in both actions.
    pub parent: Option<(usize, (usize, usize))>,
    /// Its support.
    pub support: Support,
}

/// A proposal with its class.
struct Candidate {
    class: Class,
    pair: (usize, usize),
    support: Support,
}

/// The proposals of a trace, parents first.
pub(super) fn proposals(trace: &Trace) -> Vec<Proposal> {
    let mut candidates: Vec<_> =
        classes(trace).into_iter().filter_map(|class| candidate(trace, class)).collect();
    // Classes of many actions are those of parents.
    let rank = |one: &Candidate| (Reverse(one.class.len()), Reverse(one.support.percent));
    candidates.sort_by_key(rank);
    keep_one_each(trace, &mut candidates);
    let mut proposals: Vec<Proposal> = Vec::new();
    for (at, one) in candidates.iter().enumerate() {
        let parent = { candidates[..at].iter().enumerate() }
            .filter(|(_, parent)| is_parent(trace, parent, one))
            .min_by_key(|(_, parent)| parent.class.len());
        let place = |class: &Class, action| class.get(&action).copied().unwrap_or(0);
        let (first, last) = one.pair;
        let keys = |class: &Class| (place(class, first), place(class, last));
        let late = parent.map_or(0, |(_, parent)| late(trace, parent, one));
        proposals.push(Proposal {
            acquire: (first, place(&one.class, first)),
            release: (last, place(&one.class, last)),
            parent: parent.map(|(at, parent)| (at, keys(&parent.class))),
            support: Support { late, ..one.support },
        });
    }
    proposals
}

fn candidate(trace: &Trace, class: Class) -> Option<Candidate> {
    let (pair, tally) = best_pair(trace, &class)?;
    let support = Support {
        acquired: tally.acquired,
        released: tally.released,
        failed: tally.failed,
        unknown: tally.unknown,
        percent: tally.support(),
        late: 0,
    };
    Some(Candidate { class, pair, support })
}

/// An action acquires or releases one resource: that with the best support.
fn keep_one_each(trace: &Trace, candidates: &mut Vec<Candidate>) {
    let mut order: Vec<_> = (0..candidates.len()).collect();
    // What really maps and unmaps regions needs no better evidence.
    let rank =
        |at: &usize| (is_of_regions(trace, candidates[*at].pair), candidates[*at].support.percent);
    order.sort_by_key(|at| Reverse(rank(at)));
    let mut taken = BTreeSet::new();
    let mut kept = BTreeSet::new();
    for at in order {
        let (first, last) = candidates[at].pair;
        if !taken.contains(&first) && !taken.contains(&last) {
            taken.extend([first, last]);
            kept.insert(at);
        }
    }
    let mut at = 0;
    candidates.retain(|_| {
        at += 1;
        kept.contains(&(at - 1))
    });
}

/// Whether both actions of a resource carry the key of another one, which is held when it is acquired.
fn is_parent(trace: &Trace, parent: &Candidate, child: &Candidate) -> bool {
    let (first, last) = child.pair;
    let carries = |action| carries(trace, &parent.class, action);
    let outer = tally(trace, &only(&parent.class, parent.pair, first), parent.pair);
    let is_within = outer.inside > 0 && outer.inside * 100 >= (outer.inside + outer.outside) * 95;
    carries(first) && carries(last) && is_within
}

fn carries(trace: &Trace, class: &Class, action: usize) -> bool {
    let Some(place) = class.get(&action) else { return false };
    let records = trace.records.iter().filter(|record| record.action == action);
    let has_key = records.clone().filter(|record| record.values.get(*place) != Some(&0));
    has_key.count() * 100 >= records.count() * CARRY
}

/// The class with its pair and one other action alone.
fn only(class: &Class, (first, last): (usize, usize), other: usize) -> Class {
    let kept = [first, last, other];
    class.iter().filter(|(action, _)| kept.contains(action)).map(|(a, p)| (*a, *p)).collect()
}

/// Releases of a child, or attempts, while its parent was not held.
fn late(trace: &Trace, parent: &Candidate, child: &Candidate) -> u64 {
    let class = only(&parent.class, parent.pair, child.pair.1);
    let records = trace.records.iter().map(|record| {
        let failed = record.failed && record.action != child.pair.1;
        super::trace::Record { failed, ..record.clone() }
    });
    let tried = Trace { records: records.collect(), ..Trace::default() };
    tally(&tried, &class, parent.pair).outside
}
