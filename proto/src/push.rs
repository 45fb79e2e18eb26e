//! Pushes: data that the TA sends to the normal world unrequested, through the tee-supplicant
//! plugin.
//!
//! Each page of a push is one call of the plugin: command [`APPEND`], a sub-command of [`FIRST`]
//! and [`LAST`], and records as in a reply of the TA. The plugin returns only a result.

use serde::{Deserialize, Serialize};

use crate::Uuid;

/// UUID of the plugin, also its file name: `UUID.plugin`.
pub const PLUGIN: Uuid = match Uuid::parse(PLUGIN_TEXT) {
    Some(uuid) => uuid,
    None => unreachable!(),
};

/// [`PLUGIN`] as text.
pub const PLUGIN_TEXT: &str = "5b7f0a52-6e1d-4c38-9f04-d1c2b8e7a396";

/// The plugin's only command: stores a page of records.
pub const APPEND: u32 = 1;

/// Bit of the sub-command: first page of a push.
pub const FIRST: u32 = 1;

/// Bit of the sub-command: last page of a push.
pub const LAST: u32 = 2;

/// Cause of a push.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Cause {
    /// The ledger found a broken rule.
    Violation,
    /// A pool has new failed allocations.
    Failure,
    /// A snapshot does not find the planted canary.
    Canary,
}

/// Head of a push.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Push {
    /// The cause.
    pub cause: Cause,
    /// Number of this push since the TA was loaded, from 1.
    pub number: u32,
    /// Causes held back since the TA was loaded, because of a recent push.
    pub held_back: u32,
    /// Pages of earlier pushes that the plugin refused, since the TA was loaded.
    pub lost: u32,
    /// `TEE_Result` of the last lost page, 0 if none was lost.
    pub result: u32,
}

/// Data that the plugin could not write before the following records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Unwritten {
    /// Pages.
    pub pages: u64,
    /// Bytes of these pages.
    pub bytes: u64,
}
