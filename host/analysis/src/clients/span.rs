//! Start and end of calls and events, by one clock.

use crate::model::{Call, CallKind, Event, EventKind, Origin};

/// The properties in which a call and its event must agree.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct JoinKey {
    pub(super) kind: JoinKind,
    /// Session id; 0 for a failed open, which has no id known to both sides.
    pub(super) session: u32,
    /// Command of an invoke, else 0.
    pub(super) cmd: u32,
}

/// Actions recorded by both sides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum JoinKind {
    Open,
    Refused,
    Close,
    Invoke,
}

/// A call or an event with its time.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// Index into the events or calls.
    pub(super) at: usize,
    pub(super) act: JoinKey,
    pub(super) begin: i64,
    pub(super) end: i64,
}

/// Events that a process of the normal world caused, in order of time.
pub(super) fn of_events(events: &[Event]) -> Vec<Span> {
    let spans = events.iter().enumerate().filter_map(|(at, event)| of_event(at, event));
    sort_spans(spans.collect())
}

fn of_event(at: usize, event: &Event) -> Option<Span> {
    if event.origin != Origin::Tee || event.opener != 0 || event.by.is_some() {
        return None;
    }
    let kind = match event.kind {
        EventKind::Open if event.code() == Some(0) => JoinKind::Open,
        EventKind::Open => JoinKind::Refused,
        EventKind::Close => JoinKind::Close,
        EventKind::Invoke => JoinKind::Invoke,
        _ => return None,
    };
    let end = i64::try_from(event.time?.ns).ok()?;
    let duration = i64::try_from(event.duration_ns.unwrap_or(0)).ok()?;
    let act = act(kind, event.session, event.cmd.unwrap_or(0));
    Some(Span { at, act, begin: end.saturating_sub(duration), end })
}

/// Calls that may have reached the TEE, in order of time.
pub(super) fn of_calls(calls: &[Call]) -> Vec<Span> {
    let spans = calls.iter().enumerate().filter_map(|(at, call)| of_call(at, call));
    sort_spans(spans.collect())
}

fn of_call(at: usize, call: &Call) -> Option<Span> {
    let is_timed = call.monotonic.0 < call.monotonic.1;
    if call.by.by_kernel && !is_timed {
        // Inferred from the exit of the process, which is not the time of the close.
        return None;
    }
    let kind = match call.kind {
        CallKind::OpenSession if call.result == 0 => JoinKind::Open,
        CallKind::OpenSession => JoinKind::Refused,
        CallKind::CloseSession => JoinKind::Close,
        CallKind::InvokeCommand => JoinKind::Invoke,
        _ => return None,
    };
    let act = act(kind, call.session, call.cmd);
    if act.session == 0 && kind != JoinKind::Refused {
        // A call without a session goes no further than libteec.
        return None;
    }
    let (begin, end) = time(call)?;
    Some(Span { at, act, begin, end })
}

/// Start and end of a call by the counter, else by the kernel's clock.
pub(super) fn time(call: &Call) -> Option<(i64, i64)> {
    let (begin, end) = call.counter.unwrap_or(call.monotonic);
    Some((i64::try_from(begin).ok()?, i64::try_from(end).ok()?))
}

fn act(kind: JoinKind, session: Option<u32>, cmd: u32) -> JoinKey {
    JoinKey {
        kind,
        session: if kind == JoinKind::Refused { 0 } else { session.unwrap_or(0) },
        cmd: if kind == JoinKind::Invoke { cmd } else { 0 },
    }
}

fn sort_spans(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.begin, span.end));
    spans
}

/// Whether UUIDs and results agree, as far as both sides know them.
pub(super) fn agree(event: &Event, call: &Call) -> bool {
    let same_ta = match (event.uuid, call.uuid) {
        (Some(tee), Some(ree)) => tee == ree,
        _ => true,
    };
    same_ta && same_result(event, call)
}

/// Whether the results agree; closing has none.
pub(super) fn same_result(event: &Event, call: &Call) -> bool {
    event.kind == EventKind::Close || event.code().is_none_or(|result| result == call.result)
}

/// Whether the value parameters agree; only an invoke's are compared.
pub(super) fn same_values(event: &Event, call: &Call) -> bool {
    event.kind != EventKind::Invoke || event.values == call.values()
}
