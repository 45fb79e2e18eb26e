//! The canary: a leak made on purpose, which every census must find again.

use serde::{Deserialize, Serialize};

/// Plants or clears the canary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CanaryRequest {
    /// Size in bytes to plant, at most `PTA_LEAK_AUDIT_CANARY_MAX`; 0 clears.
    pub size: u32,
}

/// Where a census must find the canary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Canary {
    /// Bytes asked for, 0 when it was cleared.
    pub size: u32,
    /// Source line of its allocation in the PTA.
    pub line: u32,
    /// Epoch that it was planted in.
    pub epoch: u32,
}
