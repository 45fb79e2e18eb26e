//! Findings with figures, plot, calls, cause and next step.

use maud::{Markup, html};
use teeleak_analysis::{audit::Report, known_leaks, model::Finding};

use super::{evidence, lanes, plot, summary::severity};
use crate::render::view::{
    ReportView,
    finding::{proof, subject},
};

/// Findings with a plot; the values of the others are in the data of the page.
const PICTURES: usize = 60;

/// Notes with a plot.
const NOTE_PICTURES: usize = 40;

/// The section `Findings`.
pub(super) fn section(view: &ReportView<'_>) -> Markup {
    let report = view.report;
    html! {
        section #findings aria-labelledby="findings-h" {
            h2 #findings-h { "Findings" }
            @if report.counted().is_empty() { p { "None." } }
            @for (n, finding) in report.counted().iter().enumerate() {
                (article(n + 1, finding, view))
            }
            @if report.counted().len() > PICTURES {
                p .dim { "Only the first " (PICTURES) " have plots." }
            }
            @if !report.notes().is_empty() {
                h3 #notes { "Notes" }
                p .dim { "Reported, not counted as a failure." }
                @for (n, note) in report.notes().iter().enumerate() { (short(n + 1, note, view)) }
                @if report.notes().len() > NOTE_PICTURES {
                    p .dim { "Only the first " (NOTE_PICTURES) " have plots." }
                }
            }
        }
    }
}

fn article(n: usize, finding: &Finding, view: &ReportView<'_>) -> Markup {
    let (class, word) = severity(finding);
    let plot =
        (n <= PICTURES).then(|| plot::growth_figure(&n.to_string(), finding, view.observation));
    html! {
        article id={ "finding-" (n) } class=(class) aria-labelledby={ "finding-" (n) "-h" } {
            h3 id={ "finding-" (n) "-h" } {
                span .number { (n) } " " (finding.title)
                " " span class={ "tag " (class) } { (word) }
            }
            p .about { "about " code { (subject(&finding.subject)) } }
            (cause(finding, view.report))
            @for leak in finding.known_leaks() {
                p .known { b { "Known: " } (known_leaks::sentence(leak)) }
            }
            p .next { b { "Next: " } (finding.next_step) }
            div .split {
                @if let Some(Some(plot)) = plot { (plot) }
                (evidence::figures(finding))
            }
            (lanes::calls_figure(n, finding))
            (evidence::sentences(finding))
            (evidence::call_stack(finding))
            (evidence::members(finding))
            p .print { code { (finding.fingerprint) } }
        }
    }
}

fn cause(finding: &Finding, report: &Report) -> Markup {
    let Some((cause, reason)) = &finding.cause else { return Markup::default() };
    html! {
        p .cause {
            b { "Cause: " }
            @if let Some(number) = report.number(cause) {
                a href={ "#finding-" (number) } { "finding " (number) } ": "
            }
            (reason)
        }
    }
}

fn short(n: usize, note: &Finding, view: &ReportView<'_>) -> Markup {
    let picture = n <= NOTE_PICTURES;
    let plot = picture
        .then(|| plot::growth_figure(&format!("note-{n}"), note, view.observation))
        .flatten();
    html! {
        article .note id={ "note-" (n) } {
            h4 { (note.title) }
            @if let Some(proof) = proof(note) { p .dim { (proof) } }
            @if let Some(plot) = plot { details { summary { "Plot" } (plot) } }
            p .print { code { (note.fingerprint) } }
        }
    }
}
