//! Disagreements between the calls of clients and the events of the TEE.

use std::collections::{BTreeMap, HashMap, HashSet};

use teeleak_proto::{Uuid, command::TA_UUID};

use super::{call_matcher::CallMatcher, edges::edges, span::JoinKind};
use crate::{
    fingerprint::fingerprint,
    model::{
        Call, CallKind, Evidence, Figure, FigureKind, Finding, FindingKind, Severity, Subject,
        TeeResult, Unit,
    },
    text,
};

/// Examples that a finding shows.
const SHOWN: usize = 3;

/// One disagreement.
pub(super) struct Mismatch {
    what: MismatchKind,
    uuid: Option<Uuid>,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum MismatchKind {
    /// The client got a different result than the TEE returned.
    Result,
    /// The client got different values than the TEE returned.
    Values,
    /// The client's call succeeded, but the TEE recorded nothing.
    Unseen,
}

impl Mismatch {
    pub(super) fn is_unseen(&self) -> bool {
        self.what == MismatchKind::Unseen
    }
}

/// All disagreements.
pub(super) fn find(matcher: &CallMatcher<'_>) -> Vec<Mismatch> {
    let mut odd = values(matcher);
    let (results, used) = results(matcher);
    odd.extend(results);
    odd.extend(unrecorded_calls(matcher, &used));
    odd
}

/// Certain pairs with different values.
fn values(matcher: &CallMatcher<'_>) -> Vec<Mismatch> {
    let pairs = matcher.pairs.values().filter(|edge| !edge.same_values);
    pairs
        .map(|edge| {
            let (event, call) = (matcher.event(edge.event), matcher.call(edge.call));
            let (tee, ree) = (event.values, call.values());
            let text = format!(
                "{}: the client has {ree:x?}, the TEE had {tee:x?} (event {})",
                call_text(call),
                event.seq
            );
            Mismatch { what: MismatchKind::Values, uuid: event.uuid, text }
        })
        .collect()
}

/// Remaining events and calls that differ only in their result.
fn results(matcher: &CallMatcher<'_>) -> (Vec<Mismatch>, HashSet<usize>) {
    let remaining_edges = edges(matcher.sides, matcher.distance, |event, call| {
        event.uuid.zip(call.uuid).is_none_or(|(tee, ree)| tee == ree)
    });
    let remaining_edges: Vec<_> = remaining_edges
        .into_iter()
        .filter(|edge| {
            !matcher.parties.contains_key(&edge.event) && !matcher.used.contains(&edge.call)
        })
        .collect();
    let (mut of_event, mut of_call) = (HashMap::new(), HashMap::new());
    for edge in &remaining_edges {
        *of_event.entry(edge.event).or_insert(0u32) += 1;
        *of_call.entry(edge.call).or_insert(0u32) += 1;
    }
    let single = remaining_edges.iter().filter(|edge| {
        of_event[&edge.event] == 1 && of_call[&edge.call] == 1 && matcher.clients.lost == 0
    });
    let (mut odd, mut used) = (Vec::new(), HashSet::new());
    for edge in single {
        let (event, call) = (matcher.event(edge.event), matcher.call(edge.call));
        let tee = event.code().unwrap_or(0);
        let (description, ree) = (call_text(call), call.result);
        let text = format!(
            "{description}: the client got {}, the TEE returned {} (event {})",
            TeeResult(ree),
            TeeResult(tee),
            event.seq
        );
        used.insert(edge.call);
        odd.push(Mismatch { what: MismatchKind::Result, uuid: event.uuid, text });
    }
    (odd, used)
}

/// Successful calls without an event, within the time that the events cover without a gap.
fn unrecorded_calls(matcher: &CallMatcher<'_>, used: &HashSet<usize>) -> Vec<Mismatch> {
    if matcher.events_lost {
        return Vec::new();
    }
    let spans = &matcher.sides.event_spans;
    let (Some(first), Some(last)) = (spans.first(), spans.iter().map(|span| span.end).max()) else {
        return Vec::new();
    };
    let covered = first.begin + matcher.distance..=last + matcher.distance;
    let mut odd = Vec::new();
    for (n, span) in matcher.sides.call_spans.iter().enumerate() {
        let call = matcher.call(n);
        let is_matched = matcher.used.contains(&n) || used.contains(&n);
        let is_sent = call.result == 0 && span.act.kind != JoinKind::Refused;
        let is_covered = covered.contains(&span.begin) && covered.contains(&span.end);
        // The TEE core does not record sessions to our own TA, and a call whose TA is not known
        // may be to one.
        let of_others = call.uuid.is_some_and(|uuid| uuid != TA_UUID);
        if !is_matched && is_sent && is_covered && of_others {
            let text = format!("{}: the TEE recorded nothing", call_text(call));
            odd.push(Mismatch { what: MismatchKind::Unseen, uuid: call.uuid, text });
        }
    }
    odd
}

fn call_text(call: &Call) -> String {
    let session = call.session.map_or_else(String::new, |session| format!(" session {session}"));
    let cmd = match call.kind {
        CallKind::InvokeCommand => format!(" command {}", call.cmd),
        _ => String::new(),
    };
    let (begin, place) = (call.monotonic.0 as f64 / 1e9, text::place(&call.place));
    let position = format!("at {begin:.6} s ({place})");
    format!("{:?}{session}{cmd} by {} {position}", call.kind, call.by)
}

/// One finding per kind of disagreement and TA.
pub(super) fn findings(odd: &[Mismatch]) -> Vec<Finding> {
    let mut groups: BTreeMap<(MismatchKind, Option<Uuid>), Vec<&Mismatch>> = BTreeMap::new();
    for one in odd {
        groups.entry((one.what, one.uuid)).or_default().push(one);
    }
    groups.into_iter().map(|((what, uuid), group)| finding(what, uuid, &group)).collect()
}

fn finding(what: MismatchKind, uuid: Option<Uuid>, group: &[&Mismatch]) -> Finding {
    let subject = Subject::Ta(uuid.unwrap_or_default());
    let (name, words, next_step) = words(what);
    let evidence =
        group.iter().take(SHOWN).map(|odd| Evidence::Text(odd.text.as_str().into())).collect();
    let count = group.len();
    Finding {
        kind: FindingKind::Disagreement,
        severity: Severity::Possible,
        verdict: None,
        fingerprint: fingerprint(FindingKind::Disagreement, &subject, &[name]),
        subject,
        title: format!("{words}, {}", text::times(count as u64)).into(),
        headline: None,
        figures: vec![Figure::new(FigureKind::Count, count as f64, Unit::Calls)],
        evidence,
        cause: None,
        blame: None,
        next_step: next_step.into(),
    }
}

fn words(what: MismatchKind) -> (&'static str, &'static str, &'static str) {
    match what {
        MismatchKind::Result => (
            "result",
            "a client got a different result than the TEE returned",
            "check what lies between them: libteec, the tee driver, a hypervisor",
        ),
        MismatchKind::Values => (
            "values",
            "a client got different values than the TEE returned",
            "look for a thread that shares the operation, then at libteec and the tee driver",
        ),
        MismatchKind::Unseen => (
            "unseen",
            "a client's call succeeded, but the TEE did not record it",
            "look for another libteec or another TEE in the process",
        ),
    }
}
