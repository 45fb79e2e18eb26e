//! Frames in, an [`Observation`] out: the one way in which a device and a recording are read.

mod canary;
mod census;
mod clients;
mod convert;
pub(crate) mod gap;
mod log;
mod normal;
mod push;
mod section;
mod stock;

use std::{collections::HashSet, sync::Arc, time::Duration};

use anyhow::Result;
use teeleak_analysis::{
    alarm,
    clients::Reader,
    model::{
        Clock, Event, EventKind, Gap, Keys, Moment, Name, Observation, Origin, Place, Reason,
        Stage, Time,
    },
};
use teeleak_proto::{
    event, frame,
    frame::FrameKind,
    hello::Hello,
    record::{self, Record, RecordError},
    version,
};

use crate::{capture::Damage, source::Sink};
use canary::Watch;
use census::Draft;
use log::Log;
use normal::Normal;
use stock::Stock;

/// Builds an observation, frame by frame.
pub struct Assembler {
    observation: Observation,
    source: Name,
    frames: u64,
    names: Names,
    seen: Option<Seen>,
    moment: Moment,
    draft: Option<Draft>,
    canary: Watch,
    stock: Stock,
    log: Log,
    clients: Reader,
    normal: Normal,
    /// Whether events were lost, and those of them that no event after them tells of yet.
    lost_events: (bool, u64),
    ended: bool,
    is_push: bool,
    unknown_records: u64,
    /// Of the kernel's trace.
    unknown_lines: u64,
    damaged_bytes: u64,
}

/// What [`Hello`] said that later frames depend on.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) features: u32,
    tick_hz: u64,
}

/// Keeps one copy of each name.
#[derive(Default)]
pub(crate) struct Names(HashSet<Arc<str>>);

impl Names {
    pub(crate) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.0.insert(Arc::clone(&name));
        name
    }
}

impl Sink for Assembler {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        self.frames += 1;
        let known = match kind {
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
            Some(FrameKind::Console) => {
                self.stock.console(payload);
                self.log.push(payload);
                Some(())
            }
            None => {
                self.observation.accounting.ignored += 1;
                return Ok(());
            }
        };
        match known {
            Some(()) => self.observation.accounting.parsed += 1,
            None => self.observation.accounting.rejected += 1,
        }
        Ok(())
    }

    fn damage(&mut self, damage: Damage) {
        self.frames += 1;
        self.observation.accounting.rejected += 1;
        self.damaged_bytes += damage.bytes;
    }
}

