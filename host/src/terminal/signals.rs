//! Ctrl-C: the first one ends a run with a report, the second one ends it at once. Other commands end at the
//! first one.

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
pub struct Interrupt {
    is_set: Arc<AtomicBool>,
    /// Whether nobody looks at the flag, so that a signal has to end the program.
    is_ignored: Arc<AtomicBool>,
}

impl Interrupt {
    /// A flag that SIGINT and SIGTERM set once somebody heeds it; before that, and at the second signal, they
    /// end the program as by default.
    ///
    /// # Errors
    /// When the signals can't be handled.
    pub fn on_signals() -> io::Result<Self> {
        let interrupt = Self { is_ignored: Arc::new(true.into()), ..Self::default() };
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_default(signal, Arc::clone(&interrupt.is_ignored))?;
            // In this order: the second signal finds the flag set by the first.
            flag::register_conditional_default(signal, Arc::clone(&interrupt.is_set))?;
            flag::register(signal, Arc::clone(&interrupt.is_set))?;
        }
        Ok(interrupt)
    }

    /// Promises to look at the flag: from now on, the first signal sets it only.
    #[must_use]
    pub fn heed(&self) -> &Self {
        self.is_ignored.store(false, Ordering::Relaxed);
        self
    }

    /// Requests the end.
    pub fn set(&self) {
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// Whether the end was requested.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }
}
