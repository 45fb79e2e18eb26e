//! Coverage: what was not observed, and whether the result is still reliable.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{damage::InputDamage, stated::StatedFacts};

use crate::{
    growth::{collect::far_iteration, report::last_fall},
    model::{
        Call, CallKind, Completeness, Event, Finding, Gap, Incident, Instance, Observation, Origin,
        Reason, Sample, Stage, StepResult, UnreadText, saturating_sum,
    },
    normal_world, text,
};

/// The data that a clean result requires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Needs {
    /// All allocation sites, in every measured snapshot.
    pub sites: bool,
    /// All regions of all TAs, in the last measured snapshot.
    pub regions: bool,
    /// All sessions, in the last measured snapshot.
    pub sessions: bool,
    /// Events, and none lost.
    pub events: bool,
    /// The canary, in every snapshot that had to contain it.
    pub canary: bool,
    /// This many snapshots; two if the user asked for as many iterations as there are.
    pub snapshots: usize,
}

/// Snapshots with which [`growth::judge`](crate::growth::judge()) can show a leak of one object per iteration.
const DECISIVE: usize = 5;

impl Needs {
    const NOTHING: Self = Self {
        sites: false,
        regions: false,
        sessions: false,
        events: false,
        canary: false,
        snapshots: 2,
    };
    /// Everything: for a live device with the PTA.
    pub const ALL: Self = Self {
        sites: true,
        regions: true,
        sessions: true,
        events: true,
        canary: true,
        ..Self::NOTHING
    };
    /// Allocation sites only, but as many snapshots as show a leak: for logs of `mdbg_check()`.
    pub const SITES: Self = Self { snapshots: DECISIVE, ..Self::STOCK };
    /// Allocation sites only: for a live device without the PTA.
    pub const STOCK: Self = Self { sites: true, ..Self::NOTHING };
    /// Events only: for traces.
    pub const EVENTS: Self = Self { events: true, ..Self::NOTHING };

    const fn samples(self) -> bool {
        self.sites || self.regions || self.sessions
    }
}

/// Reasons why an observation can't be called clean; empty if it can.
pub(super) fn doubts(
    observation: &Observation,
    needs: Needs,
    findings: &[Finding],
) -> Vec<Arc<str>> {
    if let Some(text) = &observation.unread {
        return unread(text);
    }
    let mut doubts = Vec::new();
    let stated = StatedFacts::new(findings);
    let samples = measured_samples(&observation.samples);
    // Ledgers of the normal world have their own doubts.
    let normal = normal_world::is_observed(&observation.normal);
    let is_normal_only = observation.samples.is_empty() && normal;
    let no_tee = observation.platform.no_tee.as_ref();
    let damage = InputDamage::new(observation);
    if needs.samples() && !is_normal_only {
        let needs = Needs { sites: needs.sites && !of_other_heap(&samples, stated), ..needs };
        of_samples(&samples, needs, &damage, &mut doubts);
        doubts.extend(too_few(&observation.samples, needs.snapshots));
        doubts.extend(last_fall::doubt(observation).filter(|_| needs.sites));
    }
    if let Some(no_tee) = no_tee.filter(|no_tee| no_tee.there) {
        doubts.push(format!("the TEE was not observed: {}", no_tee.why).into());
    }
    let without_tee = is_normal_only && no_tee.is_some();
    if needs.events && !without_tee {
        of_events(observation, &mut doubts);
    }
    if needs.canary && !without_tee || observation.canary.is_some() {
        doubts.extend(of_canary(observation));
    }
    doubts.extend(of_workload(observation));
    of_input(observation, &damage, stated, &mut doubts);
    of_results(observation, stated, &mut doubts);
    doubts
}

/// What is to be said of a text of which nothing was recognized: nobody knows what it is about.
fn unread(text: &UnreadText) -> Vec<Arc<str>> {
    let lines = text::count(text.lines, "line");
    let mut doubts = vec![
        format!("none of {lines} is of a known form: teeleak analyze --help and docs/normal-world.md list them")
            .into(),
    ];
    let first: Vec<_> = text.first.iter().map(|line| format!("\"{line}\"")).collect();
    if !first.is_empty() {
        doubts.push(format!("the text begins with {}", text::list(&first)).into());
    }
    doubts.push(
        "a table can be described in a file for --table, other lines in one for --rules; --normal-world and --strace \
         say what a file is"
            .into(),
    );
    doubts
}

/// A canary that was not found each time, or not planted.
fn of_canary(observation: &Observation) -> Option<Arc<str>> {
    let Some(canary) = observation.canary else { return Some("no canary was planted".into()) };
    let [found, expected] = [canary.found, canary.expected].map(|n| text::number(n.into()));
    (canary.found < canary.expected)
        .then(|| format!("the canary was found in {found} of {expected} snapshots").into())
}

fn of_workload(observation: &Observation) -> Option<Arc<str>> {
    let (place, status) = observation.failed.first()?;
    let (n, place) = (text::number(observation.failed.len() as u64), text::place(place));
    Some(format!("the workload failed {n} times, first with status {status} ({place})").into())
}

