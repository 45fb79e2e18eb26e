//! Maps events to the steps of a protocol, for the TA's ledger.
//!
//! A protocol is a tree of resources, each acquired and released: a channel is opened and closed, a
//! mapping that belongs to it is mapped and unmapped. The step automaton in `teeleak-steps` detects
//! wrong orders.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{Uuid, event::EventKind, limits};

/// Replaces the protocol that the ledger watches, and empties the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bind {
    /// Kinds of resources; steps refer to them by index.
    pub resources: Vec<Resource, { limits::RESOURCES }>,
    /// The events that are steps.
    pub steps: Vec<Step, { limits::STEPS }>,
}

/// A kind of resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// Index of the resource that it belongs to, which must be released after it.
    pub parent: Option<u8>,
    /// Most simultaneous acquires of one key, 0 for any number.
    pub max_held: u32,
}

/// The effect of a step on its resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Acquires it: open, map, register, alloc.
    Acquire,
    /// Requires it to be held.
    Use,
    /// Releases it: close, unmap, free.
    Release,
}

/// The scope of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Scope {
    /// Equal keys mean the same resource anywhere.
    Global,
    /// Equal keys mean the same resource within one TA instance.
    Instance,
    /// Equal keys mean the same resource within one session.
    Session,
}

/// The position of a key in an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum KeySource {
    /// No key: one resource per scope.
    One,
    /// The session id.
    Session,
    /// One of the event's values, 0 to 7 (parameter n has its a at 2n, its b at 2n + 1).
    Value(u8),
    /// Two adjacent values as one number, the low half at this index.
    Wide(u8),
    /// Two values as one number, high half at the first index, low half at the second.
    Pair(u8, u8),
}

/// Declares an event as a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Index of its resource.
    pub resource: u8,
    /// Its effect on the resource.
    pub action: Action,
    /// Kind of the event.
    pub kind: EventKind,
    /// UUID of the TA or PTA that serves the session; all zero for any.
    pub uuid: Uuid,
    /// Command of an invoke, ignored for other kinds.
    pub cmd: u32,
    /// Scope of its key.
    pub scope: Scope,
    /// Key of the resource.
    pub key: KeySource,
    /// Key of the parent resource; [`KeySource::One`] without a parent.
    pub parent: KeySource,
}
