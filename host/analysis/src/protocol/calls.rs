//! Number of acquiring and releasing calls to a TA.

use teeleak_proto::Uuid;

use super::{Protocol, ProtocolStep, StepAction, StepEvent};
use crate::model::{Event, Observation};

/// Successful calls.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Calls {
    /// Acquiring calls.
    pub(crate) acquired: u64,
    /// Releasing calls.
    pub(crate) released: u64,
    /// Whether events were lost, so that calls may be missing.
    pub(crate) lost: bool,
}

/// Counts the calls to a TA that are steps of the protocols for this TA.
pub(crate) fn calls(protocols: &[Protocol], observation: &Observation, ta: Uuid) -> Calls {
    let own = |step: &&ProtocolStep| step.ta == Some(ta) && matches!(step.on, StepEvent::Invoke(_));
    let steps: Vec<_> = protocols.iter().flat_map(|one| &one.steps).filter(own).collect();
    let is_lossy = observation.events.iter().any(|event| event.lost_before > 0);
    let has_succeeded = |event: &&Event| !event.has_failed();
    let mut calls = Calls { lost: is_lossy, ..Calls::default() };
    for event in observation.events.iter().filter(has_succeeded) {
        // The same command may be a step of several protocols; it is one call.
        match steps.iter().find(|step| step.matches(event)).map(|step| step.action) {
            Some(StepAction::Acquire) => calls.acquired += 1,
            Some(StepAction::Release) => calls.released += 1,
            Some(StepAction::Use) | None => {}
        }
    }
    calls
}
