//! Turns calls into events, for protocols.

use std::sync::Arc;

use crate::model::{
    Call, CallKind, ClientSource, Clock, Event, EventKind, Gap, Keys, Observation, Origin, Reason,
    StepResult, Time,
};

use super::join;

/// Joins the calls of clients with the events of the TEE, once. Descriptor operations, which only
/// calls show, become events; without events of the TEE, all calls of an strace log do.
pub fn settle(observation: &mut Observation) {
    let Observation { events, clients, gaps, .. } = observation;
    let has_strace = clients.sources.contains(&ClientSource::Strace);
    let no_clients = clients.processes.is_empty() && !has_strace;
    if no_clients || std::mem::replace(&mut clients.have_events, true) {
        return;
    }
    clients.calls.sort_by_key(|call| call.monotonic);
    if has_strace && !events.iter().any(|event| event.origin == Origin::Tee) {
        events.extend(steps(&clients.calls));
        return;
    }
    let join_report = join(events, clients);
    // Our own recorders read the clock of the TEE, too; strace does not.
    if has_strace && join_report.distance_ns.is_none() {
        let subject = "which of the TEE's events belong to the traced processes".into();
        gaps.push(Gap { what: subject, reason: Reason::NotOffered, remedy: None, lost: 0 });
    }
    clients.joined = Some(join_report);
    events.extend(descriptors(&clients.calls));
}

/// All calls as events.
fn steps(calls: &[Call]) -> Vec<Event> {
    number_events(
        calls.iter().filter_map(|call| session(call).or_else(|| descriptor(call))).collect(),
    )
}

/// Descriptors and mappings of calls as steps of the protocol `descriptors`.
fn descriptors(calls: &[Call]) -> Vec<Event> {
    number_events(calls.iter().filter_map(descriptor).collect())
}

fn number_events(mut events: Vec<Event>) -> Vec<Event> {
    for (event, n) in events.iter_mut().zip(1..) {
        event.seq = n;
    }
    events
}

fn session(call: &Call) -> Option<Event> {
    let kind = match call.kind {
        CallKind::OpenSession => EventKind::Open,
        CallKind::CloseSession => EventKind::Close,
        CallKind::InvokeCommand => EventKind::Invoke,
        _ => return None,
    };
    // A failed open has no session, and sessions that strace does not show can't be distinguished.
    let session = call.session.filter(|session| *session != 0);
    if session.is_none() && (kind != EventKind::Open || call.result == 0) {
        return None;
    }
    let cmd = (kind == EventKind::Invoke).then_some(call.cmd);
    Some(Event { session, cmd, uuid: call.uuid, values: call.values(), ..event(call, kind) })
}

fn descriptor(call: &Call) -> Option<Event> {
    let fd = |fd: u32| Some(u64::from(fd));
    let has_failed = call.result.cast_signed() < 0;
    let (name, fd) = match call.kind {
        CallKind::FdOpen if !has_failed => ("open_fd", fd(call.result)),
        CallKind::FdDup if !has_failed => ("dup_fd", fd(call.result)),
        CallKind::FdClose => ("close_fd", fd(call.cmd)),
        CallKind::FdMap if !has_failed => ("map_fd", None),
        CallKind::FdUnmap if !has_failed => ("unmap_fd", None),
        CallKind::FdIoctl => {
            let new_fd = u32::try_from(call.params[0].output.checked_sub(1)?).ok()?;
            ("open_fd", fd(new_fd))
        }
        _ => return None,
    };
    let mut values = [0; 8];
    if fd.is_none() {
        let (low, high) = teeleak_proto::client::head::halves(call.params[0].input);
        values[..2].copy_from_slice(&[low, high]);
    }
    let keys = fd.map(|fd| ("fd".into(), fd)).into_iter().collect();
    let result = if call.kind == CallKind::FdClose { call.result } else { 0 };
    let kind = EventKind::Step(name.into());
    Some(Event { keys, values, result: Some(StepResult::Code(result)), ..event(call, kind) })
}

fn event(call: &Call, kind: EventKind) -> Event {
    let (begin, end) = call.monotonic;
    Event {
        origin: Origin::Ree,
        seq: 0,
        lost_before: 0,
        // strace may omit times, and no other source shares its clock.
        time: (end > 0).then_some(Time { clock: Clock::Wall, ns: end }),
        duration_ns: Some(end.saturating_sub(begin)),
        place: call.place.clone(),
        iteration: None,
        kind,
        result: Some(StepResult::Code(call.result)),
        session: None,
        opener: 0,
        instance: 0,
        uuid: None,
        cmd: None,
        values: [0; 8],
        keys: Keys::default(),
        by: Some(Arc::new(call.by.clone())),
    }
}
