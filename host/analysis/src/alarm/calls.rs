//! Calls that failed for lack of memory. Pools are looked at from time to time: one that fills and
//! empties in between shows nothing, and TA memory counts no failures at all.

use std::{collections::BTreeMap, time::Duration};

use teeleak_proto::{Uuid, tee_result::OUT_OF_MEMORY};

use super::{Alarm, SAME_FAILURE};
use crate::model::{Event, EventKind, Origin};

/// Distinct calls whose last alarm is remembered; further ones raise none.
const REMEMBERED: usize = 1024;

/// A call as far as it is the same failure again: the TA or PTA, and the command, or none for opening a
/// session.
type FailedCall = (Option<Uuid>, Option<u32>);

/// The failed calls of the last time, by their last alarm.
#[derive(Default)]
pub(super) struct FailedCalls {
    /// Sequence number of the next event.
    next: u64,
    alarms: BTreeMap<FailedCall, Duration>,
}

impl FailedCalls {
    /// One alarm for all new events that failed for lack of memory, if there was none for the same calls
    /// lately. `events` end with the newest.
    pub(super) fn alarm(&mut self, now: Duration, events: &[Event]) -> Option<Alarm> {
        self.alarms.retain(|_, at| now.saturating_sub(*at) < SAME_FAILURE);
        let next = self.next;
        let newest_first = events.iter().rev().filter(|event| event.origin == Origin::Tee);
        let new_events = newest_first.clone().take_while(|event| event.seq >= next);
        let mut failed: Vec<&Event> = new_events.filter(|event| is_out_of_memory(event)).collect();
        failed.retain(|event| !self.alarms.contains_key(&failed_call(event)));
        self.next = newest_first.map(|event| event.seq.saturating_add(1)).next().unwrap_or(next);
        let first = call_name(failed.last()?);
        let calls = failed.iter().map(|event| failed_call(event));
        let room = REMEMBERED.saturating_sub(self.alarms.len());
        self.alarms.extend(calls.map(|call| (call, now)).take(room));
        Some(Alarm::OutOfMemory { calls: failed.len() as u64, first: first.into() })
    }

    /// Whether a call failed within the last minute.
    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        self.alarms.values().any(|at| now.saturating_sub(*at) < SAME_FAILURE)
    }
}

fn is_out_of_memory(event: &Event) -> bool {
    matches!(event.kind, EventKind::Open | EventKind::Invoke) && event.code() == Some(OUT_OF_MEMORY)
}

fn failed_call(event: &Event) -> FailedCall {
    (event.uuid, event.cmd.filter(|_| event.kind == EventKind::Invoke))
}

fn call_name(event: &Event) -> String {
    let ta = event.uuid.map_or_else(|| "an unknown TA".to_owned(), |uuid| format!("TA {uuid}"));
    match event.cmd {
        Some(cmd) if event.kind == EventKind::Invoke => format!("command {cmd} of {ta}"),
        _ => format!("opening a session to {ta}"),
    }
}
