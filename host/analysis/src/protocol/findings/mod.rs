//! Findings of one pass over the events.

mod order;
mod unpaired;

use std::{collections::HashSet, sync::Arc};

use teeleak_proto::Uuid;
use teeleak_steps::OrderRule;

use super::{
    Limits, Protocol,
    matching::{
        engine::Engine,
        group::{Group, GroupKey},
        order::OrderedEvents,
        releases::TextReleases,
        step_matcher::Matcher,
        unpaired::{Length, LiveState, collect},
    },
};
use crate::{
    fingerprint::fingerprint,
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, Fingerprint, Gap, Observation, Reason,
        Stage, Subject, Unit,
    },
};

/// Most acquires that a [`Tie`] lists; the finding's figures count all.
const TIED: usize = 4096;

/// Most pairs of a resource and a TA with findings about what they hold: those that hold the most.
const HOLDERS: usize = 512;

/// Units of a finding, in total and per iteration.
type Units = (Unit, Unit);

/// A wrong order counts calls, a missing release counts objects.
const CALLS: Units = (Unit::Calls, Unit::CallsPerIteration);
const OBJECTS: Units = (Unit::Objects, Unit::ObjectsPerIteration);

/// The result of the protocol check.
#[derive(Clone, Debug, Default)]
pub struct ProtocolReport {
    /// Broken orders and unpaired acquires.
    pub findings: Vec<Finding>,
    /// Links from unpaired findings to growth.
    pub ties: Vec<Tie>,
    /// What could not be checked.
    pub gaps: Vec<Gap>,
    /// Events that were steps of a protocol.
    pub steps: u64,
    /// Acquires without a release whose TA instance, session or region has ended: no leak.
    pub ended: u64,
    /// Releases of resources acquired before the recording started: no fault.
    pub unknown: u64,
}

/// The link from a finding to growth: the TA and its acquires.
#[derive(Clone, Debug)]
pub struct Tie {
    /// Fingerprint of the finding.
    pub fingerprint: Fingerprint,
    /// TA that owns the resources.
    pub ta: Option<Uuid>,
    /// The resources in words: "mappings of drm-player".
    pub what: Arc<str>,
    /// Indices into the observation's events of acquires without a release, in order.
    pub acquires: Vec<usize>,
    /// Number of acquires within iterations.
    pub held: u64,
}

/// Checks all events against all protocols in one pass.
#[must_use]
pub fn check(observation: &Observation, protocols: &[Protocol], limits: Limits) -> ProtocolReport {
    let matcher = Matcher::new(protocols);
    let pass =
        |events: &OrderedEvents<'_>| pass(observation, (protocols, &matcher), events, limits);
    // Most events are in order; a second pass handles the others.
    let first_pass = pass(&OrderedEvents::as_given(&observation.events));
    let sort = || OrderedEvents::with_window(&observation.events, limits.window);
    first_pass.or_else(|| pass(&sort())).unwrap_or_default()
}

/// One pass; `None` if the events are not in order.
fn pass(
    observation: &Observation,
    (protocols, matcher): (&[Protocol], &Matcher),
    events: &OrderedEvents<'_>,
    limits: Limits,
) -> Option<ProtocolReport> {
    let mut engine = Engine::new(events, matcher, limits);
    if !engine.run() {
        return None;
    }
    let groups = std::mem::take(&mut engine.groups).into_sorted();
    let live_state = LiveState::new(observation);
    let (holds, ended) = collect(&engine, events, protocols, &live_state);
    let length = Length {
        iterations: last_iteration(observation).max(engine.iterations),
        events: observation.events.len() as u64,
    };
    let releases = &engine.releases;
    let report = FindingWriter { protocols, events, groups: &groups, length, releases };
    let mut findings = report.orders();
    let mut ties = Vec::new();
    let (least, dropped) = least_held(holds.values().map(Vec::len));
    for ((resource, ta), holds) in
        holds.iter().filter(|(_, holds)| holds.len() >= least).take(HOLDERS)
    {
        let Some((finding, tie)) = report.unpaired(*resource, *ta, holds) else { continue };
        findings.push(finding);
        ties.push(tie);
    }
    let mut fingerprints = HashSet::new();
    // Events of the TEE come first: the normal world may report the same fault.
    findings.retain(|finding| fingerprints.insert(finding.fingerprint.clone()));
    let mut gaps = gaps(&engine, events);
    gaps.extend((dropped > 0).then(|| Gap {
        what: "TAs that hold something, beyond the 512 that hold the most".into(),
        reason: Reason::NoRoom,
        remedy: None,
        lost: dropped,
    }));
    Some(ProtocolReport {
        findings,
        ties,
        gaps,
        steps: engine.steps,
        ended,
        unknown: engine.unknown,
    })
}

