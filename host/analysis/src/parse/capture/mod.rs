//! Builds an [`Observation`] from frames, of a live device and of a recording alike.
//!
//! ```text
//! frame ─┬─ records ── hello, snapshot (section by section), events, push
//!        ├─ client calls, kernel trace ── client_calls
//!        ├─ statistics PTA, console ── stock (the dump), console_log (other lines)
//!        └─ ledgers of the normal world ── normal_world
//! ```
//!
//! Invariants: every frame is parsed, ignored or rejected; nothing is analyzed here, so client calls
//! and events of the TEE stay separate until an audit joins them.

mod canary;
mod census;

mod client_calls;
mod console_log;
mod entries;
mod events;
pub(crate) mod gap;
mod hello;
mod losses;
mod normal_world;
mod push;
pub mod remedy;
mod section;
mod stacks;
mod stock;
mod ta_heaps;

use std::{collections::HashSet, sync::Arc, time::Duration};

use canary::CanaryTracker;
use census::CensusBuilder;
pub use client_calls::{ClientCallReader, ClientFrameError};
use console_log::ConsoleLog;
use hello::HelloFacts;
use normal_world::NormalWorldReader;
use stacks::StackPool;
use stock::StockReader;
use ta_heaps::TaHeaps;
use teeleak_proto::{
    frame,
    frame::{FrameKind, PhaseStage},
    record,
    record::{Record, RecordError},
};

use crate::{
    alarm,
    model::{Hang, Moment, Observation, SourceLocation, Stage, Symbol},
};

/// A stretch of bytes in a capture that are not frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damage {
    /// Length of the stretch, in bytes.
    pub bytes: u64,
    /// Whether the file ends there.
    pub at_end: bool,
    /// Whether the stretch is the begin of a frame that the end of the file cuts: nothing is damaged, but
    /// the recording stopped there.
    pub is_cut: bool,
}

/// Builds an observation, frame by frame.
pub struct ObservationBuilder {
    observation: Observation,
    source: Symbol,
    frames: u64,
    names: NamePool,
    stacks: StackPool,
    hello: Option<HelloFacts>,
    moment: Moment,
    draft: Option<CensusBuilder>,
    canary: CanaryTracker,
    stock: StockReader,
    log: ConsoleLog,
    clients: ClientCallReader,
    normal: NormalWorldReader,
    /// Whether events were lost, and how many since the last event.
    lost_events: (bool, u64),
    /// Whether frames were damaged since the last event.
    is_event_damaged: bool,
    ended: bool,
    is_push: bool,
    unknown_records: u64,
    /// Rejected lines of the kernel trace.
    unknown_lines: u64,
    damaged_bytes: u64,
    /// Allocations without room for their call stack.
    lost_stacks: u64,
    /// Bytes of a frame that the end of the file cuts.
    cut_bytes: u64,
    /// Heaps of TAs for the next snapshot.
    heaps: Option<TaHeaps>,
}

/// Keeps one copy of each name.
#[derive(Default)]
pub(super) struct NamePool(HashSet<Arc<str>>);

impl NamePool {
    pub(super) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.0.insert(Arc::clone(&name));
        name
    }
}

impl ObservationBuilder {
    /// Reads a frame; `kind` is `None` for one that this build doesn't know.
    pub fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) {
        self.frames += 1;
        let outcome = match kind {
            Some(FrameKind::Meta) => self.meta(payload),
            Some(FrameKind::Phase) => self.phase(payload),
            Some(FrameKind::Iteration) => self.iteration(payload),
            Some(FrameKind::Records) => {
                self.records(payload);
                Some(())
            }
            Some(FrameKind::ClientProcess) => self.clients.process(payload).ok(),
            Some(FrameKind::ClientCalls) => self.calls(payload),
            Some(FrameKind::KernelTrace) => {
                self.kernel_trace(payload);
                Some(())
            }
            Some(FrameKind::Stats) => self.stats(payload),
            Some(FrameKind::Dump) => self.dump(payload),
            Some(FrameKind::NormalText) => self.normal_text(payload),
            Some(FrameKind::NormalUnseen) => self.normal_unseen(payload),
            Some(FrameKind::NoTee) => self.no_tee(payload),
            Some(FrameKind::Hang) => self.hang(payload),
            Some(FrameKind::Console) => {
                self.stock.console(payload);
                self.log.push(payload);
                Some(())
            }
            None => {
                self.observation.accounting.ignored += 1;
                return;
            }
        };
        match outcome {
            Some(()) => self.observation.accounting.parsed += 1,
            None => self.observation.accounting.rejected += 1,
        }
    }

    /// Records bytes that were not frames.
    pub fn damage(&mut self, damage: Damage) {
        if damage.is_cut {
            self.cut_bytes = damage.bytes;
            self.ended = false;
            return;
        }
        self.frames += 1;
        self.observation.accounting.rejected += 1;
        self.damaged_bytes = self.damaged_bytes.saturating_add(damage.bytes);
        self.is_event_damaged = true;
    }
}

