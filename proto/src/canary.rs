//! The canary: a deliberate leak, which every snapshot must find.

use serde::{Deserialize, Serialize};

/// Plants or clears the canary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CanaryRequest {
    /// Size in bytes to plant, at most `PTA_LEAK_AUDIT_CANARY_MAX`; 0 clears.
    pub size: u32,
}

/// The site where a snapshot must find the canary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Canary {
    /// Bytes allocated, 0 if it was cleared.
    pub size: u32,
    /// Source line of its allocation in the PTA.
    pub line: u32,
    /// Epoch that it was planted in.
    pub epoch: u32,
}
