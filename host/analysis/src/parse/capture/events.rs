//! Events of the TEE core, timed by its counter.

use teeleak_proto::event;

use super::{ObservationBuilder, entries};
use crate::model::{Clock, Event, EventKind, Keys, Origin, Stage, StepResult, Time};

impl ObservationBuilder {
    /// Adds an event: those between it and the one before were lost, in the TEE or with damaged frames.
    pub(super) fn event(&mut self, event: &event::EventRecord) {
        let lost_before = std::mem::take(&mut self.lost_events.1).max(self.missing_before(event));
        self.is_event_damaged = false;
        let nanoseconds = |ticks| self.hello.and_then(|hello| hello.nanoseconds(ticks));
        let is_measured = self.moment.stage == Stage::Measured;
        let event = Event {
            origin: Origin::Tee,
            seq: event.seq,
            lost_before,
            time: nanoseconds(event.ticks).map(|ns| Time { clock: Clock::Counter, ns }),
            duration_ns: nanoseconds(event.duration_ticks.into()),
            place: self.place(),
            iteration: is_measured.then_some(self.moment.iteration),
            kind: kind(event),
            result: Some(StepResult::Code(event.result)),
            session: entries::has_session(event.kind).then_some(event.session),
            opener: event.opener,
            instance: event.instance,
            uuid: Some(event.uuid),
            cmd: (event.kind == event::EventRecordKind::Invoke).then_some(event.cmd),
            values: event.values,
            keys: Keys::default(),
            by: None,
        };
        self.observation.events.push(event);
    }

    /// Events that have a number between the last event and this one. A recording begins with any number.
    fn missing_before(&self, event: &event::EventRecord) -> u64 {
        let last = self.observation.events.last().map(|last| last.seq);
        last.map_or(self.is_event_damaged.into(), |last| {
            event.seq.saturating_sub(last).saturating_sub(1)
        })
    }
}

fn kind(event: &event::EventRecord) -> EventKind {
    match event.kind {
        event::EventRecordKind::Open => EventKind::Open,
        event::EventRecordKind::Close => EventKind::Close,
        event::EventRecordKind::Invoke => EventKind::Invoke,
        event::EventRecordKind::Map => EventKind::Map,
        event::EventRecordKind::Unmap => EventKind::Unmap,
        event::EventRecordKind::Note => EventKind::Note(event.cmd),
    }
}
