//! The normal world, if watched: its pools at each poll, its ledgers with each snapshot.

use std::{path::Path, time::Duration};

use anyhow::Result;
use teeleak_analysis::{
    alarm::{Alarm, Alarms},
    model::Pool,
};

use crate::source::{
    Sink,
    normal_world::{Depth, Ledgers},
};

/// The watched part of the normal world.
pub(super) struct NormalWorldWatch {
    ledgers: Ledgers,
    /// Separate from the TEE's alarms: a shortage here does not imply one there.
    alarms: Alarms,
}

impl NormalWorldWatch {
    pub(super) fn new(root: &Path, low_water: u8) -> Self {
        Self { ledgers: Ledgers::new(root), alarms: Alarms::new(low_water) }
    }

    /// Its pools, and their alarms.
    pub(super) fn poll(&mut self, now: Duration) -> (Vec<Pool>, Vec<Alarm>) {
        let pools = self.ledgers.pools();
        let alarms = self.alarms.pools(now, &pools);
        (pools, alarms)
    }

    /// Passes a snapshot of its ledgers to `sink`.
    ///
    /// # Errors
    /// When `sink` fails.
    pub(super) fn census(&mut self, depth: Depth, sink: &mut dyn Sink) -> Result<()> {
        self.ledgers.sample(depth, sink)
    }
}
