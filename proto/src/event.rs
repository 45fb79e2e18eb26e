//! Events, in order.

use serde::{Deserialize, Serialize};

use crate::{Uuid, census::zero_if_absent};

/// Requests events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventsRequest {
    /// Sequence number to start from; the first event has 1.
    pub from: u64,
}

/// Kind of an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum EventRecordKind {
    /// A session was opened, or failed to open.
    Open,
    /// A session was closed.
    Close,
    /// A command was invoked.
    Invoke,
    /// A region was mapped.
    Map,
    /// A region was unmapped.
    Unmap,
    /// A TA or a client reported a step, see [`crate::note::StepNote`].
    Note,
}

/// One event, as recorded by the TEE core.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventRecord {
    /// Sequence number.
    pub seq: u64,
    /// Counter at its end.
    pub ticks: u64,
    /// Ticks that it took, saturated.
    pub duration_ticks: u32,
    /// Its kind.
    pub kind: EventRecordKind,
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
    /// UUID of the TA or PTA that serves the session or whose region it is.
    pub uuid: Uuid,
    /// `TEE_LOGIN_*` of the client, of an open.
    pub login: u32,
    /// Value parameters, or as the PTA's header defines `values`.
    pub values: [u32; 8],
}

/// Head of a page of events. The last one for now says so, or has no events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventsHead {
    /// Events that were overwritten before they could be read, or of a kind that the TA doesn't
    /// know.
    pub lost: u64,
    /// Sequence number of the next request.
    pub next: u64,
    /// Whether no further event was recorded when the page was written; TAs of before don't say it.
    #[serde(deserialize_with = "zero_if_absent")]
    pub is_last: bool,
}
