//! What a person has to read first: the incidents of an observation in one line.

use crate::{
    model::{
        FigureKind, Finding, FindingKind, Incident, IncidentKind, Observation, PoolKind, Severity,
        Subject,
    },
    text,
};

/// Incidents that are named; the others are counted.
const NAMED: usize = 3;

/// The incidents in a few words; `None` without any.
pub(super) fn news(observation: &Observation, findings: &[Finding]) -> Option<String> {
    let mut pieces = shortages(findings);
    pieces.extend(heap_shortage(observation, findings));
    let is_other =
        |one: &&Incident| !one.is_memory_shortage() && one.kind != IncidentKind::UnknownError;
    pieces.extend(observation.incidents.iter().filter(is_other).map(text::incident));
    let is_unknown = |one: &&Incident| one.kind == IncidentKind::UnknownError;
    let n_unknown: u64 = observation.incidents.iter().filter(is_unknown).map(Incident::times).sum();
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

/// Memory that could not be had: one piece for all of it, with the first finding in full.
fn shortages(findings: &[Finding]) -> Vec<String> {
    let is_shortage =
        |one: &&Finding| one.kind == FindingKind::Shortage && one.severity > Severity::Note;
    let shortages: Vec<_> = findings.iter().filter(is_shortage).collect();
    let [first, others @ ..] = shortages.as_slice() else { return Vec::new() };
    if others.is_empty() {
        return vec![first.title.to_string()];
    }
    let times = shortages.iter().filter_map(|one| one.figure(FigureKind::Times));
    let times = text::amount(times.map(|figure| figure.value).sum(), "time");
    let titles: Vec<_> = shortages.iter().take(NAMED).map(|one| plain(&one.title)).collect();
    let n_more = shortages.len().saturating_sub(NAMED) as u64;
    let rest =
        if n_more > 0 { format!("; {} more below", text::number(n_more)) } else { String::new() };
    vec![format!("out of memory, reported {times}: {}{rest}", titles.join("; "))]
}

/// The core heap that ran out, as the TEE core itself prints, in a text without a snapshot: one look at what
/// is alive says more.
fn heap_shortage(observation: &Observation, findings: &[Finding]) -> Option<String> {
    let is_printed = |one: &Incident| matches!(one.kind, IncidentKind::OutOfMemory { .. });
    let has_only_prints = observation.samples.is_empty();
    (has_only_prints && observation.incidents.iter().any(is_printed)).then_some(())?;
    let core_heap = Subject::Pool(PoolKind::CoreHeap);
    let is_about_heap = |one: &&Finding| {
        one.kind == FindingKind::PoolGrowth
            && one.severity > Severity::Note
            && one.subject == core_heap
    };
    Some(findings.iter().find(is_about_heap)?.title.to_string())
}

fn plain(title: &str) -> &str {
    title.split_once(": ").map_or(title, |(_, rest)| rest)
}
