//! The events that made what is still there at the end.

use std::collections::HashMap;

use teeleak_proto::Uuid;

use super::call_tree::CallTree;
use crate::model::{Event, EventKind, Observation, Region, Sample, Session, Stage};

/// The last event that made each region and each session.
pub(super) struct MakingEvents {
    /// By instance and address.
    maps: HashMap<(u32, u64), usize>,
    /// By opener and session.
    opens: HashMap<(u32, u32), usize>,
}

impl MakingEvents {
    pub(super) fn new(tree: &CallTree<'_>) -> Self {
        let mut making = Self { maps: HashMap::new(), opens: HashMap::new() };
        let events = tree.events().iter().enumerate();
        for (at, event) in events.filter(|(_, event)| !event.has_failed()) {
            match (&event.kind, event.session) {
                (EventKind::Map, _) => {
                    making.maps.insert((event.instance, address(event)), at);
                }
                (EventKind::Open, Some(session)) => {
                    making.opens.insert((event.opener, session), at);
                }
                _ => {}
            }
        }
        making
    }

    /// The event of each region of this TA that the run left behind; `None` where none is recorded.
    pub(super) fn regions(&self, observation: &Observation, ta: Uuid) -> Vec<Option<usize>> {
        let stayed = stayed(observation, |sample| regions(sample, ta));
        let event = |(instance, region): &(u32, Region)| self.maps.get(&(*instance, region.va));
        stayed.iter().map(|region| event(region).copied()).collect()
    }

    /// The event of each session to this TA that the run left behind.
    pub(super) fn sessions(&self, observation: &Observation, ta: Uuid) -> Vec<Option<usize>> {
        let stayed = stayed(observation, |sample| sessions(sample, ta));
        let event = |session: &Session| self.opens.get(&(session.opener, session.id));
        stayed.iter().map(|session| event(session).copied()).collect()
    }
}

fn regions(sample: &Sample, ta: Uuid) -> Option<Vec<(u32, Region)>> {
    let instances = sample.instances.value()?.iter().filter(|instance| instance.uuid == ta);
    let regions = instances.flat_map(|instance| {
        let regions = instance.regions.value().into_iter().flatten();
        regions.map(|region| (instance.id, *region))
    });
    Some(regions.collect())
}

fn sessions(sample: &Sample, ta: Uuid) -> Option<Vec<Session>> {
    Some(sample.sessions.value()?.iter().filter(|session| session.uuid == ta).copied().collect())
}

/// What the last measured snapshot has and the one before the run has not.
fn stayed<T: Ord>(observation: &Observation, list: impl Fn(&Sample) -> Option<Vec<T>>) -> Vec<T> {
    let samples = &observation.samples;
    let is_measured = |sample: &Sample| sample.moment.stage == Stage::Measured;
    let begin = samples.iter().position(is_measured).unwrap_or(0).saturating_sub(1);
    let mut base = samples.get(begin).and_then(&list).unwrap_or_default();
    base.sort_unstable();
    let last = samples.iter().rfind(|sample| is_measured(sample)).and_then(list);
    let is_new = |one: &T| base.binary_search(one).is_err();
    last.unwrap_or_default().into_iter().filter(is_new).collect()
}

const fn address(event: &Event) -> u64 {
    let [low, high, ..] = event.values;
    (high as u64) << 32 | low as u64
}
