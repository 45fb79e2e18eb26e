//! The live source: a TEE, through the teeleak TA.
//!
//! Only [`world`] and the modules behind the features `live` and `direct` know how to reach a TEE:
//! over libteec, or over the kernel's interface. Everything else uses a [`Device`], which tests
//! replace with the TA's own logic in their process.

#[cfg(all(feature = "direct", not(feature = "live")))]
mod direct;
pub mod kernel;
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
mod workload;

use anyhow::Result;
pub(crate) use run::{CANARY_BYTES, Discard, RunOutcome, RunPlan, RunProgress, WorkloadRun, begin};
pub(crate) use sampler::{Greeting, Sampler, monotonic_ns, send, send_meta};
pub(crate) use snapshot::Snapshot;
use teeleak_proto::{bind::Bind, command::TaCommand, values::Words};
use time::SystemClock;
pub use time::TimeSource;
pub(crate) use workload::Workload;

use super::{Sink, stock::StatsPta};
use crate::TeeError;

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
    /// A [`TeeError`], or a [`crate::NotObservable`] when this build can't.
    fn connect(&self) -> Result<Box<dyn Device>>;

    /// Opens a session to the statistics PTA of stock OP-TEE.
    ///
    /// # Errors
    /// A [`TeeError`], or a [`crate::NotObservable`] when this build can't.
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

/// Counts of a snapshot; `None` where not observed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct LiveCounts {
    /// Live allocations of the core heap.
    pub(crate) allocations: Option<u32>,
    /// Regions of all TA instances.
    pub(crate) regions: Option<u32>,
}

/// An observer of a TEE: the teeleak TA, or the interfaces of stock OP-TEE.
pub(crate) trait Observer {
    /// Identifies the TEE; returns the current epoch.
    fn begin(&mut self, sink: &mut dyn Sink) -> Result<u32>;

    /// Takes a snapshot of everything.
    fn census(&mut self, sink: &mut dyn Sink) -> Result<LiveCounts>;

    /// Passes on the pool counters only.
    fn pools(&mut self, sink: &mut dyn Sink) -> Result<()>;

    /// Binds the TA's ledger to a protocol, where the TA has one.
    fn bind(&mut self, _bind: &Bind) -> Result<()> {
        Ok(())
    }

    /// Passes on the head of the TA's ledger, where it has one; returns the number of violations.
    fn ledger(&mut self, _sink: &mut dyn Sink) -> Result<u32> {
        Ok(0)
    }

    /// Passes on the events since the last call.
    fn events(&mut self, sink: &mut dyn Sink) -> Result<()>;

    /// Sets whether requests must avoid allocations in the TEE, where that is possible.
    fn set_frugal(&mut self, _frugal: bool) {}

    /// Sequence number of the next event, 0 where events have none.
    fn position(&self) -> u64 {
        0
    }

    /// Continues at the event where an earlier session ended.
    fn resume(&mut self, _position: u64) {}

    /// Starts the next epoch; returns its number.
    fn mark(&mut self, restart: bool) -> Result<u32>;

    /// Takes what is recorded only at the end of a run.
    fn last(&mut self, _sink: &mut dyn Sink) -> Result<()> {
        Ok(())
    }

    /// Plants the canary, where that is possible.
    fn plant(&mut self, size: u32, sink: &mut dyn Sink) -> Result<()>;
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
