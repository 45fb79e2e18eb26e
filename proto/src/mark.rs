//! Epochs: which allocations were made in which iteration.

use serde::{Deserialize, Serialize};

/// Starts the next epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarkRequest {
    /// Whether to move all live allocations to epoch 0 first.
    pub restart: bool,
}

/// The epoch that allocations belong to from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Epoch {
    /// Number of the epoch, 1 after a restart.
    pub epoch: u32,
    /// Number of epoch restarts since boot.
    pub era: u32,
}
