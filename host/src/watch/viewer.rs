//! Somebody who looks on while a watch goes on.

use std::{os::fd::BorrowedFd, time::Duration};

use anyhow::Result;
use teeleak_analysis::model::{Observation, Pool};

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
    /// Told with each poll: the pools, and all that is kept so far.
    fn polled(&mut self, now: Duration, pools: &[Pool], kept: &Observation);

    /// Told with each census, as the last sample of what is kept.
    fn counted(&mut self, now: Duration, kept: &Observation);

    /// Shows what there is, and takes what is wanted; never waits.
    ///
    /// # Errors
    /// When there is nothing left to show it on.
    fn look(&mut self, now: Duration) -> Result<Wanted>;

    /// What to wait for besides the next poll.
    fn input(&self) -> Option<BorrowedFd<'_>>;
}

/// Nobody looks on.
pub(crate) struct Nobody;

impl Viewer for Nobody {
    fn polled(&mut self, _: Duration, _: &[Pool], _: &Observation) {}

    fn counted(&mut self, _: Duration, _: &Observation) {}

    fn look(&mut self, _: Duration) -> Result<Wanted> {
        Ok(Wanted::Nothing)
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
