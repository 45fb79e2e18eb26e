//! What a source of a live TEE offers, whichever way it reaches the TEE.

use anyhow::Result;
use serde::Serialize;
use teeleak_proto::{bind::Bind, frame::FrameKind};

use super::Sink;

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

    /// Events that the TEE keeps for the next read, 0 where it keeps none; `None` where reading
    /// costs the TEE nothing.
    fn event_room(&self) -> Option<u64> {
        None
    }

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

/// Sends a frame with a postcard-encoded body.
pub(crate) fn send(kind: FrameKind, body: &impl Serialize, sink: &mut dyn Sink) -> Result<()> {
    sink.frame(Some(kind), &postcard::to_extend(body, Vec::new())?)
}
