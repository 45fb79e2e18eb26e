//! Steps reported by a TA or a client.

use serde::{Deserialize, Serialize};

/// A step that the TEE core can't observe, such as mapping a buffer with a vendor's own syscall.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepNote {
    /// Step of the bound protocol, see [`crate::bind::BindStep`].
    pub step: u8,
    /// Key of the resource that is acquired, used or released.
    pub key: u64,
    /// Key of the resource that it belongs to, 0 for none.
    pub parent: u64,
    /// Result of the step, 0 for success.
    pub result: u32,
}
