//! First words: who is there and what can be seen.

use serde::{Deserialize, Serialize};

/// Asks who is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HelloRequest {
    /// Oldest interface version that the client understands.
    pub min: u16,
    /// Interface version that the client writes.
    pub current: u16,
}

/// Who is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello<'a> {
    /// Oldest interface version that the TA understands.
    pub min: u16,
    /// Interface version that the TA writes.
    pub current: u16,
    /// `TEE_Result` of opening the PTA; 0 when it is there.
    pub pta_result: u32,
    /// The PTA's version, 0 when it is not there.
    pub pta_version: u32,
    /// `PTA_LEAK_AUDIT_FEATURE_*`.
    pub features: u32,
    /// Random number drawn at boot: tells two boots apart.
    pub boot: u64,
    /// The secure world's counter now, in ticks.
    pub ticks: u64,
    /// Ticks per second.
    pub tick_hz: u64,
    /// Epoch of allocations made now.
    pub epoch: u32,
    /// How often the epochs were started over.
    pub era: u32,
    /// Events that the PTA's ring holds.
    pub event_room: u32,
    /// TA instances that the owner tags can tell apart.
    pub max_owners: u32,
    /// Keys that the TA's ledger can hold open at once.
    pub ledger_room: u32,
    /// Where the core is loaded, 0 when the build keeps that to itself.
    pub load_addr: u64,
    /// OP-TEE's own version string.
    pub release: &'a str,
}
