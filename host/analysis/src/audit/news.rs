//! What a person has to read first: the incidents of an observation in one line.

use crate::{
    model::{
        FigureKind, Finding, FindingKind, Incident, IncidentKind, Observation, PoolKind, Severity,
        Subject, saturating_sum,
    },
    text,
};

/// Incidents that are named; the others are counted.
const NAMED: usize = 3;

/// The incidents in a few words; `None` without any.
pub(super) fn news(observation: &Observation, findings: &[Finding]) -> Option<String> {
    let mut pieces: Vec<_> = shortages(findings).into_iter().collect();
    pieces.extend(heap_shortage(observation, findings));
    let is_other =
        |one: &&Incident| !one.is_memory_shortage() && one.kind != IncidentKind::UnknownError;
    pieces.extend(observation.incidents.iter().filter(is_other).map(text::incident));
    let is_unknown = |one: &&Incident| one.kind == IncidentKind::UnknownError;
    let unknown_lines = observation.incidents.iter().filter(is_unknown);
    let n_unknown = saturating_sum(unknown_lines.map(Incident::times));
    if n_unknown > 0 {
        pieces.push(format!("{} that no message explains", text::count(n_unknown, "error line")));
    }
    let n_more = pieces.len().saturating_sub(NAMED);
    pieces.truncate(NAMED);
    let mut line = pieces.join(", then ");
    if n_more > 0 {
        line += &format!(", and {} more", text::number(n_more as u64));
    }
    (!line.is_empty()).then_some(line)
}

/// Memory that could not be had: one piece for all of it, with the finding that was reported most often.
fn shortages(findings: &[Finding]) -> Option<String> {
    let is_counted = |one: &&Finding| one.severity > Severity::Note;
    let is_shortage = |one: &&Finding| one.kind == FindingKind::Shortage;
    let shortages: Vec<_> = findings.iter().filter(is_counted).filter(is_shortage).collect();
    let worst = { shortages.iter().rev() }
        .max_by(|one, other| n_reports(one).total_cmp(&n_reports(other)))?;
    let [_, others @ ..] = shortages.as_slice() else { return None };
    if others.is_empty() {
        return Some(worst.title.to_string());
    }
    let times = text::amount(shortages.iter().map(|one| n_reports(one)).sum(), "time");
    let headline = worst.headline.as_ref().unwrap_or(&worst.title);
    let n_more = text::number(others.len() as u64);
    Some(format!("out of memory, reported {times}: {headline}, and {n_more} more"))
}

/// The core heap that ran out, as the TEE core itself prints, in a text without a dump of it: one look at what is
/// alive in it says more.
fn heap_shortage(observation: &Observation, findings: &[Finding]) -> Option<String> {
    let is_printed = |one: &Incident| matches!(one.kind, IncidentKind::OutOfMemory { .. });
    let has_only_prints = observation.samples.iter().all(|sample| sample.sites.value().is_none());
    (has_only_prints && observation.incidents.iter().any(is_printed)).then_some(())?;
    let core_heap = Subject::Pool(PoolKind::CoreHeap);
    let is_about_heap = |one: &&Finding| {
        one.kind == FindingKind::PoolGrowth
            && one.severity > Severity::Note
            && one.subject == core_heap
    };
    Some(findings.iter().find(is_about_heap)?.title.to_string())
}

fn n_reports(shortage: &Finding) -> f64 {
    shortage.figure(FigureKind::Times).map_or(0.0, |figure| figure.value)
}