impl ObservationBuilder {
    /// An empty builder; `source` is the name shown in places of reports.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self {
            observation: Observation::default(),
            source: source.into(),
            frames: 0,
            names: NamePool::default(),
            stacks: StackPool::default(),
            hello: None,
            moment: Moment { stage: Stage::Before, iteration: 0 },
            draft: None,
            canary: CanaryTracker::default(),
            stock: StockReader::default(),
            log: ConsoleLog::new(source),
            clients: ClientCallReader::default(),
            normal: NormalWorldReader::default(),
            lost_events: (false, 0),
            is_event_damaged: false,
            ended: true,
            is_push: false,
            unknown_records: 0,
            unknown_lines: 0,
            damaged_bytes: 0,
            lost_stacks: 0,
            cut_bytes: 0,
            heaps: None,
        }
    }

    /// The observation so far, at the end of an iteration.
    pub fn so_far(&mut self) -> &mut Observation {
        self.end_census();
        // The next phase will state it; epochs rise by one with each.
        if let [.., before, last] = self.observation.samples.as_mut_slice() {
            last.epoch = last.epoch.or(before.epoch.map(|epoch| epoch.wrapping_add(1)));
        }
        &mut self.observation
    }

    /// Drops old data, keeping what is within `bounds`.
    pub fn keep(&mut self, bounds: alarm::Bounds) {
        self.end_census();
        // The log is read in one piece, so its incidents so far are moved to the observation first.
        self.end_log();
        self.log = ConsoleLog::new(&self.source);
        alarm::keep(&mut self.observation, bounds);
    }

    /// The whole observation.
    #[must_use]
    pub fn finish(mut self) -> Observation {
        self.drop_cut_census();
        self.end_census();
        self.end_log();
        self.end_clients();
        self.note_losses();
        self.note_silence();
        self.observation.canary = self.canary.result();
        self.observation.accounting.read = self.frames;
        self.observation
    }

    fn end_log(&mut self) {
        let (incidents, release) = std::mem::replace(&mut self.log, ConsoleLog::new("")).finish();
        self.observation.incidents.extend(incidents);
        let known_release = &mut self.observation.platform.release;
        *known_release = known_release.take().or(release);
    }

    fn place(&self) -> SourceLocation {
        SourceLocation { source: self.source, at: self.frames }
    }

    fn end_clients(&mut self) {
        let clients = std::mem::take(&mut self.clients).finish();
        if clients.lost > 0 {
            self.observation.gaps.push(gap::of_clients(clients.lost));
        }
        self.observation.clients = clients;
    }

    fn calls(&mut self, payload: &[u8]) -> Option<()> {
        let place = self.place();
        self.unknown_records += self.clients.calls(payload, &place).ok()?;
        Some(())
    }

    fn kernel_trace(&mut self, text: &[u8]) {
        let place = self.place();
        self.unknown_lines += self.clients.kernel(text, &place);
    }

    fn meta(&mut self, payload: &[u8]) -> Option<()> {
        let meta: frame::Meta<'_> = postcard::from_bytes(payload).ok()?;
        let words = meta.workload.split('\0').filter(|word| !word.is_empty());
        let words: Vec<_> = words.collect();
        let platform = &mut self.observation.platform;
        platform.census_interval = census_interval(&words);
        platform.workload = words.into_iter().map(Into::into).collect();
        Some(())
    }

    fn phase(&mut self, payload: &[u8]) -> Option<()> {
        let phase: frame::Phase = postcard::from_bytes(payload).ok()?;
        self.end_census();
        let epoch = self.has_tags().then_some(phase.epoch);
        self.log.begin(Moment { stage: Stage::from(phase.stage), iteration: phase.iteration });
        // What is allocated after a snapshot belongs to the epoch of the phase that follows it;
        // without one, the epoch is unknown.
        if let Some(sample) = self.observation.samples.last_mut() {
            sample.epoch = epoch;
        }
        self.moment = Moment { stage: Stage::from(phase.stage), iteration: phase.iteration };
        // A single snapshot has one phase; a run goes from iteration to iteration to its end.
        let has_begun = self.is_run() && phase.stage == PhaseStage::Before;
        self.ended = phase.iteration == 0 && !has_begun;
        Some(())
    }

    fn iteration(&mut self, payload: &[u8]) -> Option<()> {
        let iteration: frame::Iteration = postcard::from_bytes(payload).ok()?;
        if iteration.status != 0 {
            self.observation.failed.push((self.place(), iteration.status));
        }
        Some(())
    }

    fn hang(&mut self, payload: &[u8]) -> Option<()> {
        let hang: frame::Hang = postcard::from_bytes(payload).ok()?;
        let moment = Moment { stage: Stage::from(hang.stage), iteration: hang.iteration };
        self.observation.hang = Some(Hang { moment, after: Duration::from_nanos(hang.after_ns) });
        Some(())
    }

    fn records(&mut self, payload: &[u8]) {
        for record in record::read(payload) {
            match record {
                Ok(Record::Events(head)) => {
                    self.lost_events.0 |= head.lost > 0;
                    self.lost_events.1 = self.lost_events.1.saturating_add(head.lost);
                }
                Ok(Record::Event(event)) => self.event(&event),
                Ok(record) => self.record(&record),
                Err(RecordError::Truncated) => self.damaged_bytes += 1,
                Err(_) => self.unknown_records += 1,
            }
        }
    }

    fn record(&mut self, record: &Record<'_>) {
        match record {
            Record::Hello(hello) => self.hello(hello),
            Record::Canary(canary) => self.canary.plant(canary),
            Record::End { next: None } => {
                if let Some(draft) = &mut self.draft {
                    draft.end();
                }
                self.end_census();
            }
            Record::Section(head) => {
                let draft = self.begin_census();
                draft.section(head);
            }
            Record::Push(_) | Record::Unwritten(_) | Record::Violation(_) => self.pushed(record),
            census => {
                if let Some(draft) = &mut self.draft {
                    draft.entry(census, (&mut self.names, &mut self.stacks));
                }
            }
        }
    }

    fn begin_census(&mut self) -> &mut CensusBuilder {
        let place = self.place();
        let (moment, hello) = (self.moment, self.hello);
        self.draft.get_or_insert_with(|| CensusBuilder::new(moment, place, hello))
    }

    fn stats(&mut self, payload: &[u8]) -> Option<()> {
        if self.hello.is_some() {
            self.heaps = Some(TaHeaps::read(payload)?);
            return Some(());
        }
        self.is_stock();
        let context = (self.moment, self.place());
        self.stock.stats(payload, context)
    }

    fn dump(&mut self, payload: &[u8]) -> Option<()> {
        self.is_stock();
        let context = (self.moment, self.place());
        let (sample, missed) = self.stock.dump(payload, context)?;
        self.observation.samples.push(sample);
        self.observation.gaps.extend(missed);
        Some(())
    }

    /// Records that the data comes from stock OP-TEE.
    fn is_stock(&mut self) {
        if !std::mem::replace(&mut self.observation.platform.stock, true) {
            self.observation.gaps.push(gap::of_stock());
        }
    }

    fn end_census(&mut self) {
        self.end_normal();
        self.observation.samples.extend(self.stock.take_incomplete());
        let Some(mut draft) = self.draft.take() else { return };
        if let Some(gauge) = draft.gauge() {
            self.observation.gauges.push(gauge);
            return;
        }
        self.lost_stacks = self.lost_stacks.max(draft.lost_stacks());
        let mut sample = draft.finish();
        if let Some(heaps) = self.heaps.take() {
            self.observation.gaps.extend(heaps.add_to(&mut sample));
        }
        self.canary.look(&sample);
        self.observation.samples.push(sample);
    }
}

/// Time between the snapshots of a watch, which [`frame::Meta`] has as its workload.
fn census_interval(words: &[&str]) -> Option<Duration> {
    match words {
        ["watch", "--census", seconds] => seconds.parse().map(Duration::from_secs).ok(),
        _ => None,
    }
}
