//! How often each kind of call was made in each iteration.

use std::collections::{BTreeMap, HashMap};

use teeleak_proto::Uuid;

use super::births::Birth;
use crate::model::{Event, EventKind, Observation};

/// Most kinds of calls that are counted apart; a workload has a few dozen.
const KINDS: usize = 4096;

/// A kind of call.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct CallKey {
    pub(super) kind: EventKind,
    pub(super) uuid: Uuid,
    pub(super) cmd: Option<u32>,
    /// The TA that makes the call; `None` for the normal world.
    pub(super) opener: Option<Uuid>,
}

/// Calls of one kind by result, then by iteration.
pub(super) type CallsByResult = BTreeMap<u32, BTreeMap<u32, u64>>;

/// All calls of an observation.
#[derive(Default)]
pub(super) struct CallCounts {
    pub(super) calls: BTreeMap<CallKey, CallsByResult>,
    /// Iterations in which events were lost.
    lossy: Vec<u32>,
    /// Whether there are more kinds of calls than are counted.
    is_cut: bool,
}

impl CallCounts {
    pub(super) fn new(observation: &Observation) -> Self {
        let instances = instances(observation);
        let mut counts = Self::default();
        for event in &observation.events {
            let Some(iteration) = event.iteration else { continue };
            if event.lost_before > 0 {
                counts.lossy.push(iteration);
            }
            // A failure in words is neither a success nor one of the codes.
            let is_in_words = event.has_failed() && event.code().is_none();
            if let Some(key) = key(event, &instances).filter(|_| !is_in_words) {
                counts.add(key, event.code().unwrap_or(0), iteration);
            }
        }
        counts
    }

    fn add(&mut self, key: CallKey, result: u32, iteration: u32) {
        if self.calls.len() >= KINDS && !self.calls.contains_key(&key) {
            self.is_cut = true;
            return;
        }
        let by_iteration = self.calls.entry(key).or_default().entry(result).or_default();
        *by_iteration.entry(iteration).or_default() += 1;
    }

    /// Whether all calls of these iterations are known.
    pub(super) fn is_complete(&self, births: &[Birth]) -> bool {
        let is_within =
            |iteration: &u32| births.iter().any(|birth| birth.iterations().contains(iteration));
        !self.is_cut && !self.calls.is_empty() && !self.lossy.iter().any(is_within)
    }
}

/// Calls by the births that they fall together with; `results` has those of each result by iteration.
pub(super) fn in_births(births: &[Birth], results: &[&BTreeMap<u32, u64>]) -> Vec<u64> {
    let count = |birth: &Birth| {
        results.iter().flat_map(|counts| counts.range(birth.iterations())).map(|(_, n)| n).sum()
    };
    births.iter().map(count).collect()
}

fn key(event: &Event, instances: &HashMap<u32, Uuid>) -> Option<CallKey> {
    let is_call = matches!(event.kind, EventKind::Open | EventKind::Close | EventKind::Invoke);
    let key = |uuid| CallKey {
        kind: event.kind.clone(),
        uuid,
        cmd: event.cmd,
        opener: instances.get(&event.opener).copied(),
    };
    event.uuid.filter(|_| is_call).map(key)
}

/// TAs by instance number, which no boot uses twice.
pub(crate) fn instances(observation: &Observation) -> HashMap<u32, Uuid> {
    let samples = observation.samples.iter();
    let owners = samples.clone().filter_map(|sample| sample.owners.value()).flatten();
    let owners = owners.filter(|owner| !owner.pta);
    let instances = samples.filter_map(|sample| sample.instances.value()).flatten();
    { owners.filter_map(|owner| Some((owner.instance, owner.uuid?))) }
        .chain(instances.map(|instance| (instance.id, instance.uuid)))
        .filter(|(instance, _)| *instance != 0)
        .collect()
}
