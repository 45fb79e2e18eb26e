//! Acquires without a release, and whether they are a leak.

use std::collections::{BTreeMap, HashMap, HashSet};

use teeleak_proto::Uuid;

use super::{
    engine::Engine,
    order::OrderedEvents,
    releases::may_be_lost_lines,
    table::{EarlierAcquire, SlotEntry},
};
use crate::{
    model::{Completeness, Event, EventKind, Observation, Severity, Verdict},
    protocol::{Protocol, ResourceEnd},
};

/// An acquire without a release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hold {
    /// Position of the acquire.
    pub(crate) at: u64,
    pub(crate) iteration: Option<u32>,
    /// Whether nothing was lost since.
    pub(crate) certain: bool,
    /// Releases of its kind that a text shows.
    pub(crate) released: u64,
    /// Position of the parent's later release, if any.
    pub(crate) orphaned: Option<u64>,
    /// Position of the parent's acquire, if known.
    pub(crate) parent: Option<u64>,
}

/// All holds of one kind of resource (number and origin) of one TA.
pub(crate) type HoldGroups = BTreeMap<(u32, Option<Uuid>), Vec<Hold>>;

/// Objects that exist in the last snapshot; `None` if not observed.
pub(crate) struct LiveState {
    instances: Option<HashSet<u32>>,
    sessions: Option<HashSet<(u32, u32)>>,
    regions: HashMap<u32, HashSet<u64>>,
}

impl LiveState {
    pub(crate) fn new(observation: &Observation) -> Self {
        let last = observation.samples.last();
        let instances = last.and_then(|sample| match &sample.instances {
            Completeness::Complete(instances) => Some(instances),
            _ => None,
        });
        let regions = instances.into_iter().flatten().filter_map(|instance| {
            let Completeness::Complete(regions) = &instance.regions else { return None };
            Some((instance.id, regions.iter().map(|region| region.va).collect()))
        });
        Self {
            regions: regions.collect(),
            instances: instances.map(|all| all.iter().map(|instance| instance.id).collect()),
            sessions: last.and_then(|sample| match &sample.sessions {
                Completeness::Complete(all) => {
                    Some(all.iter().map(|session| (session.opener, session.id)).collect())
                }
                _ => None,
            }),
        }
    }

    /// Whether the acquired object may still exist: a TA's state ends with its instance.
    fn may_hold(&self, event: &Event) -> bool {
        let is_gone = |all: &HashSet<u32>| event.instance != 0 && !all.contains(&event.instance);
        if self.instances.as_ref().is_some_and(is_gone) {
            return false;
        }
        match (&event.kind, &self.sessions, self.regions.get(&event.instance)) {
            (EventKind::Open, Some(sessions), _) => {
                event.session.is_none_or(|session| sessions.contains(&(event.opener, session)))
            }
            (EventKind::Map, _, Some(regions)) => {
                let [low, high, ..] = event.values;
                regions.contains(&(u64::from(high) << 32 | u64::from(low)))
            }
            _ => true,
        }
    }
}

/// Collects holds, and counts those that ended with their TA instance, session or region.
pub(crate) fn collect(
    engine: &Engine<'_>,
    events: &OrderedEvents<'_>,
    protocols: &[Protocol],
    alive: &LiveState,
) -> (HoldGroups, u64) {
    let ends: Vec<ResourceEnd> =
        protocols.iter().flat_map(|protocol| &protocol.resources).map(|all| all.end).collect();
    let mut groups = HoldGroups::new();
    let mut n_ended = 0;
    for entry in engine.table.iter() {
        let end = ends.get((entry.key.resource >> 2) as usize).copied();
        let parent = engine.table.slot(entry.parent);
        let orphan = entry.slot.is_orphan(parent);
        if end == Some(ResourceEnd::Any) || end == Some(ResourceEnd::Parent) && orphan {
            continue;
        }
        for one in entry.acquires() {
            let Some(event) = events.get(one.at) else { continue };
            if alive.may_hold(event) {
                let kind = (entry.key.resource, event.uuid);
                let hold = hold(entry, parent, engine.last_hole, (one, event));
                let hold = Hold { released: engine.releases.number(kind), ..hold };
                groups.entry(kind).or_default().push(hold);
            } else {
                n_ended += 1;
            }
        }
    }
    for holds in groups.values_mut() {
        holds.sort_unstable_by_key(|hold| hold.at);
    }
    (groups, n_ended)
}

fn hold(
    entry: &SlotEntry,
    parent: Option<teeleak_steps::Slot>,
    last_hole: u64,
    (EarlierAcquire { at, lost }, event): (EarlierAcquire, &Event),
) -> Hold {
    let latest = at == entry.slot.since;
    let orphan = entry.slot.is_orphan(parent);
    let parent_release = parent.filter(|_| orphan).map(|parent| parent.until);
    Hold {
        at,
        iteration: event.iteration,
        certain: last_hole <= at,
        released: 0,
        orphaned: if lost > 0 { Some(lost) } else { parent_release },
        parent: parent.map(|parent| parent.since).filter(|since| latest && (1..at).contains(since)),
    }
}

/// Length of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Length {
    /// Measured iterations, 0 if unknown.
    pub(crate) iterations: u32,
    /// Events.
    pub(crate) events: u64,
}

