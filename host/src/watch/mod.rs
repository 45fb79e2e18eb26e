//! Watching for days: a rolling window on disk, alarms, and a dump at once when something is wrong.
//!
//! ```text
//! each poll      pools, events ───────> alarms ──> dump, the user's command
//! each snapshot  mark, full snapshot ─> window of captures on disk, and audit of the newest samples
//! on request     "dump" on the socket > dump
//! ```
//!
//! Invariants:
//! - One session, kept open. Another one is opened only when it has died, with a back-off; until then
//!   the watch continues with stock OP-TEE data.
//! - Storage is bounded: on disk by the window, in memory by the newest samples and events.
//! - No failure ends the watch: failures are reported once, counted, and retried.

mod alarm_hook;
mod control_socket;
mod metrics;
mod metrics_server;
mod normal_world;
mod recorder;
mod settings;
mod tee_session;
mod viewer;

use std::{io::Write, path::Path, time::Duration};

use alarm_hook::AlarmHook;
use anyhow::{Context as _, Result};
use control_socket::ControlSocket;
pub(crate) use control_socket::{DumpAnswer, ask};
use metrics::Metrics;
pub(crate) use metrics::MetricsTargets;
use normal_world::NormalWorldWatch;
use recorder::{FrameRecorder, Pages};
pub(crate) use settings::WatchSettings;
use tee_session::TeeLink;
use teeleak_analysis::{
    alarm::{Alarm, Alarms, Bounds},
    audit::audit,
    text,
};
use teeleak_proto::frame::{FrameKind, Iteration, PhaseStage};
pub(crate) use viewer::{NoViewer, Viewer, ViewerRequest};

use crate::{
    escape::escape_controls,
    source::{
        AccessOptions,
        live::{World, begin, monotonic_ns},
        normal_world::Depth,
        observer::send,
    },
    terminal::signals::Interrupt,
    window::{Window, WindowDump},
};

/// Bounds in memory: 32 samples suffice for every verdict of a run, and fit into a few megabytes.
const BOUNDS: Bounds = Bounds { samples: 32, events: 4096, others: 64 };

/// Snapshots may take one part in so many of the time. When the TEE has so little memory left that it
/// returns a few bytes at a time, a snapshot takes seconds.
const COST: u32 = 200;

/// The longest delay of a snapshot due to its cost: a suspend makes a cheap one look expensive.
const PUT_OFF: Duration = Duration::from_secs(900);

/// A running watch.
pub(crate) struct Watch<'e> {
    settings: WatchSettings,
    link: TeeLink<'e>,
    normal: Option<NormalWorldWatch>,
    book: FrameRecorder,
    window: Window,
    alarms: Alarms,
    action: AlarmHook,
    door: ControlSocket,
    metrics: Option<Metrics>,
    err: &'e mut dyn Write,
    viewer: &'e mut dyn Viewer,
    /// Number of the next snapshot.
    number: u32,
    /// Whether a write error of the window was reported.
    stuck: bool,
    epoch: u32,
    began_ns: u64,
    next_census: Duration,
}

impl<'e> Watch<'e> {
    /// Locks the folder and opens the TEE.
    ///
    /// # Errors
    /// When another watch uses this folder, it can't be written, or the TEE can't be reached.
    pub(crate) fn start(
        folder: &Path,
        settings: WatchSettings,
        (ways, world): (&'e AccessOptions, &'e dyn World),
        (err, viewer): (&'e mut dyn Write, &'e mut dyn Viewer),
    ) -> Result<Self> {
        let cannot = || format!("cannot keep a window in {}", folder.display());
        let window = Window::open(folder, settings.most_bytes).with_context(cannot)?;
        let door = ControlSocket::open(folder)?;
        let bind = settings.options.protocols.iter().rev().find_map(|one| one.bind().ok());
        let root = settings.normal.as_deref();
        let link = TeeLink::open(ways, world, bind, root.is_some(), err)?;
        let mut watch = Self {
            book: FrameRecorder::new(),
            normal: root.map(|root| NormalWorldWatch::new(root, settings.low_water)),
            window,
            alarms: Alarms::new(settings.low_water),
            action: AlarmHook::new(settings.command.clone(), settings.heard),
            door,
            metrics: Metrics::open(&settings.metrics)?,
            err,
            viewer,
            number: 1,
            stuck: false,
            epoch: 0,
            began_ns: monotonic_ns(),
            next_census: link.time().now() + settings.census,
            link,
            settings,
        };
        watch.prepare()?;
        Ok(watch)
    }

    /// Does everything before the first interval, as in a run.
    fn prepare(&mut self) -> Result<()> {
        self.book.begin(&format!("watch --census {}", self.settings.census.as_secs()))?;
        self.epoch = self.link.prepare(&mut self.book)?;
        self.look_beside(Depth::Whole)?;
        self.write();
        self.next_iteration(self.epoch)?;
        self.write();
        self.sync();
        Ok(())
    }

