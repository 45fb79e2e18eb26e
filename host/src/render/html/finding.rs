//! Findings with figures, plot, calls, cause and next step.

use maud::{Markup, html};
use teeleak_analysis::{
    audit::{self, Report},
    blame, known_leaks,
    model::{Finding, Severity},
};

use super::{evidence, lanes, plot, summary::severity};
use crate::render::view::{
    ReportView,
    finding::{proof, subject},
};

/// Findings with a plot; the values of the others are in the data of the page.
const PICTURES: usize = 60;

/// Effects of one finding with a plot.
const EFFECT_PICTURES: usize = 8;

/// Notes with a plot.
const NOTE_PICTURES: usize = 40;

/// The section `Findings`.
pub(super) fn section(view: &ReportView<'_>) -> Markup {
    let report = view.report;
    html! {
        section #findings aria-labelledby="findings-h" {
            h2 #findings-h { "Findings" }
            @if report.counted().is_empty() { p { "None." } }
            @for (n, finding) in report.stories().enumerate() {
                (article(n + 1, finding, view))
            }
            @if report.stories().count() > PICTURES {
                p .dim { "Only the first " (PICTURES) " have plots." }
            }
            @let notes: Vec<_> = report.notes().iter().filter(|note| !audit::is_effect(note, &report.findings)).collect();
            @if !notes.is_empty() {
                h3 #notes { "Notes" }
                p .dim { "Reported, not counted as a failure." }
                @for (n, note) in notes.iter().enumerate() { (short(&format!("note-{}", n + 1), n < NOTE_PICTURES, note, view)) }
                @if notes.len() > NOTE_PICTURES {
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
            (blame(finding))
            p .next { b { "Next: " } (finding.next_step) }
            (effects(n, finding, view))
            div .split {
                @if let Some(Some(plot)) = plot { (plot) }
                (evidence::figures(finding))
            }
            (lanes::calls_figure(&n.to_string(), finding))
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

/// Who is to blame, and the facts that show it.
fn blame(finding: &Finding) -> Markup {
    let Some(blame) = &finding.blame else { return Markup::default() };
    html! {
        p .blame { b { "Blame: " } (blame::sentence(blame)) }
        ul .evidence { @for fact in &blame.evidence { li { (fact) } } }
    }
}

/// What a finding explains.
fn effects(n: usize, finding: &Finding, view: &ReportView<'_>) -> Markup {
    let effects: Vec<_> = audit::effects(finding, &view.report.findings).collect();
    html! {
        @if !effects.is_empty() {
            h4 { "Effects" }
            @for (at, effect) in effects.iter().enumerate() {
                @let id = format!("effect-{n}-{}", at + 1);
                (short(&id, at < EFFECT_PICTURES && n <= PICTURES, effect, view))
            }
        }
    }
}

fn short(id: &str, has_picture: bool, note: &Finding, view: &ReportView<'_>) -> Markup {
    let plot = has_picture.then(|| plot::growth_figure(id, note, view.observation)).flatten();
    html! {
        article .note id=(id) {
            h4 { (note.title) }
            @if let Some(proof) = proof(note) { p .dim { (proof) } }
            @if let Some((_, reason)) = &note.cause { p .dim { (reason) } }
            @if let Some(plot) = plot { details { summary { "Plot" } (plot) } }
            @if note.severity > Severity::Note {
                @for leak in note.known_leaks() {
                    p .known { b { "Known: " } (known_leaks::sentence(leak)) }
                }
                (lanes::calls_figure(id, note))
                (evidence::members(note))
            }
            p .print { code { (note.fingerprint) } }
        }
    }
}
