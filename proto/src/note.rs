//! Steps that a TA or a client reports by itself.

use serde::{Deserialize, Serialize};

/// A step that the TEE core can't see, such as the mapping of a buffer by a vendor's own syscall.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// Step of the bound protocol, see [`crate::bind::Step`].
    pub step: u8,
    /// Key of what is acquired, used or released.
    pub key: u64,
    /// Key of the resource that it belongs to, 0 for none.
    pub parent: u64,
    /// Result of the step, 0 for success.
    pub result: u32,
}