    /// Watches until asked to end.
    ///
    /// # Errors
    /// When its messages can't be written, or its display is gone.
    pub(crate) fn run(&mut self, interrupt: &Interrupt) -> Result<()> {
        let outcome = self.go_on(interrupt);
        self.end()?;
        outcome
    }

    fn go_on(&mut self, interrupt: &Interrupt) -> Result<()> {
        let mut next = self.link.time().now();
        while !interrupt.is_set() {
            let current_time = self.link.time().now();
            // After a suspend, missed polls are not made up for.
            if current_time >= next {
                self.poll()?;
                self.publish();
                next = current_time + self.settings.poll;
            }
            if current_time >= self.next_census {
                self.census()?;
                let took = self.link.time().now().saturating_sub(current_time);
                self.next_census = current_time + pause(self.settings.census, took);
            }
            self.serve()?;
            self.action.look(current_time, self.err)?;
            match self.viewer.look(self.link.time().now())? {
                ViewerRequest::End => break,
                // Its path is shown at once.
                ViewerRequest::Dump => self.dump_now()?,
                ViewerRequest::Nothing => {
                    let longest_wait = next.saturating_sub(self.link.time().now());
                    self.door.wait(self.link.time(), self.viewer.input(), longest_wait);
                }
            }
        }
        Ok(())
    }

