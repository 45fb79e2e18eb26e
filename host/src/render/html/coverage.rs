//! Coverage: what was observed and what was not.

use std::sync::Arc;

use maud::{Markup, html};
use teeleak_analysis::{
    audit::{Report, UnusedNote},
    model::{Gap, Observation},
    text::{count, number, place},
    triage::Accepted,
};

use crate::render::{
    text::{clients, incident, plain},
    view::{ReportView, report},
};

/// Gaps shown without unfolding: no longer than the answer.
const SHOWN: usize = 5;

/// The section `Coverage`.
pub(super) fn section(view: &ReportView<'_>) -> Markup {
    let (observation, report) = (view.observation, view.report);
    html! {
        section #coverage aria-labelledby="coverage-h" {
            h2 #coverage-h { "Coverage" }
            h3 { "What could not be observed" }
            (gaps(&report.coverage))
            (list("Why this is inconclusive", &report.doubts))
            h3 { "What was observed" }
            (observed_parts(observation, report))
            @if !observation.incidents.is_empty() {
                h3 { "Incidents" }
                pre { (incidents(observation)) }
            }
            (accepted_list(&report.accepted))
            (list("Notes on suppressions", &report.suppression_notes))
            (unused_files(&report.unused_files))
            (list("Inferred", &observation.assumptions))
        }
    }
}

fn incidents(observation: &Observation) -> String {
    let incidents: Vec<_> = observation.incidents.iter().collect();
    plain(|out| incident::write(&incidents, out)).trim_start().to_owned()
}

fn gaps(gaps: &[Gap]) -> Markup {
    html! {
        @if gaps.is_empty() {
            p { "Everything requested was observed." }
        } @else {
            @let (first, more) = gaps.split_at(gaps.len().min(SHOWN));
            (gap_table(first))
            @if !more.is_empty() {
                details {
                    summary { (number(more.len() as u64)) " more" }
                    (gap_table(more))
                }
            }
        }
    }
}

fn gap_table(gaps: &[Gap]) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label="What could not be observed" {
            table {
                thead { tr {
                    @for name in ["What", "Why", "Lost", "How to observe it"] {
                        th scope="col" { (name) }
                    }
                } }
                tbody { @for gap in gaps {
                    tr {
                        td { (gap.what) }
                        td { (gap.reason.to_string()) }
                        td .num { @if gap.lost > 0 { (number(gap.lost)) } }
                        td { @if let Some(remedy) = &gap.remedy { (remedy) } }
                    }
                } }
            }
        }
    }
}

fn list(title: &str, texts: &[Arc<str>]) -> Markup {
    html! {
        @if !texts.is_empty() {
            h3 { (title) }
            ul { @for text in texts { li { (text) } } }
        }
    }
}

fn unused_files(notes: &[UnusedNote]) -> Markup {
    html! {
        @if !notes.is_empty() {
            h3 { "Files that nothing fits" }
            ul { @for note in notes {
                li {
                    (note.sentence()) ". Next: " (note.next_step) "."
                    @for line in &note.file.nearest {
                        p .print { "near " (place(&line.place)) ": " code { (line.text) } }
                    }
                }
            } }
        }
    }
}

fn observed_parts(observation: &Observation, report: &Report) -> Markup {
    let samples = &observation.samples;
    let events = count(observation.events.len() as u64, "event");
    let steps = count(report.steps, "step");
    let clients = plain(|out| clients::write(&observation.clients, out));
    let accounting = &observation.accounting;
    let input = [
        (accounting.read, "read"),
        (accounting.parsed, "used"),
        (accounting.ignored, "unrelated"),
        (accounting.rejected, "damaged"),
    ];
    html! {
        dl .seen {
            dt { "Snapshots" } dd { (number(samples.len() as u64)) ": " (report::stages(samples)) }
            dt { "Complete snapshots" } dd { (report::complete(samples)) }
            dt { "Events" } dd { (events) ", " (steps) " of a protocol" }
            @if !clients.is_empty() { dt { "Client calls" } dd { (clients) } }
            @if let Some(canary) = &report.canary {
                dt { "Canary" }
                dd {
                    (number(canary.size.into())) " bytes, found in " (number(canary.found.into())) " of "
                    (number(canary.expected.into())) " snapshots"
                }
            }
            @if !observation.failed.is_empty() {
                dt { "Workload" }
                dd { "failed in " (count(observation.failed.len() as u64, "iteration")) }
            }
            dt { "Input" }
            dd {
                @for (n, (lines, what)) in input.into_iter().enumerate() {
                    @if n > 0 { ", " } (number(lines)) " " (what)
                }
            }
        }
    }
}

fn accepted_list(accepted: &[Accepted]) -> Markup {
    html! {
        @if !accepted.is_empty() {
            h3 { "Accepted" }
            p .dim { "Reported, but does not count." }
            ul {
                @for Accepted { finding, excuse } in accepted {
                    li {
                        (finding.title) ": " (excuse.to_string())
                        p .print { code { (finding.fingerprint) } }
                    }
                }
            }
        }
    }
}
