//! The commands of the TA.
//!
//! All commands take the same four parameters:
//!
//! | parameter | type | content |
//! | --- | --- | --- |
//! | 0 | memref input | the request, postcard, at most [`crate::limits::REQUEST_BYTES`] |
//! | 1 | memref output | the reply: records, see [`crate::record`] |
//! | 2, 3 | none | |
//!
//! A reply always ends with [`crate::record::Record::End`].

use crate::Uuid;

/// UUID of the teeleak TA. The PTA serves no other: `PTA_LEAK_AUDIT_CLIENT_UUID`.
pub const TA_UUID: Uuid = match Uuid::parse("8e0c41d7-93b2-4f5a-b62d-0a5bc719e348") {
    Some(uuid) => uuid,
    None => unreachable!(),
};

/// Command numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum TaCommand {
    /// [`crate::hello::HelloRequest`] → one [`crate::hello::Hello`].
    Hello = 0,
    /// [`crate::snapshot::SnapshotRequest`] → a page of a snapshot.
    Snapshot = 1,
    /// [`crate::event::EventsRequest`] → the events after a cursor.
    Events = 2,
    /// [`crate::mark::MarkRequest`] → one [`crate::mark::Epoch`].
    Mark = 3,
    /// [`crate::canary::CanaryRequest`] → one [`crate::canary::CanaryRecord`].
    Canary = 4,
    /// [`crate::note::StepNote`] → only the end record.
    Note = 5,
    /// [`crate::bind::Bind`] → only the end record.
    Bind = 6,
    /// [`crate::ledger::LedgerRequest`] → outstanding resources and violations.
    Ledger = 7,
}

impl TaCommand {
    /// All commands, in order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Hello,
        Self::Snapshot,
        Self::Events,
        Self::Mark,
        Self::Canary,
        Self::Note,
        Self::Bind,
        Self::Ledger,
    ];

    /// The command with this number.
    #[must_use]
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|command| *command as u32 == id)
    }
}