/// The measured snapshots, or all if the observation has no stages.
fn measured_samples(samples: &[Sample]) -> Vec<&Sample> {
    let counts = |sample: &&Sample| sample.moment.stage == Stage::Measured;
    let selection: Vec<_> = samples.iter().filter(counts).collect();
    if selection.is_empty() { samples.iter().collect() } else { selection }
}

/// Whether the question is about the heap of a TA that leaks, and the sites of the TEE core were never printed.
fn of_other_heap(measured: &[&Sample], stated: StatedFacts) -> bool {
    let is_unobserved = |sample: &&Sample| matches!(sample.sites, Completeness::Unobserved(_));
    stated.leak_of_ta_heap && measured.iter().all(is_unobserved)
}

fn of_samples(
    measured: &[&Sample],
    needs: Needs,
    damage: &InputDamage,
    doubts: &mut Vec<Arc<str>>,
) {
    let Some(last) = measured.last() else {
        doubts.push("no snapshot was taken".into());
        return;
    };
    if measured.len() < 2 {
        doubts.push("one snapshot can't show growth".into());
    }
    if let Some(far) = far_iteration(measured.iter().copied()) {
        let far = text::number(far.into());
        doubts.push(
            format!(
                "iteration {far} is too far beyond the others: snapshots from it on are not used"
            )
            .into(),
        );
    }
    let blind = measured.iter().filter_map(|sample| sample.sites.gap());
    if needs.sites
        && !damage.hides_nothing
        && let Some(gap) = blind.clone().next()
    {
        let (n, of) = (text::number(blind.count() as u64), text::number(measured.len() as u64));
        doubts.push(format!("{} in {n} of {of} snapshots: {}", gap.what, gap.reason).into());
    }
    let heaps = measured.iter().flat_map(|sample| &sample.heaps);
    if let Some(gap) = heaps.clone().find_map(|dump| dump.sites.gap()) {
        let (n, of) = (heaps.clone().filter(|dump| dump.sites.gap().is_some()), heaps);
        let (n, of) = (text::number(n.count() as u64), text::number(of.count() as u64));
        doubts.push(format!("{} of TA heaps in {n} of {of}: {}", gap.what, gap.reason).into());
    }
    if needs.regions {
        let gaps = last.instances.gap().into_iter().chain(of_instances(last));
        doubts.extend(gaps.map(|gap| format!("{}: {}", gap.what, gap.reason).into()));
    }
    if needs.sessions
        && let Some(gap) = last.sessions.gap()
    {
        doubts.push(format!("{}: {}", gap.what, gap.reason).into());
    }
}

/// Two equal snapshots prove nothing: what a doubt says about too few of them.
fn too_few(samples: &[Sample], least: usize) -> Option<Arc<str>> {
    let is_value =
        |sample: &&Sample| matches!(sample.moment.stage, Stage::Before | Stage::Measured);
    let n = samples.iter().filter(is_value).count();
    (2..least).contains(&n).then(|| {
        let missing = text::count((least - n) as u64, "more snapshot");
        format!("{n} snapshots are too few to show growth: {missing} would decide").into()
    })
}

fn of_instances(sample: &Sample) -> impl Iterator<Item = &Gap> {
    let instances = sample.instances.value().into_iter().flatten();
    instances.filter_map(|Instance { regions, .. }| regions.gap())
}

fn of_events(observation: &Observation, doubts: &mut Vec<Arc<str>>) {
    if observation.events.is_empty() && !is_without_calls(observation) {
        doubts.push("no event was recorded".into());
    }
    let n_lost = lost_events(observation).saturating_add(observation.lost_at_end);
    if n_lost > 0 {
        doubts.push(format!("{} events were lost", text::number(n_lost)).into());
    }
}

/// Whether a run saw no event because its workload made no call that has one: where all would have been
/// seen, and no recorded client opened a session or invoked a command.
fn is_without_calls(observation: &Observation) -> bool {
    let platform = &observation.platform;
    let is_watched = platform.has_events && !platform.workload.is_empty();
    let reaches_ta = |call: &Call| {
        let is_call = matches!(call.kind, CallKind::OpenSession | CallKind::InvokeCommand);
        // Libteec or the driver refused the others: TEEC_ORIGIN_API and TEEC_ORIGIN_COMMS.
        is_call && !(call.result != 0 && matches!(call.origin, Some(1 | 2)))
    };
    is_watched && !observation.clients.calls.iter().any(reaches_ta)
}

/// Whether what was read may never have been written.
pub(super) fn is_garbled(observation: &Observation) -> bool {
    observation.gaps.iter().any(|gap| gap.reason == Reason::Garbled)
}

