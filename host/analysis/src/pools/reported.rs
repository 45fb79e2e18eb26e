//! Findings about memory that could not be had, by messages and result codes.
//!
//! Each is *possible*, not a failure: memory ran out, but nothing says whether something leaks.

use std::collections::BTreeMap;

use super::pace;
use crate::{
    fingerprint::fingerprint,
    growth::report::words,
    model::{
        Evidence, FigureKind, Finding, FindingKind, Incident, IncidentKind, Observation, PoolKind,
        Resource, Severity, Subject, Unit, saturating_sum,
    },
    text,
};

/// Incidents and places of each that are evidence.
const LISTED: usize = 8;

/// What incidents of one finding share.
type ReportKey = (Subject, Vec<Resource>, Option<crate::model::FailedStage>, Option<u8>, bool);

/// One finding for each TA or pool that memory could not be had for.
pub(super) fn findings(observation: &Observation) -> Vec<Finding> {
    let mut groups: BTreeMap<ReportKey, Vec<&Incident>> = BTreeMap::new();
    for incident in &observation.incidents {
        let is_of_core_heap = matches!(incident.kind, IncidentKind::OutOfMemory { .. });
        if incident.is_memory_shortage() && !is_of_core_heap {
            groups.entry(key(incident)).or_default().push(incident);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, incidents)| incidents.first().map(|one| one.place.at));
    groups.iter().filter_map(|(key, incidents)| finding(key, incidents)).collect()
}

fn key(incident: &Incident) -> ReportKey {
    let details = &incident.details;
    let resources = &details.meaning.resources;
    let pool = || match resources.as_slice() {
        [one] => one.pool().unwrap_or_else(|| PoolKind::Named(one.label().into())),
        [] => PoolKind::Named("memory".into()),
        several => PoolKind::Named(text::resources(several).into()),
    };
    let subject = incident.uuid.map_or_else(|| Subject::Pool(pool()), Subject::Ta);
    (subject, resources.clone(), details.meaning.stage, details.origin, details.claimed)
}

fn finding(
    (subject, resources, stage, origin, claimed): &ReportKey,
    incidents: &[&Incident],
) -> Option<Finding> {
    let first = *incidents.first()?;
    let n = saturating_sum(incidents.iter().map(|incident| incident.times()));
    let origin_name = origin.map(|origin| format!("origin {origin}"));
    let mut detail = vec![stage.map_or("-", |stage| stage.name())];
    detail.extend(origin_name.as_deref());
    detail.extend(claimed.then_some("claimed"));
    Some(Finding {
        kind: FindingKind::Shortage,
        severity: Severity::Possible,
        verdict: None,
        title: title(first, incidents, n).into(),
        headline: Some(headline(first, n).into()),
        figures: vec![words::plain(FigureKind::Times, n as f64, Unit::Objects)],
        evidence: evidence(incidents, resources),
        fingerprint: fingerprint(FindingKind::Shortage, subject, &detail),
        subject: subject.clone(),
        cause: None,
        blame: None,
        next_step: next_step(first, *claimed).into(),
    })
}

fn title(first: &Incident, incidents: &[&Incident], n: u64) -> String {
    if let [one] = incidents {
        return format!("out of memory: {}", text::incident(one));
    }
    let details = &first.details;
    match (details.code, first.uuid) {
        (None, _) => {
            let pool = text::resources(&details.meaning.resources);
            let pool = if pool.is_empty() { "memory".to_owned() } else { pool };
            format!("out of memory: {} failed ({pool})", text::count(n, "allocation"))
        }
        (Some(_), _) => {
            format!("out of memory: {}", text::incident(&counted(first, n)))
        }
    }
}

fn headline(first: &Incident, n: u64) -> String {
    text::incident_headline(&counted(first, n))
}

/// The same story in several words: the first one, counted over all.
fn counted(first: &Incident, n: u64) -> Incident {
    let mut all = first.clone();
    all.details.repeats.count = n.saturating_sub(1);
    all
}

fn evidence(incidents: &[&Incident], resources: &[Resource]) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let sentence = |text: String| Evidence::Text(text.into());
    let meaning = incidents.first().map(|one| &one.details.meaning.means);
    evidence.extend(meaning.filter(|means| !means.is_empty()).cloned().map(Evidence::Text));
    if !resources.is_empty() {
        let first = incidents.first().and_then(|one| one.details.meaning.option.as_deref());
        let option = first.map_or_else(String::new, |option| format!("; what decides: {option}"));
        evidence.push(sentence(format!(
            "what may have run out: {}{option}",
            text::resources(resources)
        )));
    } else {
        evidence.push(sentence("no line says which pool ran out".into()));
    }
    evidence.extend(sizes(incidents).map(sentence));
    if incidents.iter().any(|one| one.details.claimed) {
        evidence.push(sentence(
            "the normal world says so; lines of the secure world would say which pool it was"
                .into(),
        ));
    }
    for incident in incidents.iter().take(LISTED) {
        let printer = incident.details.printed_by.as_deref();
        let printer = printer.map_or_else(String::new, |by| format!("{by} "));
        let times_text = text::times(incident.times());
        evidence.push(sentence(format!("{times_text}: {printer}{}", incident.text)));
        evidence.extend(pace::closer(incident).map(sentence));
        evidence.push(Evidence::At(incident.place.clone()));
        let places = incident.details.repeats.places.iter();
        evidence.extend(places.map(|(place, _)| Evidence::At(place.clone())));
        let last =
            incident.details.repeats.last.iter().map(|(place, _)| Evidence::At(place.clone()));
        let known_text = evidence.last().cloned();
        evidence.extend(last.filter(|last| known_text.as_ref() != Some(last)));
        evidence.extend(incident.details.notes.iter().map(|note| Evidence::Text(note.clone())));
    }
    evidence
}

/// What the sizes of failed requests show.
fn sizes(incidents: &[&Incident]) -> Option<String> {
    let size = |one: &&Incident| match one.kind {
        IncidentKind::MemoryShortage { requested } => requested,
        _ => None,
    };
    let smallest = incidents.iter().filter_map(size).min()?;
    let small = if smallest <= SMALL {
        "so small a request fails only if next to nothing is free"
    } else {
        "that does not distinguish a full heap from a fragmented one"
    };
    Some(format!("the smallest request that failed had {} bytes: {small}", text::number(smallest)))
}

/// Requests up to this size fail only if a heap is nearly used up, in bytes.
const SMALL: u64 = 512;

fn next_step(first: &Incident, claimed: bool) -> String {
    let next = first.details.meaning.next.as_deref();
    match (next, claimed) {
        (Some(next), _) => next.into(),
        (None, true) => "read the secure console of that time".into(),
        (None, false) => "compare the pools before and after: `xtest --stats --alloc`".into(),
    }
}
