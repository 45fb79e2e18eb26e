//! A limit for what can't be interrupted: a call into a TEE that no longer answers.

use std::{
    convert::Infallible,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// Expires unless it is dropped in time.
pub(super) struct Watchdog {
    _alive: Sender<Infallible>,
}

impl Watchdog {
    /// Runs `expire` on a thread of its own after `patience`. Without a thread nothing expires.
    pub(super) fn start(patience: Duration, expire: impl FnOnce() + Send + 'static) -> Self {
        let (alive, end) = mpsc::channel();
        let wait = move || {
            if end.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                expire();
            }
        };
        // Observing goes on without a limit, as it would without a watchdog.
        let _ = thread::Builder::new().name("watchdog".into()).spawn(wait);
        Self { _alive: alive }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use crate::source::live::watchdog::*;

    #[test]
    fn it_expires_unless_it_is_dropped_in_time() {
        let (expired, expiry) = mpsc::channel();
        let dropped_expired = expired.clone();
        drop(Watchdog::start(Duration::from_secs(3600), move || {
            let _ = dropped_expired.send("dropped");
        }));
        let _watchdog = Watchdog::start(Duration::from_millis(1), move || {
            let _ = expired.send("kept");
        });
        assert_eq!(expiry.iter().collect::<Vec<_>>(), ["kept"]);
    }
}
