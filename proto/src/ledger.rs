//! The TA's pairing ledger: outstanding resources, and steps in the wrong order.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::limits;

/// Requests the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerRequest {
    /// Index of the first entry, counted over violations, then outstanding resources.
    pub from: u32,
}

/// Head of the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerHead {
    /// Resources held now.
    pub outstanding: u32,
    /// Violations since the last bind; the first ones follow.
    pub violations: u32,
    /// Steps that could not be checked: dropped for lack of room, or on a resource that may have
    /// been acquired unobserved.
    pub dropped: u64,
    /// Events that were overwritten before the ledger read them.
    pub lost: u64,
}

/// A resource that was acquired and not yet released.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OutstandingRecord {
    /// Index of the kind of resource.
    pub resource: u8,
    /// Scope: instance or session that the key belongs to, 0 for global.
    pub scope: u64,
    /// Key of the resource.
    pub key: u64,
    /// How often it is held.
    pub held: u32,
    /// Sequence number of the event that acquired it first.
    pub since: u64,
}

/// A rule that was broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Violation {
    /// Number of the rule, see `teeleak_steps::OrderRule`.
    pub rule: u8,
    /// Index of the kind of resource.
    pub resource: u8,
    /// Scope: instance or session that the key belongs to, 0 for global.
    pub scope: u64,
    /// Key of the resource.
    pub key: u64,
    /// Sequence numbers of the events that prove it, in order; a note has that of the event before
    /// it.
    pub proof: Vec<u64, { limits::PROOF_EVENTS }>,
}
