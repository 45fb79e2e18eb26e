//! A run: a workload again and again, with a census between.
//!
//! ```text
//! discarded census · canary · epochs restarted · census
//! { mark · nothing  · events · census }  idle: what sampling itself does
//! { mark · workload · events · census }  warm-up, then measured
//! ```

use std::{ffi::OsString, io::Write, process::Command};

use anyhow::{Context as _, Result};
use teeleak_analysis::{model, parse::capture::Damage, text};
use teeleak_proto::frame::{FrameKind, Iteration, Phase, Stage};

use super::{
    Counts, NODE, Observer,
    child::Workload,
    sampler::{monotonic_ns, send, send_meta},
};
use crate::{
    Interrupt,
    source::{Sink, Source, clients::Recorder},
};

/// Bytes of the canary: a size that few allocations have.
pub(crate) const CANARY_BYTES: u32 = 211;

/// What is to be done.
pub(crate) struct Plan {
    /// Iterations without the workload.
    pub(crate) idle: u32,
    /// Iterations that don't count.
    pub(crate) warmup: u32,
    /// Iterations that count.
    pub(crate) iterations: u32,
    /// Iterations that count at most, where those don't decide.
    pub(crate) most: u32,
    /// Program and arguments of the workload.
    pub(crate) words: Vec<OsString>,
    /// Whether to go on after a workload that failed.
    pub(crate) keep_going: bool,
    /// Records the calls of processes.
    pub(crate) recorder: Option<Recorder>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// As planned.
    Finished,
    /// As planned, and what it saw does not decide, after the most iterations that were allowed.
    Undecided(u32),
    /// By a signal, after so many measured iterations.
    Interrupted,
    /// The workload failed with this status.
    WorkloadFailed(i32),
    /// The TEE did not answer any more.
    Failed(anyhow::Error),
}

/// Where progress is shown, if anywhere.
pub(crate) struct Progress<'e> {
    /// A terminal.
    pub(crate) line: Option<&'e mut dyn Write>,
}

impl Progress<'_> {
    fn show(&mut self, text: &str) {
        if let Some(line) = &mut self.line {
            // Progress that can't be shown is no reason to stop.
            let _ = write!(line, "\r\x1b[K{text}").and_then(|()| line.flush());
        }
    }
}

/// A run, as a source.
pub(crate) struct Run<'e> {
    observer: Box<dyn Observer>,
    plan: Plan,
    interrupt: Interrupt,
    progress: Progress<'e>,
    outcome: Outcome,
}

/// Takes frames and forgets them.
pub(crate) struct Discard;

impl Sink for Discard {
    fn frame(&mut self, _kind: Option<FrameKind>, _payload: &[u8]) -> Result<()> {
        Ok(())
    }

    fn damage(&mut self, _damage: Damage) {}
}

impl<'e> Run<'e> {
    pub(crate) fn new(
        observer: Box<dyn Observer>,
        plan: Plan,
        interrupt: Interrupt,
        progress: Progress<'e>,
    ) -> Self {
        Self { observer, plan, interrupt, progress, outcome: Outcome::Finished }
    }

    /// How it ended.
    pub(crate) fn outcome(self) -> Outcome {
        self.outcome
    }

    /// What comes before the first iteration: an error here leaves nothing to report.
    fn prepare(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let words: Vec<_> = self.plan.words.iter().map(|word| word.to_string_lossy()).collect();
        send_meta(&words.join("\0"), sink)?;
        self.observer.begin(sink)?;
        // What the first census and the first read of the events allocate once is not to show,
        // and what happened before is not part of the run.
        self.observer.census(&mut Discard)?;
        self.observer.events(&mut Discard)?;
        let epoch = self.observer.mark(true)?;
        begin(Stage::Before, 0, epoch, sink)?;
        self.observer.plant(CANARY_BYTES, sink)?;
        self.observer.census(sink)?;
        Ok(())
    }

    fn iterations(&mut self, sink: &mut dyn Sink) -> Result<Outcome> {
        let stages = [(Stage::Idle, self.plan.idle), (Stage::Warmup, self.plan.warmup)];
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
                if let Some(end) = self.observe_iteration(Stage::Measured, (done, n), sink)? {
                    return Ok(end);
                }
            }
            let n_extra = sink.undecided();
            n = n.saturating_add(n_extra).min(self.plan.most.max(n));
            if done == n {
                return Ok(if n_extra > 0 { Outcome::Undecided(n) } else { Outcome::Finished });
            }
        }
    }

    /// The `k`th of `n` iterations with its census; how the run ended, if it did.
    fn observe_iteration(
        &mut self,
        stage: Stage,
        (k, n): (u32, u32),
        sink: &mut dyn Sink,
    ) -> Result<Option<Outcome>> {
        if self.interrupt.is_set() {
            return Ok(Some(Outcome::Interrupted));
        }
        let status = self.iteration(stage, k, sink)?;
        let counts = self.census_after(sink)?;
        self.progress.show(&progress_line(stage, k, n, counts));
        Ok(if status != 0 && self.interrupt.is_set() {
            Some(Outcome::Interrupted)
        } else if status != 0 && !self.plan.keep_going {
            Some(Outcome::WorkloadFailed(status))
        } else {
            None
        })
    }

    fn iteration(&mut self, stage: Stage, k: u32, sink: &mut dyn Sink) -> Result<i32> {
        let epoch = self.observer.mark(false)?;
        begin(stage, k, epoch, sink)?;
        if stage == Stage::Idle {
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

    /// What processes did since.
    fn clients(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.plan.recorder.as_mut().map_or(Ok(()), |recorder| recorder.poll(sink))
    }

    fn census_after(&mut self, sink: &mut dyn Sink) -> Result<Counts> {
        self.observer.events(sink)?;
        self.observer.census(sink)
    }
}

impl Source for Run<'_> {
    fn name(&self) -> String {
        NODE.into()
    }

    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.prepare(sink)?;
        let outcome = self.iterations(sink).and_then(|outcome| {
            let epoch = self.observer.mark(false)?;
            begin(Stage::After, 0, epoch, sink)?;
            self.observer.last(sink)?;
            Ok(outcome)
        });
        self.outcome = outcome.unwrap_or_else(Outcome::Failed);
        if let Some(recorder) = &mut self.plan.recorder
            && let Err(error) = recorder.finish(sink)
        {
            self.outcome = Outcome::Failed(error);
        }
        self.progress.show("");
        Ok(())
    }
}

/// Says what the frames from here on belong to.
pub(crate) fn begin(stage: Stage, iteration: u32, epoch: u32, sink: &mut dyn Sink) -> Result<()> {
    let phase = Phase { stage, iteration, epoch, monotonic_ns: monotonic_ns() };
    send(FrameKind::Phase, &phase, sink)
}

fn progress_line(stage: Stage, k: u32, n: u32, counts: Counts) -> String {
    let name = match stage.into() {
        model::Stage::Measured => "iteration",
        stage => text::stage_label(stage),
    };
    let Counts { allocations, regions } = counts;
    let figures = [(allocations, "allocations"), (regions, "regions")];
    let parts = figures
        .iter()
        .filter_map(|(n, what)| Some(format!("{} {what}", text::number((*n)?.into()))));
    format!("{name} {k}/{n}: {}", parts.collect::<Vec<_>>().join(", "))
}
