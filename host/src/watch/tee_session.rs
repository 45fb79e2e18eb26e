//! The session to the TEE: kept open, and reopened when it has died.

use std::{io::Write, time::Duration};

use anyhow::{Error, Result};
use teeleak_proto::{
    bind::Bind,
    frame::PhaseStage,
    tee_result::{BUSY, OUT_OF_MEMORY},
};

use super::recorder::FrameRecorder;
use crate::{
    error::TeeError,
    source::{
        AccessOptions,
        live::{CANARY_BYTES, Discard, TimeSource, World, begin},
        normal_world::{TeeAbsence, no_tee},
        observer::Observer,
    },
};

/// Pause before a session is reopened: the first one, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A session, and how to reopen it.
pub(super) struct TeeLink<'e> {
    ways: &'e AccessOptions,
    world: &'e dyn World,
    time: Box<dyn TimeSource>,
    /// The protocol that the TA's ledger checks.
    bind: Option<Bind>,
    bound: bool,
    observer: Option<Box<dyn Observer>>,
    /// Why there was no TEE at the start.
    none: Option<TeeAbsence>,
    /// Whether the session uses the best access available so far.
    best: bool,
    retry: Duration,
    pause: Duration,
    /// Sequence number of the next event.
    position: u64,
    /// The last error that was reported.
    said: Option<String>,
}

impl<'e> TeeLink<'e> {
    /// Opens a session; with `alone`, there is something to watch without a TEE, too.
    ///
    /// # Errors
    /// When the TEE can't be reached, and there is nothing else to watch.
    pub(super) fn open(
        ways: &'e AccessOptions,
        world: &'e dyn World,
        bind: Option<Bind>,
        alone: bool,
        err: &mut dyn Write,
    ) -> Result<Self> {
        let (observer, none, said) = match ways.reach(world, err) {
            Ok(observer) => (Some(observer), None, None),
            Err(error) if alone && !ways.are_given() => {
                (None, Some(no_tee(world, &error, err)?), Some(format!("{error:#}")))
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            best: observer.is_some(),
            observer,
            none,
            ways,
            world,
            time: world.time(),
            bind,
            bound: false,
            retry: Duration::ZERO,
            pause: PAUSE.0,
            position: 0,
            said,
        })
    }

    pub(super) fn time(&self) -> &dyn TimeSource {
        &*self.time
    }

    /// Whether the TA's ledger is active.
    pub(super) fn binds(&self) -> bool {
        self.bound
    }

    /// Does everything before the first interval; returns the epoch of later allocations.
    pub(super) fn prepare(&mut self, book: &mut FrameRecorder) -> Result<u32> {
        let Some(observer) = &mut self.observer else {
            self.none.as_ref().map_or(Ok(()), |none| none.report(book))?;
            begin(PhaseStage::Before, 0, 0, book)?;
            return Ok(0);
        };
        book.greet();
        observer.begin(book)?;
        // As in a run: one-time allocations of the first requests must not show.
        observer.census(&mut Discard)?;
        observer.events(&mut Discard)?;
        let epoch = observer.mark(true)?;
        begin(PhaseStage::Before, 0, epoch, book)?;
        book.plant();
        observer.plant(CANARY_BYTES, book)?;
        observer.census(book)?;
        self.watch_order()?;
        self.call(&mut std::io::sink(), |observer| observer.mark(false))
            .map(|mark| mark.unwrap_or(epoch))
    }

    /// Activates the TA's ledger, if there is a protocol for it.
    fn watch_order(&mut self) -> Result<()> {
        if let (Some(observer), Some(bind)) = (&mut self.observer, &self.bind) {
            observer.bind(bind)?;
            self.bound = true;
        }
        Ok(())
    }

    /// Makes a request if a session is open; an error is reported once.
    ///
    /// # Errors
    /// When the error can't be reported.
    pub(super) fn call<T>(
        &mut self,
        err: &mut dyn Write,
        ask: impl FnOnce(&mut dyn Observer) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(observer) = &mut self.observer else { return Ok(None) };
        let error = match ask(&mut **observer) {
            Ok(answer) => {
                self.position = observer.position();
                return Ok(Some(answer));
            }
            Err(error) => error,
        };
        // Keep the session: there may be no memory for another one.
        if !passes(&error) {
            self.observer = None;
            self.retry = self.time.now() + self.pause;
        }
        self.say(format!("{error:#}"), err)?;
        Ok(None)
    }

    /// Sets whether requests must save the TEE's memory.
    pub(super) fn set_frugal(&mut self, frugal: bool) {
        if let Some(observer) = &mut self.observer {
            observer.set_frugal(frugal);
        }
    }

    /// Opens a missing session, or a better one, when it is time to retry.
    ///
    /// # Errors
    /// When the outcome can't be reported.
    pub(super) fn renew(&mut self, book: &mut FrameRecorder, err: &mut dyn Write) -> Result<()> {
        if (self.best && self.observer.is_some()) || self.time.now() < self.retry {
            return Ok(());
        }
        let error = match self.ways.best(self.world) {
            Ok((observer, None)) => match self.resume(observer, book) {
                Ok(()) => {
                    writeln!(err, "teeleak: session reopened")?;
                    return Ok(());
                }
                Err(error) => error,
            },
            Ok((_, Some(missing))) => missing,
            Err(error) => error,
        };
        self.best = false;
        self.pause = (self.pause * 2).min(PAUSE.1);
        self.retry = self.time.now() + self.pause;
        self.say(format!("{error:#}"), err)?;
        if self.observer.is_none()
            && let Ok(mut stock) = self.ways.stock(self.world)
            && stock.begin(book).is_ok()
        {
            writeln!(err, "teeleak: continuing with stock OP-TEE data until then")?;
            self.observer = Some(Box::new(stock));
        }
        Ok(())
    }

    fn resume(&mut self, mut observer: Box<dyn Observer>, book: &mut FrameRecorder) -> Result<()> {
        book.greet();
        observer.begin(book)?;
        observer.resume(self.position);
        // The canary went with the session that planted it. A session without one is better than none:
        // the report counts the samples that don't show it.
        book.plant();
        if observer.plant(CANARY_BYTES, book).is_err() {
            book.forget();
        }
        self.observer = Some(observer);
        self.watch_order()?;
        (self.best, self.pause, self.said) = (true, PAUSE.0, None);
        Ok(())
    }

    fn say(&mut self, what: String, err: &mut dyn Write) -> Result<()> {
        if self.said.as_ref() != Some(&what) {
            writeln!(err, "teeleak: {what}; continuing; will retry")?;
            self.said = Some(what);
        }
        Ok(())
    }
}

/// Whether the session is still usable after this error.
fn passes(error: &Error) -> bool {
    let result = error.downcast_ref::<TeeError>().map(|error| error.result);
    matches!(result, Some(OUT_OF_MEMORY | BUSY))
}
