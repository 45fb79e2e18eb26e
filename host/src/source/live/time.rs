//! Clocks for watching over days.

use std::{
    os::fd::BorrowedFd,
    time::{Duration, SystemTime},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    time::{ClockId, clock_gettime},
};

/// A clock, and waiting on it.
pub trait Time {
    /// Time since a fixed moment; it advances during suspend and is never set.
    fn now(&self) -> Duration;

    /// Seconds since 1970-01-01 UTC, for names only: the clock may be set at any time.
    fn unix(&self) -> u64;

    /// Waits until one of these is readable, a signal arrives, or the time is up.
    fn wait(&self, readable: &[BorrowedFd<'_>], most: Duration);
}

/// The clocks of this system.
pub(super) struct Clock;

impl Time for Clock {
    fn now(&self) -> Duration {
        let time = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    fn unix(&self) -> u64 {
        SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
    }

    fn wait(&self, readable: &[BorrowedFd<'_>], most: Duration) {
        let mut fds: Vec<_> =
            readable.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        // A signal ends the wait early, as intended; any other error shows up when the descriptor
        // is read.
        let _ = poll(&mut fds, Timespec::try_from(most).ok().as_ref());
    }
}
