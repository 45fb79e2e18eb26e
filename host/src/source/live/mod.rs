//! The live source: a TEE, by way of the teeleak TA.
//!
//! Only [`world`] and the module behind the feature `live` know libteec. Everything else talks to a
//! [`Device`], which tests replace by the TA's own logic in their process.

mod child;
mod plan;
mod sampler;
#[cfg(feature = "live")]
mod teec;
#[cfg(not(feature = "live"))]
mod unlinked;

use anyhow::Result;
use teeleak_proto::command::Command;

use crate::TeeError;
pub(crate) use child::Workload;
pub(crate) use plan::{Discard, Outcome, Plan, Progress, Run};
pub(crate) use sampler::{Counts, Greeting, Sampler, Snapshot, monotonic_ns, send_meta};

/// What a TEE's device node is called.
pub const NODE: &str = "/dev/tee0";

/// A session to the teeleak TA.
pub trait Device {
    /// Invokes a command; gives the bytes of the reply.
    ///
    /// # Errors
    /// The result that the TA, the TEE or libteec answered.
    fn invoke(
        &mut self,
        command: Command,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, TeeError>;
}

/// The ways to a TEE from this process.
pub trait World {
    /// Whether there is a device node of a TEE.
    fn has_node(&self) -> bool;

    /// Opens a session to the teeleak TA.
    ///
    /// # Errors
    /// A [`TeeError`], or a [`crate::Blind`] when this build can't.
    fn connect(&self) -> Result<Box<dyn Device>>;

    /// Asks the stats PTA of stock OP-TEE for the counters of a pool (`STATS_CMD_ALLOC_STATS`); gives
    /// the bytes of the reply.
    ///
    /// # Errors
    /// A [`TeeError`], or a [`crate::Blind`] when this build can't.
    fn stats(&self, pool: u32, reply: &mut [u8]) -> Result<usize>;
}

/// The TEE of this system, as far as this build can reach it.
#[must_use]
pub fn world() -> Box<dyn World> {
    #[cfg(feature = "live")]
    return Box::new(teec::Libteec);
    #[cfg(not(feature = "live"))]
    return Box::new(unlinked::Unlinked);
}
