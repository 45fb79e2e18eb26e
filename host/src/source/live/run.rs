//! A run: a repeated workload, with a snapshot after each iteration.
//!
//! ```text
//! discarded snapshot · epochs restarted · canary · snapshot
//! { mark · a program that does nothing · events · snapshot }  idle: the effect of the rest
//! { mark · workload                    · events · snapshot }  warm-up, then measured
//! ```
//!
//! An iteration that is interrupted, or does not end, has no snapshot and does not count.

use std::{ffi::OsString, io::Write, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use teeleak_analysis::{
    model::{self, Gap, Reason},
    parse::capture::Damage,
    text,
};
use teeleak_proto::frame::{FrameKind, Hang, Iteration, Phase, PhaseStage};

use super::{
    NODE,
    pace::EventPace,
    sampler::{monotonic_ns, send_meta},
    watchdog::Watchdog,
    workload::Workload,
};
use crate::{
    exit::Exit,
    source::{
        Sink, Source,
        clients::Recorder,
        normal_world::Supplicant,
        observer::{LiveCounts, Observer, send},
    },
    terminal::signals::Interrupt,
};

/// Size of the canary in bytes: one that few allocations have.
pub(crate) const CANARY_BYTES: u32 = 211;

/// How long the TEE has to answer while the workload hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The parameters of a run.
pub(crate) struct RunPlan {
    /// Iterations without the workload.
    pub(crate) idle: u32,
    /// Warm-up iterations, which don't count.
    pub(crate) warmup: u32,
    /// Measured iterations.
    pub(crate) iterations: u32,
    /// Most measured iterations while the result is inconclusive.
    pub(crate) most: u32,
    /// Program and arguments of the workload.
    pub(crate) words: Vec<OsString>,
    /// A program that does nothing, for idle iterations; may be missing.
    pub(crate) idle_words: Vec<OsString>,
    /// How long an iteration may take.
    pub(crate) timeout: Option<Duration>,
    /// Whether to continue after a failed workload.
    pub(crate) keep_going: bool,
    /// Records TEE client calls.
    pub(crate) recorder: Option<Recorder>,
    /// Counts descriptors of tee-supplicant, unless the observer lists those of all processes.
    pub(crate) supplicant: Option<Supplicant>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum RunOutcome {
    /// As planned.
    Finished,
    /// As planned, but still inconclusive after this many iterations, the most allowed.
    Undecided(u32),
    /// By a signal.
    Interrupted,
    /// The workload failed with this status.
    WorkloadFailed(i32),
    /// The workload did not end in time.
    TimedOut {
        /// How long it was given.
        limit: Duration,
        /// Whether it could be ended.
        ended: bool,
    },
    /// The TEE stopped responding.
    Failed(anyhow::Error),
}

/// Where to show progress, if anywhere.
pub(crate) struct RunProgress<'e> {
    /// A terminal.
    pub(crate) line: Option<&'e mut dyn Write>,
}

impl RunProgress<'_> {
    fn show(&mut self, text: &str) {
        if let Some(line) = &mut self.line {
            // Failing to show progress must not stop the run.
            let _ = write!(line, "\r\x1b[K{text}").and_then(|()| line.flush());
        }
    }
}

/// A run, as a source.
pub(crate) struct WorkloadRun<'e> {
    observer: Box<dyn Observer>,
    plan: RunPlan,
    interrupt: Interrupt,
    progress: RunProgress<'e>,
    outcome: RunOutcome,
    pace: Option<EventPace>,
}

/// How the program of an iteration ended.
enum WorkloadEnd {
    /// With this exit status.
    Exited(i32),
    /// By the interrupt of the run.
    Interrupted,
    /// Not in time, but it may have been ended.
    TimedOut(RunOutcome),
}

/// Discards all frames.
pub(crate) struct Discard;

impl Sink for Discard {
    fn frame(&mut self, _kind: Option<FrameKind>, _payload: &[u8]) -> Result<()> {
        Ok(())
    }

    fn damage(&mut self, _damage: Damage) {}
}

impl<'e> WorkloadRun<'e> {
    pub(crate) fn new(
        observer: Box<dyn Observer>,
        plan: RunPlan,
        interrupt: Interrupt,
        progress: RunProgress<'e>,
    ) -> Self {
        let outcome = RunOutcome::Finished;
        Self { observer, plan, interrupt, progress, outcome, pace: None }
    }

    /// How it ended.
    pub(crate) fn outcome(self) -> RunOutcome {
        self.outcome
    }

    /// Everything before the first iteration; an error here leaves nothing to report.
    fn prepare(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let words: Vec<_> = self.plan.words.iter().map(|word| word.to_string_lossy()).collect();
        send_meta(&words.join("\0"), sink)?;
        self.observer.begin(sink)?;
        self.pace = self.observer.event_room().map(EventPace::new);
        // Hide what the first snapshot and the first read of events allocate once, and drop earlier
        // events.
        self.observer.census(&mut Discard)?;
        self.observer.events(&mut Discard)?;
        let epoch = self.observer.mark(true)?;
        begin(PhaseStage::Before, 0, epoch, sink)?;
        self.observer.plant(CANARY_BYTES, sink)?;
        self.census_after(sink)?;
        Ok(())
    }

