//! What happened, in order.

use serde::{Deserialize, Serialize};

use crate::Uuid;

/// Asks for events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventsRequest {
    /// Sequence number to start from; the first event has 1.
    pub from: u64,
}

/// What kind of thing happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum EventKind {
    /// A session was opened, or was not.
    Open,
    /// A session was closed.
    Close,
    /// A command was invoked.
    Invoke,
    /// A region was mapped.
    Map,
    /// A region was unmapped.
    Unmap,
    /// A TA or a client reported a step, see [`crate::note::Note`].
    Note,
}

/// One thing that happened, as the TEE core saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Sequence number.
    pub seq: u64,
    /// Counter when it was done.
    pub ticks: u64,
    /// Ticks that it took, saturated.
    pub duration_ticks: u32,
    /// What kind.
    pub kind: EventKind,
    /// `TEE_Result` it ended with.
    pub result: u32,
    /// Command of an invoke, number of the step of a note.
    pub cmd: u32,
    /// `TEE_PARAM_TYPES()` of an invoke.
    pub param_types: u16,
    /// Session id, unique among those of the opener.
    pub session: u32,
    /// Instance that is the session's client, 0 for the normal world.
    pub opener: u32,
    /// Instance that serves the session or whose region it is, 0 for a PTA.
    pub instance: u32,
    /// UUID of what serves the session or whose region it is.
    pub uuid: Uuid,
    /// `TEE_LOGIN_*` of the client, of an open.
    pub login: u32,
    /// Value parameters, or what else the PTA's header says of `values`.
    pub values: [u32; 8],
}

/// Where a page of events left off. A page without events is the last for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventsHead {
    /// Events that were overwritten before they could be read, or of a kind that the TA doesn't
    /// know.
    pub lost: u64,
    /// Sequence number to start from next time.
    pub next: u64,
}
