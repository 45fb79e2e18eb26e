//! Sessions that stay open, and what they are made of.

use std::collections::BTreeSet;

use super::Clue;
use crate::{
    blame::{case::Case, site_kinds::SiteHolder},
    model::{Certainty, Completeness, Event, EventKind, FindingKind, Session, Side},
    text,
};

/// Whoever opened a session closes it; the kernel does so for a process that ends.
pub(super) fn sessions_stay_open(case: &Case<'_>) -> Option<Clue> {
    if case.finding.kind != FindingKind::SessionGrowth {
        return None;
    }
    let sessions = lasting_sessions(case);
    let n = text::count(sessions.len() as u64, "session");
    let openers: BTreeSet<_> = sessions.iter().map(|session| session.opener).collect();
    if !sessions.is_empty() && sessions.iter().all(|session| is_closed(session, case)) {
        let evidence = format!("{n} stay open although each was closed with success");
        return Some(Clue::new(&[Side::Core], Certainty::Likely, evidence));
    }
    if !sessions.is_empty() && sessions.iter().all(|session| was_refused(session, case)) {
        let evidence =
            format!("{n} stay open although their opening failed: the client has none to close");
        return Some(Clue::new(&[Side::Core], Certainty::Certain, evidence));
    }
    if openers.iter().eq(&[0]) {
        return Some(of_normal_world(&sessions, &n, case));
    }
    of_tas(&openers, &n, case)
}

/// Sessions of the finding's TA that are open at the end and were not before the first iteration.
fn lasting_sessions(case: &Case<'_>) -> Vec<Session> {
    let old = case.facts.base().and_then(|sample| sample.sessions.value());
    let is_new = |session: &&Session| !old.is_some_and(|old| old.contains(session));
    let open = case.facts.last().and_then(|sample| sample.sessions.value());
    let of_ta = open.into_iter().flatten().filter(|session| Some(session.uuid) == case.ta());
    of_ta.filter(is_new).copied().collect()
}

/// The events that opened or closed a session of this id, or failed to; ids are used again.
fn events_of<'a>(session: &Session, case: &Case<'a>) -> impl DoubleEndedIterator<Item = &'a Event> {
    let Session { id, opener, uuid, .. } = *session;
    let is_of = move |event: &&Event| {
        matches!(event.kind, EventKind::Open | EventKind::Close)
            && (event.session, event.opener, event.uuid) == (Some(id), opener, Some(uuid))
    };
    case.facts.observation.events.iter().filter(is_of)
}

/// Whether the last opening of a session of this id failed.
fn was_refused(session: &Session, case: &Case<'_>) -> bool {
    let mut opens = events_of(session, case).filter(|event| event.kind == EventKind::Open);
    opens.next_back().is_some_and(Event::has_failed)
}

fn is_closed(session: &Session, case: &Case<'_>) -> bool {
    let mut events = events_of(session, case).filter(|event| event.code() == Some(0));
    events.next_back().is_some_and(|event| event.kind == EventKind::Close)
}

fn of_normal_world(sessions: &[Session], n: &str, case: &Case<'_>) -> Clue {
    let opens = sessions.iter().flat_map(|session| events_of(session, case));
    let opens = opens.filter(|event| event.code() == Some(0));
    let pids: BTreeSet<_> =
        opens.filter_map(|event| event.by.as_ref()).map(|caller| caller.pid).collect();
    let processes = &case.facts.observation.clients.processes;
    let has_ended = |pid: &u32| processes.iter().any(|one| one.pid == *pid && one.ended);
    if !pids.is_empty() && pids.iter().all(has_ended) {
        let evidence = format!(
            "{n} stay open although the processes that opened them have ended: the kernel closes the \
             sessions of such a process"
        );
        return Clue::new(&[Side::Kernel], Certainty::Likely, evidence);
    }
    let evidence = format!("{n} of the normal world stay open, and no close came for them");
    Clue::new(&[Side::Client], Certainty::Likely, evidence)
}

fn of_tas(openers: &BTreeSet<u32>, n: &str, case: &Case<'_>) -> Option<Clue> {
    if openers.is_empty() || openers.contains(&0) {
        return None;
    }
    if let Some(Completeness::Complete(alive)) = case.facts.last().map(|last| &last.instances)
        && !openers.iter().any(|opener| alive.iter().any(|instance| instance.id == *opener))
    {
        let evidence =
            format!("{n} stay open although the TA instances that opened them have ended");
        return Some(Clue::new(&[Side::Core], Certainty::Certain, evidence));
    }
    let uuids: Option<BTreeSet<_>> =
        openers.iter().map(|opener| case.facts.instances.get(opener).copied()).collect();
    let uuids = uuids.filter(|uuids| uuids.len() == 1)?;
    let ta = uuids.first()?;
    let evidence = format!("{n} that TA {ta} opened stay open, and no close came for them");
    Some(Clue::new(&[Side::Ta(Some(*ta))], Certainty::Likely, evidence))
}

/// Memory of sessions stays, although the sessions do not.
pub(super) fn no_session_is_open(case: &Case<'_>) -> Option<Clue> {
    case.kind_held_by(SiteHolder::Session)?;
    let is_known = matches!(case.facts.last()?.sessions, Completeness::Complete(_));
    if !is_known || case.facts.grows_for_any(FindingKind::SessionGrowth) {
        return None;
    }
    let evidence = "memory of sessions stays, but the list of open sessions does not grow";
    Some(Clue::new(&[Side::Core], Certainty::Likely, evidence))
}
