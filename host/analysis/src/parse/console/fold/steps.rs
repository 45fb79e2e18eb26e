//! Events from changes of sessions and from steps of rules.

use super::{Assembler, sessions::SessionChange};
use crate::{
    model::{Event, EventKind, Keys, Origin, StepResult, Time},
    parse::console::rules::RuleStep,
};

impl Assembler {
    /// The event of a session that opened or closed.
    pub(super) fn change(&self, change: SessionChange, at: (u64, Option<Time>)) -> Event {
        let mut event = self.event(EventKind::Open, at);
        match change {
            SessionChange::Opened(opened) => {
                event.result = Some(StepResult::SUCCESS);
                event.session = Some(opened.number);
                event.opener = opened.opener;
                event.uuid = Some(opened.uuid);
                event.instance = opened.instance;
            }
            SessionChange::Failed(uuid, result) => {
                event.result = Some(StepResult::Code(result));
                event.uuid = Some(uuid);
            }
            SessionChange::Closed(id, opened) => {
                event.kind = EventKind::Close;
                // A session whose open was not seen has no number.
                event.session = opened.map(|opened| opened.number);
                let stray = id.filter(|_| opened.is_none());
                event.keys = stray.map(|id| ("id".into(), u64::from(id))).into_iter().collect();
                event.uuid = opened.map(|opened| opened.uuid);
                event.opener = opened.map_or(0, |opened| opened.opener);
                event.instance = opened.map_or(0, |opened| opened.instance);
            }
            SessionChange::InvokeFailed(result) => {
                event.kind = EventKind::Invoke;
                event.result = Some(StepResult::Code(result));
            }
        }
        event
    }

    /// The event of a rule's step.
    #[inline]
    pub(super) fn step(&self, step: RuleStep, at: (u64, Option<Time>)) -> Event {
        Event {
            result: step.result,
            session: step.session,
            uuid: step.uuid,
            keys: step.keys,
            by: step.by,
            ..self.event(EventKind::Step(step.name), at)
        }
    }

    #[inline]
    pub(super) fn event(&self, kind: EventKind, (line, time): (u64, Option<Time>)) -> Event {
        Event {
            origin: Origin::Text,
            seq: 0,
            lost_before: 0,
            time,
            duration_ns: None,
            place: self.place(line),
            iteration: self.iteration(),
            kind,
            result: None,
            session: None,
            opener: 0,
            instance: 0,
            uuid: None,
            cmd: None,
            values: [0; 8],
            keys: Keys::default(),
            by: None,
        }
    }
}