    fn iterations(&mut self, sink: &mut dyn Sink) -> Result<RunOutcome> {
        let stages = [(PhaseStage::Idle, self.plan.idle), (PhaseStage::Warmup, self.plan.warmup)];
        for (stage, n) in stages {
            for k in 1..=n {
                if let Some(end) = self.observe_iteration(stage, (k, n), sink)? {
                    return Ok(end);
                }
            }
        }
        let (mut done, mut n) = (0, self.plan.iterations);
        loop {
            while done < n {
                done += 1;
                if let Some(end) = self.observe_iteration(PhaseStage::Measured, (done, n), sink)? {
                    return Ok(end);
                }
            }
            let n_extra = sink.undecided();
            n = n.saturating_add(n_extra).min(self.plan.most.max(n));
            if done == n {
                return Ok(if n_extra > 0 {
                    RunOutcome::Undecided(n)
                } else {
                    RunOutcome::Finished
                });
            }
        }
    }

    /// Runs iteration `k` of `n` with its snapshot; returns the outcome if the run ended.
    fn observe_iteration(
        &mut self,
        stage: PhaseStage,
        (k, n): (u32, u32),
        sink: &mut dyn Sink,
    ) -> Result<Option<RunOutcome>> {
        if self.interrupt.is_set() {
            return Ok(Some(RunOutcome::Interrupted));
        }
        let status = match self.iteration(stage, k, sink)? {
            WorkloadEnd::Exited(status) => status,
            WorkloadEnd::Interrupted => return Ok(Some(RunOutcome::Interrupted)),
            WorkloadEnd::TimedOut(outcome) => return Ok(Some(outcome)),
        };
        let counts = self.census_after(sink)?;
        self.progress.show(&progress_line(stage, k, n, counts));
        let has_failed = status != 0 && !self.plan.keep_going;
        Ok(has_failed.then_some(RunOutcome::WorkloadFailed(status)))
    }

    fn iteration(&mut self, stage: PhaseStage, k: u32, sink: &mut dyn Sink) -> Result<WorkloadEnd> {
        let epoch = self.observer.mark(false)?;
        begin(stage, k, epoch, sink)?;
        if stage == PhaseStage::Idle {
            return self.idle();
        }
        let began = monotonic_ns();
        let words = &self.plan.words;
        let mut workload =
            self.start(words).with_context(|| format!("cannot run {:?}", words[0]))?;
        let end = self.attend(&mut workload, (stage, k), sink)?;
        if let WorkloadEnd::Exited(status) = end {
            let monotonic_ns = monotonic_ns();
            let iteration = Iteration { status, duration_ns: monotonic_ns - began, monotonic_ns };
            send(FrameKind::Iteration, &iteration, sink)?;
        }
        Ok(end)
    }

    fn start(&self, words: &[OsString]) -> std::io::Result<Workload> {
        let prepare = |command: &mut Command| {
            if let Some(recorder) = &self.plan.recorder {
                recorder.apply(command);
            }
        };
        Workload::start_group(words, prepare, &self.interrupt)
    }

    /// Runs the program that does nothing, which is no client of the TEE and recorded for nobody.
    /// Without one, an idle iteration has the snapshot only.
    fn idle(&mut self) -> Result<WorkloadEnd> {
        let Ok(mut program) = self.start(&self.plan.idle_words) else {
            return Ok(WorkloadEnd::Exited(0));
        };
        while program.poll()?.is_none() {
            self.discard_clients()?;
        }
        self.discard_clients()?;
        Ok(WorkloadEnd::Exited(0))
    }

    fn discard_clients(&mut self) -> Result<()> {
        self.plan.recorder.as_mut().map_or(Ok(()), Recorder::discard)
    }

    /// Waits for the end of the workload, and reads meanwhile what would be lost otherwise.
    fn attend(
        &mut self,
        workload: &mut Workload,
        at: (PhaseStage, u32),
        sink: &mut dyn Sink,
    ) -> Result<WorkloadEnd> {
        if let Some(pace) = &mut self.pace {
            pace.begin();
        }
        let status = loop {
            if let Some(status) = workload.poll()? {
                break status;
            }
            if let Some(limit) = self.plan.timeout.filter(|limit| workload.age() >= *limit) {
                return self.end_hanging(workload, at, limit, sink);
            }
            self.events_if_due(workload.age(), sink)?;
            self.clients(sink)?;
        };
        self.clients(sink)?;
        if let Some(pace) = &mut self.pace {
            pace.end(workload.age());
        }
        if status != 0 && self.interrupt.is_set() {
            self.observer.events(sink)?;
            return Ok(WorkloadEnd::Interrupted);
        }
        Ok(WorkloadEnd::Exited(status))
    }

