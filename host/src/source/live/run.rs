//! A run: a repeated workload, with a snapshot after each iteration.
//!
//! ```text
//! discarded snapshot · epochs restarted · canary · snapshot
//! { mark · nothing  · events · snapshot }  idle: the effect of the snapshots themselves
//! { mark · workload · events · snapshot }  warm-up, then measured
//! ```

use std::{ffi::OsString, io::Write, process::Command};

use anyhow::{Context as _, Result};
use teeleak_analysis::{model, parse::capture::Damage, text};
use teeleak_proto::frame::{FrameKind, Iteration, Phase, PhaseStage};

use super::{
    NODE,
    sampler::{monotonic_ns, send_meta},
    workload::Workload,
};
use crate::{
    source::{
        Sink, Source,
        clients::Recorder,
        observer::{LiveCounts, Observer, send},
    },
    terminal::signals::Interrupt,
};

/// Size of the canary in bytes: one that few allocations have.
pub(crate) const CANARY_BYTES: u32 = 211;

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
    /// Whether to continue after a failed workload.
    pub(crate) keep_going: bool,
    /// Records TEE client calls.
    pub(crate) recorder: Option<Recorder>,
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
        Self { observer, plan, interrupt, progress, outcome: RunOutcome::Finished }
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
        // Hide what the first snapshot and the first read of events allocate once, and drop earlier
        // events.
        self.observer.census(&mut Discard)?;
        self.observer.events(&mut Discard)?;
        let epoch = self.observer.mark(true)?;
        begin(PhaseStage::Before, 0, epoch, sink)?;
        self.observer.plant(CANARY_BYTES, sink)?;
        self.observer.census(sink)?;
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
        let status = self.iteration(stage, k, sink)?;
        let counts = self.census_after(sink)?;
        self.progress.show(&progress_line(stage, k, n, counts));
        Ok(if status != 0 && self.interrupt.is_set() {
            Some(RunOutcome::Interrupted)
        } else if status != 0 && !self.plan.keep_going {
            Some(RunOutcome::WorkloadFailed(status))
        } else {
            None
        })
    }

    fn iteration(&mut self, stage: PhaseStage, k: u32, sink: &mut dyn Sink) -> Result<i32> {
        let epoch = self.observer.mark(false)?;
        begin(stage, k, epoch, sink)?;
        if stage == PhaseStage::Idle {
            return Ok(0);
        }
        let began = monotonic_ns();
        let recorder = &self.plan.recorder;
        let prepare = |command: &mut Command| {
            if let Some(recorder) = recorder {
                recorder.apply(command);
            }
        };
        let mut workload = Workload::start(&self.plan.words, prepare, &self.interrupt)
            .with_context(|| format!("cannot run {:?}", self.plan.words[0]))?;
        let status = loop {
            if let Some(status) = workload.poll()? {
                break status;
            }
            self.observer.events(sink)?;
            self.clients(sink)?;
        };
        self.clients(sink)?;
        let monotonic_ns = monotonic_ns();
        let iteration = Iteration { status, duration_ns: monotonic_ns - began, monotonic_ns };
        send(FrameKind::Iteration, &iteration, sink)?;
        Ok(status)
    }

    /// Passes on the client calls since the last poll.
    fn clients(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.plan.recorder.as_mut().map_or(Ok(()), |recorder| recorder.poll(sink))
    }

    fn census_after(&mut self, sink: &mut dyn Sink) -> Result<LiveCounts> {
        self.observer.events(sink)?;
        self.observer.census(sink)
    }
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
