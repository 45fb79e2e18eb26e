//! What the TA gives to the normal world by itself, through the plugin of tee-supplicant.
//!
//! Each page of a push is one call of the plugin: command [`APPEND`], a sub-command of [`FIRST`] and
//! [`LAST`], and records as in a reply of the TA. The plugin answers nothing but its result.

use serde::{Deserialize, Serialize};

use crate::Uuid;

/// UUID of the plugin, which is its file's name, too: `UUID.plugin`.
pub const PLUGIN: Uuid = match Uuid::parse(PLUGIN_TEXT) {
    Some(uuid) => uuid,
    None => unreachable!(),
};

/// [`PLUGIN`] as text.
pub const PLUGIN_TEXT: &str = "5b7f0a52-6e1d-4c38-9f04-d1c2b8e7a396";

/// The plugin's one command: keeps a page of records.
pub const APPEND: u32 = 1;

/// Bit of the sub-command: a push begins with this page.
pub const FIRST: u32 = 1;

/// Bit of the sub-command: it ends with this page.
pub const LAST: u32 = 2;

/// Why something is pushed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Cause {
    /// The ledger noticed a broken rule.
    Violation,
    /// A pool counts more failed allocations than before.
    Failure,
    /// A census does not find the canary that was planted.
    Canary,
}

/// Head of a push.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Push {
    /// Why.
    pub cause: Cause,
    /// Number of this push since the TA was loaded, from 1.
    pub number: u32,
    /// Causes for which nothing was pushed since the TA was loaded, because there had been a push
    /// just before.
    pub held_back: u32,
    /// Pages of earlier pushes that the plugin did not take, since the TA was loaded.
    pub lost: u32,
    /// `TEE_Result` of the last page that was lost, 0 when none was.
    pub result: u32,
}

/// What the plugin could not write before what follows, since tee-supplicant was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Unwritten {
    /// Pages.
    pub pages: u64,
    /// Bytes of them.
    pub bytes: u64,
}
