//! Joins calls and events.

use super::{
    call_matcher::CallMatcher,
    clock,
    disagreement::{self, Mismatch},
    edges::{Edge, Sides},
};
use crate::model::{Caller, Clients, Event, JoinReport};

/// Sets the party of every event whose party is certain, and finds disagreements.
pub fn join(events: &mut [Event], clients: &Clients) -> JoinReport {
    let sides = Sides::new(events, &clients.calls);
    let Some(distance) = clock::distance(&sides) else {
        let unclaimed = if clients.calls.is_empty() { 0 } else { sides.event_spans.len() as u64 };
        return JoinReport { unclaimed, ..JoinReport::default() };
    };
    let mut matcher = CallMatcher::new(&sides, clients, distance);
    matcher.match_certain();
    matcher.match_processes();
    matcher.match_kernel();
    let (joined, parties) = conclude(matcher);
    for (at, party) in parties {
        events[at].by = Some(party.into());
    }
    joined
}

/// Which event belongs to which call, and whose it is, with the disagreements.
fn conclude(mut matcher: CallMatcher<'_>) -> (JoinReport, Vec<(usize, Caller)>) {
    let odd: Vec<Mismatch> = disagreement::find(&matcher);
    let total = matcher.sides.event_spans.len() as u64;
    matcher.joined.unclaimed = total - matcher.parties.len() as u64;
    matcher.joined.unseen = odd.iter().filter(|odd| odd.is_unseen()).count() as u64;
    matcher.joined.findings = disagreement::findings(&odd);
    let place = |n: &usize| matcher.sides.event_spans[*n].at;
    let call = |edge: &Edge| matcher.sides.call_spans[edge.call].at;
    let mut pairs: Vec<_> =
        matcher.pairs.iter().map(|(event, edge)| (place(event), call(edge))).collect();
    pairs.sort_unstable();
    matcher.joined.pairs = pairs;
    let parties = matcher.parties.iter().map(|(n, party)| (place(n), party.clone())).collect();
    (matcher.joined, parties)
}
