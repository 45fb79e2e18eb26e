//! Where allocations were made that no event shows: in the calls of the iterations that left them behind.

use std::collections::{BTreeSet, HashMap};

use teeleak_proto::Uuid;

use super::call_tree::{CallTree, is_call, merge};
use crate::{
    blame::Birth,
    model::{BirthCall, Birthplace, Event},
};

/// The calls of one TA by iteration.
pub(super) struct CallsByIteration<'t> {
    tree: &'t CallTree<'t>,
    calls: HashMap<u32, Vec<usize>>,
    /// Iterations in which events were lost.
    lossy: Vec<u32>,
}

impl<'t> CallsByIteration<'t> {
    pub(super) fn new(tree: &'t CallTree<'t>, ta: Uuid) -> Self {
        let mut calls: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut lossy = Vec::new();
        for (at, event) in tree.events().iter().enumerate() {
            let Some(iteration) = event.iteration else { continue };
            if event.lost_before > 0 {
                lossy.push(iteration);
            }
            if is_served_by(event, ta) {
                calls.entry(iteration).or_default().push(at);
            }
        }
        Self { tree, calls, lossy }
    }

    /// What these births left behind, by the kinds of calls that their iterations had.
    pub(super) fn places(&self, births: &[Birth]) -> Vec<Birthplace> {
        let total = births.iter().map(|birth| birth.count).sum();
        let mut places: Vec<Birthplace> = Vec::new();
        for birth in births.iter().filter(|birth| birth.count > 0) {
            let place = Birthplace { calls: self.calls(birth), count: birth.count, total };
            match places.iter_mut().find(|known| is_alike(known, &place)) {
                Some(known) => add(known, place),
                None => places.push(place),
            }
        }
        places.sort_by_key(|place| std::cmp::Reverse(place.count));
        places
    }

    /// The kinds of calls; none if some may be missing.
    fn calls(&self, birth: &Birth) -> Vec<BirthCall> {
        let is_within = |iteration: &u32| birth.iterations().contains(iteration);
        if self.lossy.iter().any(is_within) {
            return Vec::new();
        }
        let iterations = birth.iterations().filter_map(|iteration| self.calls.get(&iteration));
        let mut calls: Vec<_> =
            merge(iterations.flatten().filter_map(|at| self.tree.call(*at))).into_iter().collect();
        calls.sort();
        without_bystanders(calls.into_iter().map(|(call, _)| call).collect())
    }
}

/// The calls; of several processes that made some, none is named: all but one have nothing to do with it.
fn without_bystanders(mut calls: Vec<BirthCall>) -> Vec<BirthCall> {
    let pids: BTreeSet<_> = calls.iter().flat_map(|call| &call.pids).collect();
    let programs: BTreeSet<_> = calls.iter().map(|call| &call.program).collect();
    if pids.len() < 2 && programs.len() < 2 {
        return calls;
    }
    for call in &mut calls {
        (call.program, call.pids) = (None, BTreeSet::new());
    }
    calls.sort();
    calls.dedup();
    calls
}

fn is_served_by(event: &Event, ta: Uuid) -> bool {
    is_call(event) && event.uuid == Some(ta)
}

fn is_alike(one: &Birthplace, other: &Birthplace) -> bool {
    let kind = |call: &BirthCall| (call.kind.clone(), call.uuid, call.cmd, call.opener);
    let program = |call: &BirthCall| call.program.clone();
    one.calls.iter().map(kind).eq(other.calls.iter().map(kind))
        && one.calls.iter().map(program).eq(other.calls.iter().map(program))
}

fn add(known: &mut Birthplace, place: Birthplace) {
    known.count = known.count.saturating_add(place.count);
    for (call, same) in known.calls.iter_mut().zip(place.calls) {
        call.pids.extend(same.pids);
    }
}
