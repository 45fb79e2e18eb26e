//! A snapshot of the current state, as a source.

use anyhow::Result;
use teeleak_proto::frame::{FrameKind, Phase, PhaseStage};

use super::{
    NODE,
    sampler::{monotonic_ns, send_meta},
};
use crate::source::{
    Sink, Source,
    observer::{Observer, send},
};

/// A single snapshot.
pub(crate) struct Snapshot {
    observer: Box<dyn Observer>,
}

impl Snapshot {
    pub(crate) fn new(observer: Box<dyn Observer>) -> Self {
        Self { observer }
    }
}

impl Source for Snapshot {
    fn name(&self) -> String {
        NODE.into()
    }

    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()> {
        send_meta("", sink)?;
        let epoch = self.observer.begin(sink)?;
        let monotonic_ns = monotonic_ns();
        let phase = Phase { stage: PhaseStage::Before, iteration: 0, epoch, monotonic_ns };
        send(FrameKind::Phase, &phase, sink)?;
        self.observer.census(sink)?;
        Ok(())
    }
}
