//! The normal world, where it is watched as well: its pools at each poll, its ledgers with each census.

use std::{path::Path, time::Duration};

use anyhow::Result;
use teeleak_analysis::{
    alarm::{Alarm, Alarms},
    model::Pool,
};

use crate::source::{
    Sink,
    normal::{Depth, Ledgers},
};

/// What is watched of it.
pub(super) struct Normal {
    ledgers: Ledgers,
    /// Of its own: that its memory is short says nothing of the TEE's.
    alarms: Alarms,
}

impl Normal {
    pub(super) fn new(root: &Path, low_water: u8) -> Self {
        Self { ledgers: Ledgers::new(root), alarms: Alarms::new(low_water) }
    }

    /// Its pools, and what is wrong with them.
    pub(super) fn poll(&mut self, now: Duration) -> (Vec<Pool>, Vec<Alarm>) {
        let pools = self.ledgers.pools();
        let alarms = self.alarms.pools(now, &pools);
        (pools, alarms)
    }

    /// Passes on what its ledgers say.
    ///
    /// # Errors
    /// When it can't be passed on.
    pub(super) fn census(&mut self, depth: Depth, sink: &mut dyn Sink) -> Result<()> {
        self.ledgers.sample(depth, sink)
    }
}
