//! The process that makes calls.

use std::{collections::BTreeSet, sync::Arc};

use super::{births::Birth, suspects::Suspect};
use crate::model::{CallOutcome, Event, Observation};

/// The process behind all of these events, as far as it is recorded: by name and, if it is one
/// process throughout, by its id.
pub(super) fn process_of<'e>(events: impl Iterator<Item = &'e Event>) -> Option<Arc<str>> {
    let callers: BTreeSet<_> =
        events.filter_map(|event| event.by.as_ref()).map(|by| (&by.comm, by.pid)).collect();
    let (comm, pid) = callers.first()?;
    let is_one_program = callers.iter().all(|(other, _)| other == comm) && !comm.is_empty();
    is_one_program.then(|| {
        if callers.len() == 1 { format!("{comm} pid {pid}").into() } else { Arc::clone(comm) }
    })
}

/// The process that makes the suspected calls in iterations that leave something behind.
pub(super) fn process_of_calls(
    suspects: &[Suspect],
    births: &[Birth],
    observation: &Observation,
) -> Option<Arc<str>> {
    let leaves = |event: &Event| {
        let iteration = event.iteration.unwrap_or(0);
        let is_of = |birth: &&Birth| birth.iterations().contains(&iteration);
        births.iter().find(is_of).is_some_and(|birth| birth.count > 0)
    };
    let is_suspected = |event: &&Event| suspects.iter().any(|suspect| is_such(event, suspect));
    process_of(observation.events.iter().filter(is_suspected).filter(|event| leaves(event)))
}

fn is_such(event: &Event, suspect: &Suspect) -> bool {
    let key = &suspect.key;
    let is_outcome = match suspect.outcome {
        CallOutcome::Any => true,
        CallOutcome::Result(0) => !event.has_failed(),
        CallOutcome::Result(result) => event.code() == Some(result),
    };
    (&event.kind, event.uuid, event.cmd) == (&key.kind, Some(key.uuid), key.cmd) && is_outcome
}
