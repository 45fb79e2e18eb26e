//! Events from changes of sessions and from steps of rules.

use teeleak_proto::stock::STATS_UUID;

use super::{
    Assembler,
    sessions::{self, SessionChange},
};
use crate::{
    model::{Event, EventKind, Keys, Origin, StepResult, Time},
    parse::console::{
        messages::fact::{ChunkEntry, SessionLine},
        rules::RuleStep,
    },
};

impl Assembler {
    /// Takes a line about sessions: the changes that it shows become events.
    pub(super) fn session(
        &mut self,
        entry: &ChunkEntry,
        at: (u64, Option<Time>),
        line: SessionLine,
    ) {
        if line == SessionLine::LookupPta(STATS_UUID) {
            self.dumps.note_request();
        }
        if let SessionLine::Load(uuid) | SessionLine::LookupPta(uuid) | SessionLine::Reopen(uuid) =
            line
            && uuid != sessions::SYSTEM
        {
            let ended_load = self.loads.begin(uuid, "");
            self.failed_load(ended_load);
        }
        let mut changes = Vec::new();
        // A session that is kept on purpose is not a step that needs a counterpart.
        let collect = &mut |change: SessionChange| {
            if !change.is_of_kept() {
                changes.push(change);
            }
        };
        self.sessions.line(entry.who, line, &mut self.instances, collect);
        for change in changes {
            let event = self.change(change, at);
            self.events.push(event);
        }
    }

    /// Forgets the opens of sessions that look open where closes show no id: any close may be theirs.
    pub(super) fn excuse_sessions(&mut self) {
        if self.sessions.nameless > 0 {
            let open = self.sessions.open();
            let excused = self.events.excuse(|event| {
                open.iter().any(|one| {
                    event.session == Some(one.number)
                        && (event.opener, event.uuid) == (one.opener, Some(one.uuid))
                })
            });
            self.excused += excused;
        }
    }

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
