//! The live source: a TEE, through the teeleak TA.
//!
//! Only [`world`] and the modules behind the features `live` and `direct` know how to reach a TEE:
//! over libteec, or over the kernel's interface. Everything else uses a [`Device`], which tests
//! replace with the TA's own logic in their process.

#[cfg(all(feature = "direct", not(feature = "live")))]
mod direct;
pub mod kernel;
mod pace;
mod run;
mod sampler;
mod snapshot;
#[cfg(any(feature = "live", feature = "direct"))]
mod ta;
#[cfg(feature = "live")]
mod teec;
mod time;
#[cfg(not(any(feature = "live", feature = "direct")))]
mod unlinked;
mod values;
mod watchdog;
mod workload;

use anyhow::Result;
pub(crate) use run::{CANARY_BYTES, Discard, RunOutcome, RunPlan, RunProgress, WorkloadRun, begin};
pub(crate) use sampler::{Greeting, Sampler, monotonic_ns, send_meta};
pub(crate) use snapshot::Snapshot;
use teeleak_proto::{command::TaCommand, values::Words};
use time::SystemClock;
pub use time::TimeSource;
pub(crate) use workload::Workload;

use super::stock::StatsPta;
use crate::error::TeeError;

/// Device node of the TEE.
pub const NODE: &str = "/dev/tee0";

/// A session to the teeleak TA.
pub trait Device {
    /// Invokes a command; returns the size of the reply in bytes.
    ///
    /// # Errors
    /// The result that the TA, the TEE or libteec answered.
    fn invoke(
        &mut self,
        command: TaCommand,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, TeeError>;

    /// Invokes a command with value parameters only, see [`teeleak_proto::values`].
    ///
    /// # Errors
    /// The result that the TA, the TEE or libteec answered.
    fn exchange(&mut self, command: u32, words: Words) -> Result<Words, TeeError>;
}

/// Access to a TEE from this process.
pub trait World {
    /// Whether the device node of a TEE exists.
    fn has_node(&self) -> bool;

    /// Opens a session to the teeleak TA.
    ///
    /// # Errors
    /// A [`TeeError`], or a [`crate::error::NotObservable`] when this build can't.
    fn connect(&self) -> Result<Box<dyn Device>>;

    /// Opens a session to the statistics PTA of stock OP-TEE.
    ///
    /// # Errors
    /// A [`TeeError`], or a [`crate::error::NotObservable`] when this build can't.
    fn stats(&self) -> Result<Box<dyn StatsPta>>;

    /// The clock to watch it by.
    fn time(&self) -> Box<dyn TimeSource> {
        clock()
    }

    /// The normal-world kernel's information about OP-TEE.
    fn kernel(&self) -> Vec<kernel::KernelAnswer> {
        kernel::ask()
    }
}

/// The clocks of this system.
#[must_use]
pub fn clock() -> Box<dyn TimeSource> {
    Box::new(SystemClock)
}

/// The TEE of this system, as this build reaches it.
#[must_use]
pub fn world() -> Box<dyn World> {
    #[cfg(feature = "live")]
    return Box::new(teec::Libteec);
    #[cfg(all(feature = "direct", not(feature = "live")))]
    return Box::new(direct::Kernel);
    #[cfg(not(any(feature = "live", feature = "direct")))]
    return Box::new(unlinked::UnlinkedWorld);
}
