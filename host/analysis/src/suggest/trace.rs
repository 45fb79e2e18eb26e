//! What was done, with the values that it carried.

use std::collections::{BTreeMap, BTreeSet};

use teeleak_proto::Uuid;

use crate::{
    birthplace::CallTree,
    model::{Event, EventKind, Observation, Origin},
};

/// Most records of one trace that are looked at.
const RECORDS: usize = 200_000;

/// Most kinds of actions of one trace.
const ACTIONS: usize = 64;

/// Words for parameters, in the order of their values: wide ones first, which say more.
pub(super) const PLACES: [&str; 12] = [
    "wide 0",
    "wide 1",
    "wide 2",
    "wide 3",
    "value 0.a",
    "value 0.b",
    "value 1.a",
    "value 1.b",
    "value 2.a",
    "value 2.b",
    "value 3.a",
    "value 3.b",
];

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// Its number.
    pub command: u32,
    /// What it does to the regions of its TA, if most of its calls do.
    pub maps: Option<EventKind>,
}

/// One action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Record {
    pub(super) action: usize,
    /// Values by place, 0 for none.
    pub(super) values: Vec<u64>,
    pub(super) failed: bool,
}

/// The actions of one TA.
#[derive(Clone, Default, Debug)]
pub(super) struct Trace {
    pub(super) ta: Uuid,
    pub(super) actions: Vec<Action>,
    pub(super) records: Vec<Record>,
    /// Addresses of the regions that the TA mapped: handles even if the same one is used again and again.
    pub(super) addresses: BTreeSet<u64>,
}

impl Trace {
    /// The traces of all TAs that were called.
    pub(super) fn all(observation: &Observation) -> Vec<Self> {
        let is_command = |event: &&Event| event.kind == EventKind::Invoke && event.uuid.is_some();
        let commands = observation.events.iter().filter(is_command);
        let tas: BTreeSet<_> = commands.filter_map(|event| event.uuid).collect();
        let maps = calls_with_maps(observation);
        tas.into_iter().map(|ta| Self::of_ta(observation, ta, &maps)).collect()
    }

    fn of_ta(observation: &Observation, ta: Uuid, maps: &BTreeMap<usize, EventKind>) -> Self {
        let addresses = addresses(observation, ta);
        let mut trace = Self { ta, addresses, ..Self::default() };
        let mut places: BTreeMap<u32, usize> = BTreeMap::new();
        let mut n_maps: BTreeMap<(usize, EventKind), u64> = BTreeMap::new();
        for (at, event) in observation.events.iter().enumerate() {
            let Some(command) = event.cmd.filter(|_| is_call_of(event, ta)) else { continue };
            if !places.contains_key(&command) && places.len() >= ACTIONS {
                continue;
            }
            let action = *places.entry(command).or_insert_with(|| trace.add_command(command));
            if let Some(kind) = maps.get(&at) {
                *n_maps.entry((action, kind.clone())).or_default() += 1;
            }
            let (values, failed) = (values(event), event.has_failed());
            trace.records.push(Record { action, values, failed });
            if trace.records.len() >= RECORDS {
                break;
            }
        }
        for ((action, kind), count) in n_maps {
            trace.actions[action].maps = Some(kind).filter(|_| trace.is_most(action, count));
        }
        trace
    }

    fn add_command(&mut self, command: u32) -> usize {
        self.actions.push(Action { command, maps: None });
        self.actions.len() - 1
    }

    /// Whether these are most of the calls of an action that succeeded.
    fn is_most(&self, action: usize, count: u64) -> bool {
        let calls = self.records.iter().filter(|one| one.action == action && !one.failed).count();
        count * 10 >= calls as u64 * 9
    }
}

fn is_call_of(event: &Event, ta: Uuid) -> bool {
    event.origin == Origin::Tee && event.kind == EventKind::Invoke && event.uuid == Some(ta)
}

/// The calls in which regions were mapped or unmapped; those with both are none.
fn calls_with_maps(observation: &Observation) -> BTreeMap<usize, EventKind> {
    let tree = CallTree::new(observation);
    let mut kinds: BTreeMap<usize, BTreeSet<EventKind>> = BTreeMap::new();
    for (at, event) in observation.events.iter().enumerate() {
        let is_region = matches!(event.kind, EventKind::Map | EventKind::Unmap);
        if let Some(call) = tree.parent(at).filter(|_| is_region && !event.has_failed()) {
            kinds.entry(call).or_default().insert(event.kind.clone());
        }
    }
    let single = |(call, kinds): (usize, BTreeSet<EventKind>)| {
        let is_single = kinds.len() == 1;
        kinds.into_iter().next().filter(|_| is_single).map(|kind| (call, kind))
    };
    kinds.into_iter().filter_map(single).collect()
}

fn addresses(observation: &Observation, ta: Uuid) -> BTreeSet<u64> {
    let is_map = |event: &&Event| event.kind == EventKind::Map && event.uuid == Some(ta);
    let maps = observation.events.iter().filter(is_map).take(RECORDS);
    let address = |event: &Event| u64::from(event.values[1]) << 32 | u64::from(event.values[0]);
    maps.map(address).filter(|address| *address != 0).collect()
}

/// The values of an event in the order of [`PLACES`].
fn values(event: &Event) -> Vec<u64> {
    let value = |at: usize| event.values.get(at).copied().map_or(0, u64::from);
    let wide = |parameter: usize| match (value(2 * parameter), value(2 * parameter + 1)) {
        // Without a high half it is a value.
        (_, 0) | (0, _) => 0,
        (low, high) => high << 32 | low,
    };
    (0..4).map(wide).chain((0..8).map(value)).collect()
}