    /// Takes a dump that the viewer requested.
    fn dump_now(&mut self) -> Result<()> {
        match self.dump("asked")? {
            Ok(dump) => self.say(&format!("dump: {}", dump.path.display())),
            Err(error) => self.say(&format!("no dump: {error:#}")),
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        begin(PhaseStage::After, 0, self.epoch.wrapping_add(1), &mut self.book)?;
        self.write();
        self.sync();
        let loss = self.window.loss();
        if loss.units > 0 {
            let (units, bytes) = (text::number(loss.units), text::number(loss.bytes));
            writeln!(self.err, "teeleak: {bytes} bytes of {units} units could not be written")?;
        }
        Ok(())
    }

    /// Polls the pools and reads the events.
    fn poll(&mut self) -> Result<()> {
        let (mut alarms, mut all_pools) = (Vec::new(), Vec::new());
        self.link.renew(&mut self.book, self.err)?;
        let mut pages = Pages::default();
        let poll_result = self.link.call(self.err, |observer| observer.pools(&mut pages))?;
        if let Some(pools) = poll_result.map(|()| pages.pools()) {
            if let Some(metrics) = &self.metrics {
                metrics.pools(&pools);
            }
            alarms.extend(self.alarms.pools(self.link.time().now(), &pools));
            // Later requests must not use up the remaining memory.
            let short = self.alarms.is_short(self.link.time().now());
            self.link.set_frugal(short);
            if self.book.is_news(&pools, !alarms.is_empty()) {
                self.book.add(&pages)?;
            }
            all_pools = pools;
        }
        if let Some(normal) = &mut self.normal {
            let (pools, low) = normal.poll(self.link.time().now());
            if let Some(metrics) = &self.metrics {
                metrics.pools(&pools);
            }
            all_pools.extend(pools);
            alarms.extend(low);
        }
        let book = &mut self.book;
        self.link.call(self.err, |observer| observer.events(book))?;
        alarms.extend(self.call_alarm());
        self.viewer.on_poll(self.link.time().now(), &all_pools, self.book.so_far());
        if self.link.binds() {
            let violations = self.link.call(self.err, |observer| observer.ledger(&mut pages))?;
            alarms.extend(violations.and_then(|n| self.alarms.ledger(n)));
        }
        self.write();
        if self.book.is_long(BOUNDS) {
            self.book.keep(BOUNDS);
        }
        self.raise(&alarms)
    }

    /// An alarm of the events that were read, after which requests must save the TEE's memory.
    fn call_alarm(&mut self) -> Option<Alarm> {
        let now = self.link.time().now();
        let alarm = self.alarms.calls(now, &self.book.so_far().events)?;
        self.link.set_frugal(true);
        Some(alarm)
    }

    /// Ends an interval with a snapshot, and starts the next one.
    fn census(&mut self) -> Result<()> {
        let monotonic_ns = monotonic_ns();
        let duration_ns = monotonic_ns.saturating_sub(self.began_ns);
        let book = &mut self.book;
        let tee_epoch = self.link.call(self.err, |observer| {
            observer.events(book)?;
            let iteration = Iteration { status: 0, duration_ns, monotonic_ns };
            send(FrameKind::Iteration, &iteration, book)?;
            observer.census(book)?;
            observer.mark(false)
        })?;
        self.look_beside(Depth::Usual)?;
        self.write();
        let fallback_epoch = self.normal.as_ref().map(|_| self.epoch);
        let Some(epoch) = tee_epoch.or(fallback_epoch) else { return Ok(()) };
        self.number += 1;
        self.next_iteration(epoch)?;
        self.write();
        self.sync();
        self.book.keep(BOUNDS);
        if let (Some(metrics), Some(sample)) = (&self.metrics, self.book.so_far().samples.last()) {
            metrics.census(sample, self.link.time().unix());
        }
        self.viewer.on_census(self.link.time().now(), self.book.so_far());
        let report = audit(self.book.so_far(), &self.settings.options);
        let alarms = self.alarms.findings(&report.findings);
        self.raise(&alarms)
    }

    /// Takes the normal world's part of a snapshot.
    fn look_beside(&mut self, depth: Depth) -> Result<()> {
        let book = &mut self.book;
        self.normal.as_mut().map_or(Ok(()), |normal| normal.census(depth, book))
    }

    fn next_iteration(&mut self, epoch: u32) -> Result<()> {
        self.epoch = epoch;
        self.began_ns = monotonic_ns();
        begin(PhaseStage::Measured, self.number, epoch, &mut self.book)
    }

    /// Takes a dump and reports the alarms: in messages, in the metrics, to the user's command.
    fn raise(&mut self, alarms: &[Alarm]) -> Result<()> {
        let Some(first) = alarms.first() else { return Ok(()) };
        let dump = self.dump(first.reason())?;
        for alarm in alarms {
            let (said, path) = match &dump {
                Ok(dump) => (format!("see {}", dump.path.display()), Some(dump.path.as_path())),
                Err(error) => (format!("no dump: {error:#}"), None),
            };
            writeln!(self.err, "teeleak: alarm: {} ({said})", escape_controls(&alarm.to_string()))?;
            self.viewer.on_alarm(self.link.time().now(), alarm);
            if let Some(metrics) = &self.metrics {
                metrics.alarm(alarm.reason());
            }
            self.action.add(&alarm.to_string(), path, self.err)?;
        }
        self.action.look(self.link.time().now(), self.err)?;
        Ok(())
    }

    /// Dumps the window and this moment. Parts that the TEE no longer provides are omitted.
    fn dump(&mut self, reason: &str) -> Result<Result<WindowDump>> {
        let mut fresh = Pages::default();
        let snapshot_result =
            self.link.call(self.err, |observer| observer.census(&mut fresh).map(drop))?;
        if snapshot_result.is_some() || self.normal.is_some() {
            begin(PhaseStage::After, 0, self.epoch.wrapping_add(1), &mut fresh)?;
        }
        // The interval is not over: this snapshot is not one of its values.
        if let Some(normal) = &mut self.normal {
            normal.census(Depth::Usual, &mut fresh)?;
        }
        self.sync();
        let dump = self.window.dump(self.link.time().unix(), reason, &fresh.encoded()?);
        if let Ok(WindowDump { left_out_bytes: left_out @ 1.., .. }) = dump {
            self.say(&format!(
                "the dump has no room for the oldest {} bytes of the window",
                text::number(left_out)
            ));
        }
        Ok(dump.context("cannot write the dump"))
    }

    /// Answers requests for a dump: one dump for all requests that came before it.
    fn serve(&mut self) -> Result<()> {
        let caller_count = self.door.look(self.link.time().now());
        if caller_count == 0 {
            return Ok(());
        }
        self.poll()?;
        let answer = match self.dump("asked")? {
            Ok(dump) => Ok(dump.path),
            Err(error) => Err(format!("{error:#}")),
        };
        self.door.answer(caller_count, &answer);
        Ok(())
    }

    /// Writes the recorded frames; an error is reported once.
    fn write(&mut self) {
        self.window.set_preamble(self.book.preamble());
        let result = self.window.append(self.book.unit());
        self.book.clear();
        match result {
            Ok(()) if self.stuck => {
                self.stuck = false;
                self.say("the window can be written again");
            }
            Err(error) if !self.stuck => {
                self.stuck = true;
                self.say(&format!("cannot write the window: {error}; continuing without it"));
            }
            _ => {}
        }
    }

    fn sync(&mut self) {
        if let Err(error) = self.window.sync()
            && !self.stuck
        {
            self.stuck = true;
            self.say(&format!("cannot write the window: {error}; continuing without it"));
        }
    }

    fn publish(&mut self) {
        if let Some(trouble) = self.metrics.as_mut().and_then(Metrics::publish) {
            self.say(&trouble);
        }
    }

    /// Prints a message; errors are ignored.
    fn say(&mut self, what: &str) {
        let _ = writeln!(self.err, "teeleak: {what}");
    }
}

/// Time to the next snapshot, after one that `took` so long.
fn pause(between: Duration, took: Duration) -> Duration {
    between.max(took.saturating_mul(COST).min(PUT_OFF))
}

#[cfg(test)]
mod tests {
    use crate::watch::*;

    #[test]
    fn a_census_is_put_off_by_what_it_cost_and_never_for_long() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(seconds(60), Duration::from_millis(3)), seconds(60));
        assert_eq!(pause(seconds(60), seconds(2)), seconds(400));
        // A suspend of a night.
        assert_eq!(pause(seconds(60), seconds(8 * 3600)), seconds(900));
        assert_eq!(pause(seconds(3600), Duration::MAX), seconds(3600));
    }
}
