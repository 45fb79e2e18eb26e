//! The kinds of calls whose numbers explain what stays.

use std::cmp::Reverse;

use super::{
    births::Birth,
    call_counts::{CallCounts, CallKey, in_births},
    fit::{CallFit, fit},
};
use crate::model::{BlamedCall, CallOutcome, EventKind};

/// A kind of call that explains what stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Suspect {
    pub(super) key: CallKey,
    pub(super) outcome: CallOutcome,
    pub(super) fit: CallFit,
}

impl Suspect {
    /// Whether only calls that fail leave something behind.
    pub(super) fn fails(&self) -> bool {
        matches!(self.outcome, CallOutcome::Result(result) if result != 0)
    }

    /// Its weight as evidence, higher for more: numbers that change together are proof; where none change,
    /// error paths are run least and checked least.
    fn rank(&self) -> (bool, bool, bool) {
        (self.fit.varies, self.fit.every == 1, self.fails())
    }

    pub(super) fn call(&self, pta: bool) -> BlamedCall {
        let CallKey { kind, uuid, cmd, .. } = self.key.clone();
        BlamedCall { kind, uuid, pta, cmd, outcome: self.outcome, every: self.fit.every }
    }
}

/// The suspects among the calls that `is_possible` allows, best first.
pub(super) fn suspects(
    counts: &CallCounts,
    births: &[Birth],
    is_possible: impl Fn(&CallKey) -> bool,
) -> Vec<Suspect> {
    let objects: Vec<_> = births.iter().map(|birth| birth.count).collect();
    let mut suspects: Vec<_> = { counts.calls.iter() }
        .filter(|(key, _)| is_possible(key))
        .flat_map(|(key, results)| {
            let all = (results.len() > 1).then_some(CallOutcome::Any);
            let outcomes = results.keys().map(|result| CallOutcome::Result(*result)).chain(all);
            let objects = &objects;
            outcomes.filter_map(move |outcome| {
                let is_counted = move |(result, _): &(&u32, _)| match outcome {
                    CallOutcome::Any => true,
                    CallOutcome::Result(only) => **result == only,
                };
                let counts = results.iter().filter(is_counted).map(|(_, counts)| counts);
                let fit = fit(objects, &in_births(births, &counts.collect::<Vec<_>>()))?;
                Some(Suspect { key: key.clone(), outcome, fit })
            })
        })
        .collect();
    // Of those that fit equally, commands come first: they are where most of the work is done.
    let is_other = |suspect: &Suspect| suspect.key.kind != EventKind::Invoke;
    suspects.sort_by_key(|suspect| (Reverse(suspect.rank()), is_other(suspect)));
    suspects
}

/// Those of the best rank.
pub(super) fn best(suspects: &[Suspect]) -> &[Suspect] {
    let rank = suspects.first().map(Suspect::rank);
    let n = suspects.iter().take_while(|suspect| Some(suspect.rank()) == rank).count();
    suspects.get(..n).unwrap_or_default()
}
