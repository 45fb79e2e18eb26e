//! What a person has to read first: the incidents of an observation in one line.

use crate::{
    model::{Finding, FindingKind, Incident, IncidentKind, Observation, Severity},
    text,
};

/// Incidents that are named; the others are counted.
const NAMED: usize = 3;

/// The incidents in a few words; `None` without any.
pub(super) fn news(observation: &Observation, findings: &[Finding]) -> Option<String> {
    let mut pieces = shortages(findings);
    let is_other = |one: &&Incident| {
        !one.is_memory_shortage() && one.kind != IncidentKind::UnknownError
    };
    pieces.extend(observation.incidents.iter().filter(is_other).map(text::incident));
    let is_unknown = |one: &&Incident| one.kind == IncidentKind::UnknownError;
    let unknown: u64 = observation.incidents.iter().filter(is_unknown).map(Incident::times).sum();
    if unknown > 0 {
        pieces.push(format!("{} that no message explains", text::count(unknown, "error line")));
    }
    let more = pieces.len().saturating_sub(NAMED);
    pieces.truncate(NAMED);
    let mut line = pieces.join(", then ");
    if more > 0 {
        line += &format!(", and {} more", text::number(more as u64));
    }
    (!line.is_empty()).then_some(line)
}

/// Memory that could not be had: one piece for all of it, with the first finding in full.
fn shortages(findings: &[Finding]) -> Vec<String> {
    let is_shortage =
        |one: &&Finding| one.kind == FindingKind::Shortage && one.severity > Severity::Note;
    let titles: Vec<_> = findings.iter().filter(is_shortage).map(|one| one.title.to_string()).collect();
    match titles.as_slice() {
        [first, second, third, more @ ..] if !more.is_empty() => {
            let more = text::count(more.len() as u64, "more finding");
            vec![format!("{first}, {}, {}, and {more}", plain(second), plain(third))]
        }
        [first, others @ ..] => {
            let others = others.iter().map(|title| format!(", {}", plain(title)));
            vec![first.clone() + &others.collect::<String>()]
        }
        [] => Vec::new(),
    }
}

fn plain(title: &str) -> &str {
    title.split_once(": ").map_or(title, |(_, rest)| rest)
}