    /// Records who holds what while the workload hangs, and ends it. The TEE may hang, too.
    fn end_hanging(
        &mut self,
        workload: &mut Workload,
        (stage, iteration): (PhaseStage, u32),
        limit: Duration,
        sink: &mut dyn Sink,
    ) -> Result<WorkloadEnd> {
        self.clients(sink)?;
        let watchdog = Watchdog::start(PATIENCE, move || give_up(iteration, limit));
        self.observer.events(sink)?;
        let epoch = self.observer.mark(false)?;
        begin(PhaseStage::After, 0, epoch, sink)?;
        let after_ns = u64::try_from(workload.age().as_nanos()).unwrap_or(u64::MAX);
        send(FrameKind::Hang, &Hang { stage, iteration, after_ns }, sink)?;
        self.census_after(sink)?;
        drop(watchdog);
        let ended = workload.end();
        self.clients(sink)?;
        Ok(WorkloadEnd::TimedOut(RunOutcome::TimedOut { limit, ended }))
    }

    /// Reads events before they may be overwritten; what costs the TEE nothing is read at once.
    fn events_if_due(&mut self, now: Duration, sink: &mut dyn Sink) -> Result<()> {
        if self.pace.as_ref().is_some_and(|pace| !pace.is_due(now)) {
            return Ok(());
        }
        let n_events = self.events(sink)?;
        if let Some(pace) = &mut self.pace {
            pace.read(now, n_events);
        }
        Ok(())
    }

    /// Passes on the events since the last read; returns their number, with the lost ones.
    fn events(&mut self, sink: &mut dyn Sink) -> Result<u64> {
        let position = self.observer.position();
        self.observer.events(sink)?;
        Ok(self.observer.position().saturating_sub(position))
    }

    /// Passes on the client calls since the last poll.
    fn clients(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.plan.recorder.as_mut().map_or(Ok(()), |recorder| recorder.poll(sink))
    }

    fn census_after(&mut self, sink: &mut dyn Sink) -> Result<LiveCounts> {
        let n_events = self.events(sink)?;
        if let Some(pace) = &mut self.pace {
            pace.read_last(n_events);
        }
        let counts = self.observer.census(sink)?;
        if let Some(supplicant) = &mut self.plan.supplicant {
            supplicant.sample(sink)?;
        }
        Ok(counts)
    }
}

/// Ends teeleak where the TEE does not answer while the workload hangs: its call can't be interrupted.
fn give_up(iteration: u32, limit: Duration) {
    let [limit, patience] = [limit, PATIENCE].map(|time| text::count(time.as_secs(), "second"));
    eprintln!(
        "teeleak: iteration {iteration} was still running after {limit}, and the TEE did not answer within \
         {patience} either: it hangs with the workload. What was recorded before is in the capture, if \
         --output was given; look for its last lines on the console of OP-TEE, and reset the device"
    );
    std::process::exit(Exit::Blind as i32);
}

impl Source for WorkloadRun<'_> {
    fn name(&self) -> String {
        NODE.into()
    }

    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.prepare(sink)?;
        let outcome = self.iterations(sink).and_then(|outcome| {
            let epoch = self.observer.mark(false)?;
            begin(PhaseStage::After, 0, epoch, sink)?;
            self.observer.last(sink)?;
            Ok(outcome)
        });
        self.outcome = outcome.unwrap_or_else(RunOutcome::Failed);
        if let Some(recorder) = &mut self.plan.recorder
            && let Err(error) = recorder.finish(sink)
        {
            self.outcome = RunOutcome::Failed(error);
        }
        self.progress.show("");
        Ok(())
    }
}

impl WorkloadRun<'_> {
    /// What is missing of the client calls: recordings that could not be read, which no frame counts.
    pub(crate) fn client_gap(&mut self) -> Option<Gap> {
        let lost = self.plan.recorder.as_mut().map_or(0, Recorder::unreadable);
        let what = "recordings of client calls".into();
        (lost > 0).then_some(Gap { what, reason: Reason::Damaged, remedy: None, lost })
    }
}

/// Sends the phase that the following frames belong to.
pub(crate) fn begin(
    stage: PhaseStage,
    iteration: u32,
    epoch: u32,
    sink: &mut dyn Sink,
) -> Result<()> {
    let phase = Phase { stage, iteration, epoch, monotonic_ns: monotonic_ns() };
    send(FrameKind::Phase, &phase, sink)
}

fn progress_line(stage: PhaseStage, k: u32, n: u32, counts: LiveCounts) -> String {
    let name = match stage.into() {
        model::Stage::Measured => "iteration",
        stage => text::stage_label(stage),
    };
    let LiveCounts { allocations, regions } = counts;
    let figures = [(allocations, "allocations"), (regions, "regions")];
    let parts = figures
        .iter()
        .filter_map(|(n, what)| Some(format!("{} {what}", text::number((*n)?.into()))));
    format!("{name} {k}/{n}: {}", parts.collect::<Vec<_>>().join(", "))
}
