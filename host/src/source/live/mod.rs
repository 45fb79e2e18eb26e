//! The live source: a TEE, by way of the teeleak TA.
//!
//! Only [`world`] and the modules behind the features `live` and `direct` know how a TEE is reached:
//! over libteec, or over the kernel's interface. Everything else talks to a [`Device`], which tests replace by the TA's own logic in their process.

mod child;
#[cfg(all(feature = "direct", not(feature = "live")))]
mod direct;
pub mod kernel;
mod plan;
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

use anyhow::Result;
use teeleak_proto::{bind::Bind, command::Command, values::Words};

use super::{Sink, stock::StatsPta};
use crate::TeeError;
pub(crate) use child::Workload;
pub(crate) use plan::{CANARY_BYTES, Discard, Outcome, Plan, Progress, Run, begin};
pub(crate) use sampler::{Greeting, Sampler, monotonic_ns, send, send_meta};
pub(crate) use snapshot::Snapshot;
use time::Clock;
pub use time::Time;

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

    /// Invokes a command that takes and gives values alone, see [`teeleak_proto::values`].
    ///
    /// # Errors
    /// The result that the TA, the TEE or libteec answered.
    fn exchange(&mut self, command: u32, words: Words) -> Result<Words, TeeError>;
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

    /// Opens a session to the statistics PTA of stock OP-TEE.
    ///
    /// # Errors
    /// A [`TeeError`], or a [`crate::Blind`] when this build can't.
    fn stats(&self) -> Result<Box<dyn StatsPta>>;

    /// The time by which it is watched.
    fn time(&self) -> Box<dyn Time> {
        clock()
    }

    /// What the kernel of the normal world tells.
    fn kernel(&self) -> Vec<kernel::Told> {
        kernel::ask()
    }
}

/// What a census counted, as far as it could be seen.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Counts {
    /// Live allocations of the core heap.
    pub(crate) allocations: Option<u32>,
    /// Regions of all TA instances.
    pub(crate) regions: Option<u32>,
}

/// Who looks into a TEE: the teeleak TA, or what stock OP-TEE offers.
pub(crate) trait Observer {
    /// Says what it is that is looked at; gives the epoch of allocations made now.
    fn begin(&mut self, sink: &mut dyn Sink) -> Result<u32>;

    /// Takes a census of everything.
    fn census(&mut self, sink: &mut dyn Sink) -> Result<Counts>;

    /// Passes on the figures of the pools, and nothing else.
    fn pools(&mut self, sink: &mut dyn Sink) -> Result<()>;

    /// Has the TA's ledger watch this, where there is one.
    fn bind(&mut self, _bind: &Bind) -> Result<()> {
        Ok(())
    }

    /// Passes on the head of the TA's ledger, where there is one; gives the violations that it noticed.
    fn ledger(&mut self, _sink: &mut dyn Sink) -> Result<u32> {
        Ok(0)
    }

    /// Passes on what happened since the last time.
    fn events(&mut self, sink: &mut dyn Sink) -> Result<()>;

    /// Says whether the TEE has to do without allocating anything for what is asked, where it can.
    fn set_frugal(&mut self, _frugal: bool) {}

    /// Number of the event that comes next, where events have any.
    fn position(&self) -> u64 {
        0
    }

    /// Goes on where a session before ended.
    fn resume(&mut self, _position: u64) {}

    /// Begins the next epoch; gives its number.
    fn mark(&mut self, restart: bool) -> Result<u32>;

    /// Takes what is told of the end alone.
    fn last(&mut self, _sink: &mut dyn Sink) -> Result<()> {
        Ok(())
    }

    /// Plants the canary, where there can be one.
    fn plant(&mut self, size: u32, sink: &mut dyn Sink) -> Result<()>;
}

/// The clocks of this system.
#[must_use]
pub fn clock() -> Box<dyn Time> {
    Box::new(Clock)
}

/// The TEE of this system, as far as this build can reach it.
#[must_use]
pub fn world() -> Box<dyn World> {
    #[cfg(feature = "live")]
    return Box::new(teec::Libteec);
    #[cfg(all(feature = "direct", not(feature = "live")))]
    return Box::new(direct::Kernel);
    #[cfg(not(any(feature = "live", feature = "direct")))]
    return Box::new(unlinked::Unlinked);
}