/// The least number of held objects that makes a finding, and how many holders have none for lack of room.
fn least_held(counts: impl Iterator<Item = usize>) -> (usize, u64) {
    let mut counts: Vec<_> = counts.collect();
    counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
    let dropped = counts.len().saturating_sub(HOLDERS) as u64;
    let least = HOLDERS.checked_sub(1).and_then(|last| counts.get(last).copied());
    (least.unwrap_or(0), dropped)
}

/// Last measured iteration of the snapshots.
fn last_iteration(observation: &Observation) -> u32 {
    let samples =
        observation.samples.iter().filter(|sample| sample.moment.stage == Stage::Measured);
    samples.map(|sample| sample.moment.iteration).max().unwrap_or(0)
}

fn gaps(engine: &Engine<'_>, events: &OrderedEvents<'_>) -> Vec<Gap> {
    let rows = [
        ("events too late to be sorted", Reason::Moved, events.late, "use a larger window"),
        (
            "steps without the key of their protocol",
            Reason::NotOffered,
            engine.keyless,
            "use another key in the protocol",
        ),
        (
            "steps implied by later ones but not recorded",
            Reason::NotOffered,
            engine.missing,
            "remove the filter, or let both acquires and releases pass it",
        ),
        (
            "steps that damaged lines hide, by those that follow",
            Reason::Damaged,
            engine.hidden,
            "record the console again",
        ),
        (
            "held resources dropped for lack of room",
            Reason::NoRoom,
            engine.table.evicted,
            "use a higher limit",
        ),
    ];
    let gaps = rows.into_iter().filter(|(.., lost, _)| *lost > 0);
    gaps.map(|(what, reason, lost, remedy)| Gap {
        what: what.into(),
        reason,
        remedy: Some(remedy.into()),
        lost,
    })
    .collect()
}

struct FindingWriter<'a> {
    protocols: &'a [Protocol],
    events: &'a OrderedEvents<'a>,
    groups: &'a [(GroupKey, Group)],
    length: Length,
    releases: &'a TextReleases,
}

impl<'a> FindingWriter<'a> {
    /// The protocol of a resource by number and origin, and the resource's index in it.
    fn find(&self, resource: u32) -> Option<(&'a Protocol, usize)> {
        let mut index = (resource >> 2) as usize;
        for protocol in self.protocols {
            if index < protocol.resources.len() {
                return Some((protocol, index));
            }
            index -= protocol.resources.len();
        }
        None
    }

    fn figures(&self, units: Units, count: u64, in_run: u64, iterations: u32) -> Vec<Figure> {
        let mut figures = vec![Figure::new(FigureKind::Count, count as f64, units.0)];
        if self.length.iterations > 0 {
            let rate = in_run as f64 / f64::from(self.length.iterations);
            figures.push(Figure::new(FigureKind::Rate, rate, units.1));
            figures.push(Figure::new(FigureKind::SeenIn, f64::from(iterations), Unit::Iterations));
        }
        figures
    }

    fn fingerprint(
        &self,
        kind: FindingKind,
        subject: &Subject,
        ta: Option<Uuid>,
        rule: Option<OrderRule>,
    ) -> Fingerprint {
        let ta = ta.map_or_else(|| "-".to_owned(), |ta| ta.to_string());
        match rule {
            Some(rule) => fingerprint(kind, subject, &[rule.name(), &ta]),
            None => fingerprint(kind, subject, &[&ta]),
        }
    }
}

fn subject(protocol: &Protocol, resource: usize) -> Option<Subject> {
    let resource = protocol.resources.get(resource)?.name.clone();
    Some(Subject::Resource { protocol: protocol.name.clone(), resource })
}

fn sentence(words: String) -> Evidence {
    Evidence::Text(words.into())
}