/// Whether holds at the end are a leak.
///
/// With iterations, a leak has holds of the first third, of the last third, and of at least three
/// iterations; or of every iteration. Holds of only the first iterations are a warm-up, those of one
/// iteration a step. Without iterations the quarters of the trace replace them, and any hold whose
/// parent was released is a leak. A few holds of a text beside many that were released prove nothing:
/// their releases may be lost lines.
pub(crate) fn judge(holds: &[Hold], length: Length) -> (Severity, Verdict) {
    let certain_holds = || holds.iter().filter(|hold| hold.certain);
    let released = holds.first().map_or(0, |hold| hold.released);
    let is_exception = may_be_lost_lines(certain_holds().count() as u64, released);
    let certain = pattern(certain_holds(), length);
    if certain == Verdict::Leak && !is_exception {
        return (Severity::Failure, certain);
    }
    let verdict = pattern(holds.iter(), length);
    match verdict {
        Verdict::Leak | Verdict::Undecided => (Severity::Possible, Verdict::Undecided),
        _ => (Severity::Note, verdict),
    }
}

fn pattern<'a>(holds: impl Iterator<Item = &'a Hold> + Clone, length: Length) -> Verdict {
    if length.iterations == 0 {
        return pattern_of_trace(holds, length.events);
    }
    let n = length.iterations;
    let iterations: HashSet<u32> = holds.clone().filter_map(|hold| hold.iteration).collect();
    let (Some(first), Some(last)) = (iterations.iter().min(), iterations.iter().max()) else {
        return Verdict::Clean;
    };
    let orphans = holds.filter(|hold| hold.orphaned.is_some());
    let orphan_iterations: HashSet<u32> = orphans.filter_map(|hold| hold.iteration).collect();
    let is_every = iterations.len() == n as usize && n > 1;
    let spread = iterations.len() >= 3 && *first <= n.div_ceil(3) && *last > n - n.div_ceil(3);
    // The last iteration may have ended just before a late release.
    let lost_for_good = orphan_iterations.iter().any(|iteration| *iteration < n);
    match iterations.len() {
        _ if is_every || spread || lost_for_good => Verdict::Leak,
        1 if n > 2 => Verdict::Step,
        _ if n > 5 && *last <= n / 2 => Verdict::WarmUp,
        _ => Verdict::Undecided,
    }
}

fn pattern_of_trace<'a>(holds: impl Iterator<Item = &'a Hold>, events: u64) -> Verdict {
    let mut quarters = [0u64; 4];
    let mut n_lost = 0;
    for hold in holds {
        let quarter = usize::try_from(hold.at.saturating_sub(1) * 4 / events.max(1)).unwrap_or(3);
        if let Some(count) = quarters.get_mut(quarter) {
            *count += 1;
        }
        n_lost += u64::from(hold.orphaned.is_some());
    }
    if n_lost > 0 || quarters.iter().filter(|count| **count > 1).count() >= 3 {
        Verdict::Leak
    } else if quarters == [0; 4] {
        Verdict::Clean
    } else {
        Verdict::Undecided
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::matching::unpaired::*;

    fn judged(iterations: u32, held: &[u32]) -> Verdict {
        let hold = |iteration: &u32| Hold {
            at: u64::from(*iteration),
            iteration: Some(*iteration),
            certain: true,
            released: 0,
            orphaned: None,
            parent: None,
        };
        let holds: Vec<_> = held.iter().map(hold).collect();
        judge(&holds, Length { iterations, events: u64::from(iterations) }).1
    }

    #[test]
    fn leak_goes_on() {
        assert_eq!(judged(20, &(1..=20).collect::<Vec<_>>()), Verdict::Leak);
        assert_eq!(judged(20, &[4, 8, 12, 16, 20]), Verdict::Leak);
        assert_eq!(judged(2, &[1, 2]), Verdict::Leak);
    }

    #[test]
    fn warm_up_and_step_end() {
        assert_eq!(judged(20, &[1, 2, 3]), Verdict::WarmUp);
        assert_eq!(judged(20, &[7]), Verdict::Step);
        assert_eq!(judged(20, &[20]), Verdict::Step);
        assert_eq!(judged(20, &[]), Verdict::Clean);
    }

    #[test]
    fn a_few_of_many_in_a_text_accuse_nobody() {
        let severity = |places: &[u64], released: u64| {
            let hold = |at: &u64| Hold {
                at: *at,
                iteration: None,
                certain: true,
                released,
                orphaned: Some(at + 2),
                parent: None,
            };
            let holds: Vec<_> = places.iter().map(hold).collect();
            judge(&holds, Length { iterations: 0, events: 40 }).0
        };
        assert_eq!(severity(&[7], 2), Severity::Possible);
        assert_eq!(severity(&[7], 0), Severity::Failure);
        assert_eq!(severity(&[7, 19], 4), Severity::Possible);
        assert_eq!(severity(&[7, 19], 3), Severity::Failure);
        assert_eq!(severity(&[7, 19, 31], 30), Severity::Failure);
    }

    #[test]
    fn too_little_is_undecided() {
        assert_eq!(judged(1, &[1]), Verdict::Undecided);
        assert_eq!(judged(20, &[18, 19, 20]), Verdict::Undecided);
    }
}
