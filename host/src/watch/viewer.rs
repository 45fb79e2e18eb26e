//! Somebody who looks on while a watch goes on.

use std::{os::fd::BorrowedFd, time::Duration};

use anyhow::Result;
use teeleak_analysis::{
    alarm::Alarm,
    model::{Observation, Pool},
};

/// What a viewer wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    /// To go on looking.
    Nothing,
    /// A dump of this moment.
    Dump,
    /// That the watch ends.
    End,
}

/// Somebody who looks on. What it is told is what the watch asks anyway: nobody asks the TEE for it.
pub(crate) trait Viewer {
    /// Called with each poll: the pools, and all that is kept so far.
    fn on_poll(&mut self, now: Duration, pools: &[Pool], kept: &Observation);

    /// Called with each census, as the last sample of what is kept.
    fn on_census(&mut self, now: Duration, kept: &Observation);

    /// Called with each alarm, right after the watch wrote its line.
    fn on_alarm(&mut self, now: Duration, alarm: &Alarm);

    /// Shows what there is, and takes what is wanted; never waits.
    ///
    /// # Errors
    /// When there is nothing left to show it on.
    fn look(&mut self, now: Duration) -> Result<Wanted>;

    /// What to wait for besides the next poll.
    fn input(&self) -> Option<BorrowedFd<'_>>;
}

/// Nobody looks on.
pub(crate) struct NoViewer;

impl Viewer for NoViewer {
    fn on_poll(&mut self, _: Duration, _: &[Pool], _: &Observation) {}

    fn on_census(&mut self, _: Duration, _: &Observation) {}

    fn on_alarm(&mut self, _: Duration, _: &Alarm) {}

    fn look(&mut self, _: Duration) -> Result<Wanted> {
        Ok(Wanted::Nothing)
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
