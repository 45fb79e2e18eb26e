//! Ctrl-C: the first one ends a run with a report, the second one ends it at once.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Whether the program was asked to end.
#[derive(Clone, Default, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A flag that SIGINT and SIGTERM set; a second signal ends the program as by default.
    ///
    /// # Errors
    /// When the signals can't be handled.
    pub fn on_signals() -> io::Result<Self> {
        let this = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order: the second signal finds the flag set by the first.
            flag::register_conditional_default(signal, Arc::clone(&this.0))?;
            flag::register(signal, Arc::clone(&this.0))?;
        }
        Ok(this)
    }

    /// Requests the end.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was requested.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