fn of_input(
    observation: &Observation,
    damage: &InputDamage,
    stated: StatedFacts,
    doubts: &mut Vec<Arc<str>>,
) {
    if is_garbled(observation) {
        doubts
            .push("the packed input is damaged: what was unpacked before may be wrong, too".into());
    }
    if !damage.is_explained {
        if observation.gaps.iter().any(|gap| gap.reason.is_damage()) {
            doubts.push("the input is damaged".into());
        }
        match observation.accounting.rejected {
            0 => {}
            1 => doubts.push("a line or frame could not be read".into()),
            n => {
                doubts
                    .push(format!("{} lines or frames could not be read", text::number(n)).into());
            }
        }
    }
    if observation.gaps.iter().any(|gap| gap.reason == Reason::Cut) {
        doubts.push("the recording stops before the end of the run".into());
    }
    let is_doubt = |one: &&Incident| one.is_doubt() && !stated.has_incident(one);
    let weighty = || observation.incidents.iter().filter(is_doubt);
    if let Some(incident) = weighty().next() {
        let n = text::count(saturating_sum(weighty().map(Incident::times)), "incident");
        let place = text::place(&incident.place);
        let doubt = format!("{n}, first {} ({place})", incident.text);
        doubts.push(doubt.into());
    }
}

/// Calls that failed for lack of memory: something filled up, whoever's memory it was.
fn of_results(observation: &Observation, stated: StatedFacts, doubts: &mut Vec<Arc<str>>) {
    let is_starved = |event: &&Event| {
        event.result.as_ref().is_some_and(StepResult::lacks_memory) && !stated.has_starved(event)
    };
    let starved = || observation.events.iter().filter(is_starved);
    if let Some(first) = starved().next() {
        let n = text::count(starved().count() as u64, "call");
        let place = text::place(&first.place);
        doubts.push(format!("{n} failed for lack of memory, the first at {place}").into());
    }
}

/// Those before an event that was recorded; a gap has those after the last one.
fn lost_events(observation: &Observation) -> u64 {
    // Damaged lines of a text may be anything; they are counted as lines.
    let events = observation.events.iter().filter(|event| event.origin != Origin::Text);
    saturating_sum(events.map(|event| event.lost_before))
}

/// All gaps, equal ones of several snapshots merged: what was lost first, as it may change the answer, then what the
/// answer needs, then what can be observed another time.
pub(super) fn gaps(observation: &Observation, needs: Needs, further: &[Gap]) -> Vec<Gap> {
    let needed: BTreeSet<_> = needed_gaps(observation, needs).map(gap_key).collect();
    let mut gaps = merge(observation, further);
    let is_lost = |gap: &Gap| gap.lost > 0 && gap.reason != Reason::NotOffered;
    let rank = |gap: &Gap| (!is_lost(gap), !needed.contains(&gap_key(gap)), gap.remedy.is_none());
    gaps.sort_by_cached_key(rank);
    gaps
}

/// What is missing, and why.
type GapKey = (Arc<str>, Reason);

fn gap_key(gap: &Gap) -> GapKey {
    (gap.what.clone(), gap.reason.clone())
}

/// Gaps in what a clean result requires.
fn needed_gaps(observation: &Observation, needs: Needs) -> impl Iterator<Item = &Gap> {
    let samples = measured_samples(&observation.samples).into_iter();
    samples.flat_map(move |sample| gaps_of_parts(sample, needs))
}

fn gaps_of_parts(sample: &Sample, needs: Needs) -> impl Iterator<Item = &Gap> {
    let Sample { sites, instances, sessions, heaps, .. } = sample;
    let parts = [
        sites.gap().filter(|_| needs.sites),
        instances.gap().filter(|_| needs.regions),
        sessions.gap().filter(|_| needs.sessions),
    ];
    parts.into_iter().flatten().chain(heaps.iter().filter_map(|dump| dump.sites.gap()))
}

fn merge(observation: &Observation, further: &[Gap]) -> Vec<Gap> {
    let mut unique_gaps: BTreeMap<GapKey, Gap> = BTreeMap::new();
    let samples: &[Sample] = if observation.unread.is_some() { &[] } else { &observation.samples };
    let mut add = |gap: &Gap| {
        let entry = unique_gaps.entry(gap_key(gap));
        entry
            .and_modify(|known| known.lost = known.lost.saturating_add(gap.lost))
            .or_insert_with(|| gap.clone());
    };
    let is_of_tee = |gap: &&Gap| observation.unread.is_none() || gap.lost > 0;
    observation.gaps.iter().filter(is_of_tee).chain(further).for_each(&mut add);
    for sample in samples {
        let parts = [
            sample.sites.gap(),
            sample.owners.gap(),
            sample.instances.gap(),
            sample.sessions.gap(),
            sample.pools.gap(),
        ];
        let heaps = sample.heaps.iter().filter_map(|dump| dump.sites.gap());
        parts.into_iter().flatten().chain(heaps).chain(of_instances(sample)).for_each(&mut add);
    }
    let n_lost = lost_events(observation);
    if n_lost > 0 {
        add(&Gap { what: "events".into(), reason: Reason::Overrun, remedy: None, lost: n_lost });
    }
    unique_gaps.into_values().collect()
}
