//! Protocols in words: correct orders, steps of a proof, results.

use std::sync::Arc;

use super::{Protocol, ProtocolStep, StepAction};
use crate::{
    model::{Event, StepRef},
    text,
};

/// Longest sequence that a finding shows.
const SHOWN: usize = 10;

/// The correct order around a resource: "open_channel > map > unmap > close_channel".
pub(super) fn right_order(protocol: &Protocol, resource: usize) -> String {
    let mut top = resource;
    while let Some(parent) = protocol.resources.get(top).and_then(|resource| resource.parent) {
        top = parent;
    }
    order(protocol, top)
}

fn order(protocol: &Protocol, resource: usize) -> String {
    let mut parts = Vec::new();
    parts.extend(steps(protocol, resource, StepAction::Acquire));
    let mut inner: Vec<String> = (0..protocol.resources.len())
        .filter(|at| {
            protocol.resources.get(*at).is_some_and(|child| child.parent == Some(resource))
        })
        .map(|child| order(protocol, child))
        .collect();
    inner.extend(steps(protocol, resource, StepAction::Use));
    match inner.as_slice() {
        [] => {}
        [one] => parts.push(one.clone()),
        several => parts.push(format!("({})", several.join(" | "))),
    }
    parts.extend(steps(protocol, resource, StepAction::Release));
    parts.join(" > ")
}

/// Names of the steps with this action.
pub(super) fn step_names(
    protocol: &Protocol,
    resource: usize,
    action: StepAction,
) -> Vec<Arc<str>> {
    let steps = protocol.steps.iter();
    let matches = steps.filter(|step| step.resource == resource && step.action == action);
    matches.map(|step| Arc::clone(&step.name)).collect()
}

/// The same as "a or b".
pub(super) fn steps(protocol: &Protocol, resource: usize, action: StepAction) -> Option<String> {
    let names = step_names(protocol, resource, action);
    (!names.is_empty()).then(|| names.join(" or "))
}

/// An event as a step of a protocol; if it is several steps, preferably one of `resource`.
pub(super) fn step_ref(protocol: &Protocol, resource: usize, event: &Event) -> StepRef {
    let mut fitting: Vec<&ProtocolStep> =
        protocol.steps.iter().filter(|step| step.matches(event)).collect();
    fitting.sort_by_key(|step| step.resource != resource);
    let Some(step) = fitting.first() else {
        return StepRef { step: "?".into(), keys: "".into(), event: event.clone() };
    };
    let name = |at: usize| protocol.resources.get(at).map_or("", |resource| &*resource.name);
    let mut keys = step.key.read(name(step.resource), event);
    let parent = protocol.resources.get(step.resource).and_then(|resource| resource.parent);
    if let (Some(key), Some(parent)) = (&step.parent, parent) {
        keys = format!("{keys} of {}", key.read(name(parent), event));
    }
    StepRef { step: step.name.clone(), keys: keys.into(), event: event.clone() }
}

/// A proof's events as steps, the last [`SHOWN`] of them.
pub(super) fn sequence<'a>(
    protocol: &Protocol,
    resource: usize,
    events: impl Iterator<Item = &'a Event>,
) -> Vec<StepRef> {
    let mut steps: Vec<_> = events.map(|event| step_ref(protocol, resource, event)).collect();
    steps.drain(..steps.len().saturating_sub(SHOWN));
    steps
}

/// ", 2.0 per iteration", or nothing without iterations.
pub(super) fn rate(count: u64, iterations: u32) -> String {
    text::rate(count, iterations).map_or_else(String::new, |rate| format!(", {rate}"))
}

/// " of TA UUID", or nothing if unknown.
pub(super) fn of_ta(ta: Option<teeleak_proto::Uuid>) -> String {
    ta.map_or_else(String::new, |ta| format!(" of TA {ta}"))
}

/// The process or session that caused the event.
pub(super) fn doer(event: &Event) -> Option<Arc<str>> {
    if let Some(by) = &event.by {
        return Some(match &*by.comm {
            "" => format!("process {}", by.pid).into(),
            comm => format!("{comm} (process {})", by.pid).into(),
        });
    }
    let session = event.session?;
    Some(match event.opener {
        0 => format!("session {session} of the normal world").into(),
        opener => format!("session {session} of TA instance {opener}").into(),
    })
}
