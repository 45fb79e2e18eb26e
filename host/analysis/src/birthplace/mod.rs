//! In which calls the objects that stay were made: without a protocol, from events and client calls.
//!
//! ```text
//! snapshots ── what stays ── the event that made it ── the call it belongs to ── who makes that call
//! ```
//!
//! A region and a session have an event each. Allocations have none: of them only the iteration is known,
//! and so the calls that it had. One call is certain, several are listed. Nothing is guessed: what was
//! made before events were lost is made in calls that are not recorded.

mod call_tree;
mod iterations;
mod survivors;
mod words;

pub(crate) use call_tree::CallTree;
use call_tree::merge;
use iterations::CallsByIteration;
use survivors::MakingEvents;
pub use words::sentence;

use crate::{
    blame,
    model::{Birthplace, Evidence, Finding, FindingKind, Observation, Severity, Subject},
    protocol::Tie,
};

/// Most findings that are looked at; more than that nobody reads.
const MOST: usize = 256;

/// Adds to each finding with survivors in which calls they were made.
pub(crate) fn locate(findings: &mut [Finding], ties: &[Tie], observation: &Observation) {
    if observation.events.is_empty() || !findings.iter().any(has_survivors) {
        return;
    }
    let tree = CallTree::new(observation);
    let making = MakingEvents::new(&tree);
    for finding in findings.iter_mut().filter(|finding| has_survivors(finding)).take(MOST) {
        let places = places(finding, ties, (&tree, &making), observation);
        if places.iter().any(|place| !place.calls.is_empty()) {
            finding.evidence.push(Evidence::Birthplaces(places));
        }
    }
}

fn has_survivors(finding: &Finding) -> bool {
    finding.severity > Severity::Note
        && finding.evidence.iter().any(|one| matches!(one, Evidence::Survivors(_)))
}

fn places(
    finding: &Finding,
    ties: &[Tie],
    (tree, making): (&CallTree<'_>, &MakingEvents),
    observation: &Observation,
) -> Vec<Birthplace> {
    match (finding.kind, &finding.subject) {
        (FindingKind::RegionGrowth, Subject::Ta(ta)) => {
            of_events(&making.regions(observation, *ta), tree)
        }
        (FindingKind::SessionGrowth, Subject::Ta(ta)) => {
            of_events(&making.sessions(observation, *ta), tree)
        }
        (_, Subject::Site { owner: Some(owner), .. }) => {
            let births = blame::births(finding).unwrap_or_default();
            CallsByIteration::new(tree, *owner).places(&births)
        }
        _ => of_tie(finding, ties, tree),
    }
}

/// What a protocol's acquires made: they are known already.
fn of_tie(finding: &Finding, ties: &[Tie], tree: &CallTree<'_>) -> Vec<Birthplace> {
    let tie = ties.iter().find(|tie| tie.fingerprint == finding.fingerprint);
    let Some(tie) = tie else { return Vec::new() };
    let mut events: Vec<_> = tie.acquires.iter().map(|at| Some(*at)).collect();
    // Of very many, the engine keeps the first ones.
    events.resize(usize::try_from(tie.held).unwrap_or(events.len()).max(events.len()), None);
    of_events(&events, tree)
}

/// Birthplaces by the event that made each object.
fn of_events(events: &[Option<usize>], tree: &CallTree<'_>) -> Vec<Birthplace> {
    let total = events.len() as u64;
    let certain = events.iter().flatten().filter(|at| tree.is_last_word(**at));
    let calls = merge(certain.filter_map(|at| tree.birth_call(*at)));
    let n_known: u64 = calls.iter().map(|(_, count)| count).sum();
    let place = |(call, count)| Birthplace { calls: vec![call], count, total };
    let unknown = Birthplace { calls: Vec::new(), count: total - n_known, total };
    let unknown = Some(unknown).filter(|unknown| unknown.count > 0);
    let mut places: Vec<_> = calls.into_iter().map(place).chain(unknown).collect();
    places.sort_by_key(|place| std::cmp::Reverse(place.count));
    places
}
