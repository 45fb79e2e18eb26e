//! The first exchange: versions and features.

use serde::{Deserialize, Serialize};

/// Requests the versions and features of the TA.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HelloRequest {
    /// Oldest interface version that the client supports.
    pub min: u16,
    /// Interface version that the client writes.
    pub current: u16,
}

/// Versions and features of the TA, the PTA and OP-TEE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello<'a> {
    /// Oldest interface version that the TA supports.
    pub min: u16,
    /// Interface version that the TA writes.
    pub current: u16,
    /// `TEE_Result` of opening the PTA; 0 if it is available.
    pub pta_result: u32,
    /// The PTA's version, 0 if it is missing.
    pub pta_version: u32,
    /// `PTA_LEAK_AUDIT_FEATURE_*`.
    pub features: u32,
    /// Random number drawn at boot, different in each boot.
    pub boot: u64,
    /// Current counter of the secure world, in ticks.
    pub ticks: u64,
    /// Ticks per second.
    pub tick_hz: u64,
    /// The current epoch.
    pub epoch: u32,
    /// Number of epoch restarts.
    pub era: u32,
    /// Events that the PTA's ring holds.
    pub event_room: u32,
    /// TA instances that the owner tags can distinguish.
    pub max_owners: u32,
    /// Keys that the TA's ledger can hold.
    pub ledger_room: u32,
    /// Load address of the core, 0 if the build hides it.
    pub load_addr: u64,
    /// OP-TEE's own version string.
    pub release: &'a str,
}
