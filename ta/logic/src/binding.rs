//! Maps events to steps of the bound protocol.

use teeleak_proto::{
    Uuid,
    bind::{Action, Bind, KeySource, Resource, Scope, Step},
    event::{Event, EventKind},
    note::Note,
};
use teeleak_steps::Kind;

use crate::Refusal;

/// Number of values of an event.
const VALUES: u8 = 8;

/// Identity of a resource.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Identity {
    pub(crate) resource: u8,
    pub(crate) scope: u64,
    pub(crate) key: u64,
}

/// A step of the bound protocol, successful or failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) of: Identity,
    pub(crate) parent: Option<Identity>,
    pub(crate) kind: Kind,
    pub(crate) step: teeleak_steps::Step,
}

/// Refuses an inconsistent protocol.
pub(crate) fn check(bind: &Bind) -> Result<(), Refusal> {
    let resources = bind.resources.iter().zip(0u8..);
    // A parent must come before its children, which excludes cycles.
    let tree = resources.clone().all(|(one, at)| one.parent.is_none_or(|parent| parent < at));
    let steps = bind.steps.iter().all(|step| {
        let Some(resource) = bind.resources.get(usize::from(step.resource)) else { return false };
        let rooted = resource.parent.is_some() || step.parent == KeySource::One;
        // A note has keys, but neither instance nor session.
        let placed = step.kind != EventKind::Note || step.scope == Scope::Global;
        rooted && placed && exists(step.key) && exists(step.parent)
    });
    if tree && steps { Ok(()) } else { Err(Refusal::BadParameters) }
}

/// Whether an event has such a key.
fn exists(key: KeySource) -> bool {
    match key {
        KeySource::One | KeySource::Session => true,
        KeySource::Value(at) => at < VALUES,
        KeySource::Wide(low) => low < VALUES - 1,
        KeySource::Pair(high, low) => high < VALUES && low < VALUES,
    }
}

/// The step with this index, if the event matches it.
pub(crate) fn of_event(bind: &Bind, step: usize, event: &Event) -> Option<Taken> {
    let step = bind.steps.get(step).filter(|step| matches_step(step, event))?;
    let resource = bind.resources.get(usize::from(step.resource))?;
    let parent = resource.parent.map(|resource| Identity {
        resource,
        scope: scope(scope_of(bind, resource), event),
        key: key(step.parent, event),
    });
    let scope = scope(step.scope, event);
    let identity = Identity { resource: step.resource, scope, key: key(step.key, event) };
    Some(bound_step(*resource, identity, parent, (step.action, event.result == 0, event.seq)))
}

/// The step of a note, ordered right after the event numbered `at`.
pub(crate) fn of_note(
    bind: &Bind,
    note: &Note,
    ta: Option<Uuid>,
    at: u64,
) -> Result<Taken, Refusal> {
    let step = bind.steps.get(usize::from(note.step)).ok_or(Refusal::BadParameters)?;
    if step.kind != EventKind::Note {
        return Err(Refusal::BadParameters);
    }
    if ta.is_some_and(|ta| step.uuid != Uuid::default() && step.uuid != ta) {
        return Err(Refusal::AccessDenied);
    }
    let resource = bind.resources.get(usize::from(step.resource)).ok_or(Refusal::BadParameters)?;
    let parent = resource.parent.map(|resource| Identity { resource, scope: 0, key: note.parent });
    let identity = Identity { resource: step.resource, scope: 0, key: note.key };
    Ok(bound_step(*resource, identity, parent, (step.action, note.result == 0, at.max(1))))
}

fn bound_step(
    resource: Resource,
    of: Identity,
    parent: Option<Identity>,
    (action, ok, at): (Action, bool, u64),
) -> Taken {
    let kind = Kind { max_held: resource.max_held, ends_with_parent: false };
    Taken { of, parent, kind, step: teeleak_steps::Step { action, ok, at } }
}

fn matches_step(step: &Step, event: &Event) -> bool {
    step.kind == event.kind
        && (step.uuid == Uuid::default() || step.uuid == event.uuid)
        && (step.kind != EventKind::Invoke || step.cmd == event.cmd)
}

/// The scope of a resource's keys: that of its acquiring step.
fn scope_of(bind: &Bind, resource: u8) -> Scope {
    let mut steps = bind.steps.iter().filter(|step| step.resource == resource);
    let acquire = steps.clone().find(|step| step.action == Action::Acquire);
    acquire.or_else(|| steps.next()).map_or(Scope::Global, |step| step.scope)
}

fn scope(scope: Scope, event: &Event) -> u64 {
    match scope {
        Scope::Global => 0,
        Scope::Instance => event.instance.into(),
        Scope::Session => session(event),
    }
}

fn key(source: KeySource, event: &Event) -> u64 {
    let value = |at: u8| event.values.get(usize::from(at)).copied().map_or(0, u64::from);
    match source {
        KeySource::One => 0,
        KeySource::Session => session(event),
        KeySource::Value(at) => value(at),
        KeySource::Wide(low) => value(low) | value(low + 1) << 32,
        KeySource::Pair(high, low) => value(high) << 32 | value(low),
    }
}

/// Session ids are unique among those of one opener only.
fn session(event: &Event) -> u64 {
    u64::from(event.opener) << 32 | u64::from(event.session)
}
