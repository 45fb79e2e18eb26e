//! Which call each event belongs to.

use std::collections::{BTreeSet, HashMap};

use teeleak_proto::Uuid;

use crate::{
    blame,
    model::{BirthCall, Event, EventKind, Observation, Origin},
};

/// Calls of TAs by TAs that are followed up to the normal world.
const DEPTH: usize = 8;

/// The events of an observation, each with the call that it belongs to.
pub(crate) struct CallTree<'o> {
    events: &'o [Event],
    /// The call that an event belongs to.
    parents: HashMap<usize, usize>,
    /// TAs by instance number.
    instances: HashMap<u32, Uuid>,
    /// Place of the last event before which some were lost; all of them if the last ones were.
    lost_until: usize,
}

impl<'o> CallTree<'o> {
    /// A TA instance serves one call at a time and events are numbered when they finish, so what an
    /// instance does belongs to the next call that it finishes.
    pub(crate) fn new(observation: &'o Observation) -> Self {
        let events = observation.events.as_slice();
        let mut parents = HashMap::new();
        let mut pending: HashMap<u32, Vec<usize>> = HashMap::new();
        for (at, event) in events.iter().enumerate().filter(|(_, event)| is_of_core(event)) {
            if event.lost_before > 0 {
                pending.clear();
            }
            if is_call(event) && event.instance != 0 {
                let children = pending.remove(&event.instance).unwrap_or_default();
                parents.extend(children.into_iter().map(|child| (child, at)));
            }
            if let Some(actor) = actor(event) {
                pending.entry(actor).or_default().push(at);
            }
        }
        let last_loss = events.iter().rposition(|event| event.lost_before > 0).unwrap_or(0);
        let lost_until = if observation.lost_at_end > 0 { events.len() } else { last_loss };
        Self { events, parents, instances: blame::instances(observation), lost_until }
    }

    /// The call that an event belongs to.
    pub(crate) fn parent(&self, at: usize) -> Option<usize> {
        self.parents.get(&at).copied()
    }

    pub(super) const fn events(&self) -> &'o [Event] {
        self.events
    }

    /// Whether no event was lost since this one: what it made is what is there.
    pub(super) const fn is_last_word(&self, at: usize) -> bool {
        at >= self.lost_until
    }

    /// The call in which this event made something: itself if the normal world opens a session with it.
    pub(super) fn birth_call(&self, at: usize) -> Option<BirthCall> {
        let event = self.events.get(at)?;
        let is_made_by_ta = event.kind == EventKind::Map || event.opener != 0;
        if event.kind == EventKind::Invoke || (is_call(event) && !is_made_by_ta) {
            return self.call(at);
        }
        self.call(*self.parents.get(&at)?)
    }

    /// The call, with the TA and the process that make it.
    pub(super) fn call(&self, at: usize) -> Option<BirthCall> {
        let event = self.events.get(at).filter(|event| is_call(event))?;
        let by = self.root(at).and_then(|root| root.by.as_ref());
        Some(BirthCall {
            kind: event.kind.clone(),
            uuid: event.uuid?,
            pta: event.instance == 0,
            cmd: event.cmd,
            opener: self.instances.get(&event.opener).copied(),
            program: by.map(|by| &by.comm).filter(|comm| !comm.is_empty()).cloned(),
            pids: by.map(|by| by.pid).into_iter().collect(),
        })
    }

    /// The call of the normal world that a call was made in.
    fn root(&self, at: usize) -> Option<&'o Event> {
        let above = |at: &usize| self.parents.get(at).copied();
        let mut chain = std::iter::successors(Some(at), above).take(DEPTH);
        chain.find_map(|at| self.events.get(at).filter(|event| event.opener == 0))
    }
}

/// The calls without who makes them twice: one entry per kind, TA, command, opener and program.
pub(super) fn merge(calls: impl Iterator<Item = BirthCall>) -> Vec<(BirthCall, u64)> {
    let mut merged: HashMap<_, (BTreeSet<u32>, u64)> = HashMap::new();
    for call in calls {
        let (pids, count) = merged.entry(without_pids(&call)).or_default();
        pids.extend(call.pids);
        *count += 1;
    }
    let whole = |(call, (pids, count)): (BirthCall, _)| (BirthCall { pids, ..call }, count);
    let mut merged: Vec<_> = merged.into_iter().map(whole).collect();
    merged.sort_by(|(a, n_a), (b, n_b)| n_b.cmp(n_a).then_with(|| a.cmp(b)));
    merged
}

fn without_pids(call: &BirthCall) -> BirthCall {
    BirthCall { pids: BTreeSet::new(), ..call.clone() }
}

fn is_of_core(event: &Event) -> bool {
    event.origin == Origin::Tee
}

pub(super) const fn is_call(event: &Event) -> bool {
    matches!(event.kind, EventKind::Open | EventKind::Close | EventKind::Invoke)
}

/// The instance that did this in a call; `None` for the normal world.
fn actor(event: &Event) -> Option<u32> {
    let instance = match event.kind {
        EventKind::Map => event.instance,
        _ if is_call(event) => event.opener,
        _ => 0,
    };
    Some(instance).filter(|instance| *instance != 0)
}