impl Assembler {
    /// Begins; `source` is what places in reports are called.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self {
            observation: Observation::default(),
            source: source.into(),
            frames: 0,
            names: Names::default(),
            seen: None,
            moment: Moment { stage: Stage::Before, iteration: 0 },
            draft: None,
            canary: Watch::default(),
            stock: Stock::default(),
            log: Log::new(source),
            clients: Reader::default(),
            normal: Normal::default(),
            lost_events: (false, 0),
            ended: true,
            is_push: false,
            unknown_records: 0,
            unknown_lines: 0,
            damaged_bytes: 0,
        }
    }

    /// What the frames told so far, at the end of an iteration.
    pub(crate) fn so_far(&mut self) -> &Observation {
        self.end_census();
        // The next phase will say it; epochs rise by one with each.
        if let [.., before, last] = self.observation.samples.as_mut_slice() {
            last.epoch = last.epoch.or(before.epoch.map(|epoch| epoch.wrapping_add(1)));
        }
        &self.observation
    }

    /// Forgets all but the newest.
    pub(crate) fn keep(&mut self, bounds: alarm::Bounds) {
        self.end_census();
        // Text of a console is read in one piece; what it told so far is kept by itself.
        self.end_log();
        self.log = Log::new(&self.source);
        alarm::keep(&mut self.observation, bounds);
    }

    /// Everything that the frames told.
    #[must_use]
    pub fn finish(mut self) -> Observation {
        self.end_census();
        self.end_log();
        self.join_clients();
        self.note_losses();
        self.observation.canary = self.canary.result();
        self.observation.accounting.read = self.frames;
        self.observation
    }

    fn end_log(&mut self) {
        let (incidents, release) = std::mem::replace(&mut self.log, Log::new("")).finish();
        self.observation.incidents.extend(incidents);
        let known = &mut self.observation.platform.release;
        *known = known.take().or(release);
    }

    fn note_losses(&mut self) {
        let (any, lost) = self.lost_events;
        if any {
            let remedy = Some(gap::MORE_EVENTS.into());
            let what = "events".into();
            self.observation.gaps.push(Gap { what, reason: Reason::Overrun, remedy, lost });
        }
        if !self.ended {
            self.observation.gaps.push(gap::no_end());
        }
        let losses = [
            ("records", Reason::NotOffered, Some(gap::OTHER_VERSION), self.unknown_records),
            ("lines of the kernel's trace", Reason::Damaged, None, self.unknown_lines),
            ("lines of the normal world", Reason::Damaged, None, self.rejected_lines()),
            ("bytes of the capture", Reason::Damaged, None, self.damaged_bytes),
        ];
        for (what, reason, remedy, lost) in losses.into_iter().filter(|loss| loss.3 > 0) {
            let remedy = remedy.map(Into::into);
            self.observation.gaps.push(Gap { what: what.into(), reason, remedy, lost });
        }
    }

    fn place(&self) -> Place {
        Place { source: self.source, at: self.frames }
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
        self.log.begin(Moment { stage: convert::stage(phase.stage), iteration: phase.iteration });
        // What is allocated after a census belongs to the epoch of the phase that follows it;
        // where none does, nobody can say.
        if let Some(sample) = self.observation.samples.last_mut() {
            sample.epoch = epoch;
        }
        self.moment = Moment { stage: convert::stage(phase.stage), iteration: phase.iteration };
        // A snapshot has but one phase; a run goes from iteration to iteration to its end.
        self.ended = phase.iteration == 0;
        Some(())
    }

    fn iteration(&mut self, payload: &[u8]) -> Option<()> {
        let iteration: frame::Iteration = postcard::from_bytes(payload).ok()?;
        if iteration.status != 0 {
            self.observation.failed.push((self.place(), iteration.status));
        }
        Some(())
    }

    fn records(&mut self, payload: &[u8]) {
        for record in record::read(payload) {
            match record {
                Ok(Record::Events(head)) => {
                    self.lost_events.0 |= head.lost > 0;
                    self.lost_events.1 = self.lost_events.1.saturating_add(head.lost);
                }
                Ok(Record::Event(event)) => {
                    let lost = std::mem::take(&mut self.lost_events.1);
                    self.event(&event, lost);
                }
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
                    draft.entry(census, &mut self.names);
                }
            }
        }
    }

    fn begin_census(&mut self) -> &mut Draft {
        let place = self.place();
        let (moment, seen) = (self.moment, self.seen);
        self.draft.get_or_insert_with(|| Draft::new(moment, place, seen))
    }

    fn stats(&mut self, payload: &[u8]) -> Option<()> {
        self.is_stock();
        let at = (self.moment, self.place());
        self.stock.stats(payload, at)
    }

    fn dump(&mut self, payload: &[u8]) -> Option<()> {
        self.is_stock();
        let at = (self.moment, self.place());
        let (sample, missed) = self.stock.dump(payload, at)?;
        self.observation.samples.push(sample);
        self.observation.gaps.extend(missed);
        Some(())
    }

    /// Nobody but stock OP-TEE speaks.
    fn is_stock(&mut self) {
        if !std::mem::replace(&mut self.observation.platform.stock, true) {
            self.observation.gaps.push(gap::of_stock());
        }
    }

    fn end_census(&mut self) {
        self.end_normal();
        self.observation.samples.extend(self.stock.cut());
        let Some(mut draft) = self.draft.take() else { return };
        if let Some(gauge) = draft.gauge() {
            self.observation.gauges.push(gauge);
            return;
        }
        let sample = draft.finish();
        self.canary.look(&sample);
        self.observation.samples.push(sample);
    }

    fn hello(&mut self, hello: &Hello<'_>) {
        self.observation.platform.no_tee = None;
        self.observation.platform.release = Some(hello.release.into());
        self.observation.platform.boot = (hello.boot != 0).then_some(hello.boot);
        self.seen = Some(Seen { features: hello.features, tick_hz: hello.tick_hz });
        self.observation.gaps.extend(gap::of_features(hello));
        if !version::agrees(hello.min, hello.current) {
            self.observation.gaps.push(gap::of_version(hello));
        }
    }

    fn has_tags(&self) -> bool {
        self.seen.is_some_and(|seen| seen.has(teeleak_proto::pta::FEATURE_TAGS))
    }

    fn event(&mut self, event: &event::Event, lost_before: u64) {
        let nanoseconds = |ticks| self.seen.and_then(|seen| seen.nanoseconds(ticks));
        let measured = self.moment.stage == Stage::Measured;
        let event = Event {
            origin: Origin::Tee,
            seq: event.seq,
            lost_before,
            time: nanoseconds(event.ticks).map(|ns| Time { clock: Clock::Counter, ns }),
            duration_ns: nanoseconds(event.duration_ticks.into()),
            place: self.place(),
            iteration: measured.then_some(self.moment.iteration),
            kind: self.event_kind(event),
            result: Some(event.result),
            session: convert::has_session(event.kind).then_some(event.session),
            opener: event.opener,
            instance: event.instance,
            uuid: Some(event.uuid),
            cmd: (event.kind == event::EventKind::Invoke).then_some(event.cmd),
            values: event.values,
            keys: Keys::default(),
            by: None,
        };
        self.observation.events.push(event);
    }

    fn event_kind(&mut self, event: &event::Event) -> EventKind {
        match event.kind {
            event::EventKind::Open => EventKind::Open,
            event::EventKind::Close => EventKind::Close,
            event::EventKind::Invoke => EventKind::Invoke,
            event::EventKind::Map => EventKind::Map,
            event::EventKind::Unmap => EventKind::Unmap,
            event::EventKind::Note => EventKind::Note(event.cmd),
        }
    }
}

/// Time between the censuses of a watch, which [`frame::Meta`] has as its workload.
fn census_interval(words: &[&str]) -> Option<Duration> {
    match words {
        ["watch", "--census", seconds] => seconds.parse().map(Duration::from_secs).ok(),
        _ => None,
    }
}

impl Seen {
    pub(crate) fn has(self, feature: u32) -> bool {
        self.features & feature != 0
    }

    fn nanoseconds(self, ticks: u64) -> Option<u64> {
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(self.tick_hz.max(1));
        u64::try_from(ns).ok().filter(|_| self.tick_hz > 0)
    }
}
