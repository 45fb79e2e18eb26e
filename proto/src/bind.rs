//! Which events are steps of which protocol: what the TA's ledger watches.
//!
//! A protocol is a tree of resources, each acquired and released: a channel is opened and closed, a
//! mapping that belongs to it is mapped and unmapped. The step automaton in `teeleak-steps` says
//! which orders are wrong.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{Uuid, event::EventKind, limits};

/// Replaces what the ledger watches and empties it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bind {
    /// Kinds of resources; steps refer to them by index.
    pub resources: Vec<Resource, { limits::RESOURCES }>,
    /// Which events are steps.
    pub steps: Vec<Step, { limits::STEPS }>,
}

/// A kind of resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// Index of the resource that it belongs to and must be released before.
    pub parent: Option<u8>,
    /// How often one key may be held at once, 0 for any number.
    pub max_held: u32,
}

/// What a step does with its resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Takes it: open, map, register, alloc.
    Acquire,
    /// Needs it to be held.
    Use,
    /// Gives it back: close, unmap, free.
    Release,
}

/// How far a key reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Scope {
    /// Equal keys mean the same resource anywhere.
    Global,
    /// Equal keys mean the same resource within one TA instance.
    Instance,
    /// Equal keys mean the same resource within one session.
    Session,
}

/// Where a key is found in an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum KeySource {
    /// Nowhere: there is one resource per scope.
    One,
    /// The session id.
    Session,
    /// One of the event's values, 0 to 7 (parameter n has its a at 2n, its b at 2n + 1).
    Value(u8),
    /// Two neighbouring values as one number, the low half at this index.
    Wide(u8),
    /// Two values as one number, high half at the first index, low half at the second.
    Pair(u8, u8),
}

/// Says that an event is a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Index of its resource.
    pub resource: u8,
    /// What it does with it.
    pub action: Action,
    /// Kind of the event.
    pub kind: EventKind,
    /// UUID of what serves the session; all zero for any.
    pub uuid: Uuid,
    /// Command of an invoke, ignored for other kinds.
    pub cmd: u32,
    /// How far its key reaches.
    pub scope: Scope,
    /// Which one of the resource.
    pub key: KeySource,
    /// Which one of the parent resource; [`KeySource::One`] without a parent.
    pub parent: KeySource,
}
