//! A viewer of a running watch.

use std::{os::fd::BorrowedFd, time::Duration};

use anyhow::Result;
use teeleak_analysis::{
    alarm::Alarm,
    model::{Observation, Pool},
};

/// A viewer's request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    /// To continue.
    Nothing,
    /// A dump of this moment.
    Dump,
    /// The end of the watch.
    End,
}

/// A viewer. It gets data that the watch requests anyway: it causes no requests to the TEE.
pub(crate) trait Viewer {
    /// Called at each poll, with the pools and the observation so far.
    fn on_poll(&mut self, now: Duration, pools: &[Pool], kept: &Observation);

    /// Called after each snapshot, which is the last sample of `kept`.
    fn on_census(&mut self, now: Duration, kept: &Observation);

    /// Called with each alarm, right after the watch wrote its line.
    fn on_alarm(&mut self, now: Duration, alarm: &Alarm);

    /// Shows the display, and returns the user's request; never waits.
    ///
    /// # Errors
    /// When the display is gone.
    fn look(&mut self, now: Duration) -> Result<Wanted>;

    /// A descriptor to wait for, besides the next poll.
    fn input(&self) -> Option<BorrowedFd<'_>>;
}

/// No viewer.
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
