//! Summary: key figures and one line per finding.

use maud::{Markup, html};
use teeleak_analysis::{
    audit::{self, Report},
    model::{Finding, Sample, Severity, Stage},
    text,
};

use crate::render::{
    text::{dump, one_look, plain},
    view::ReportView,
};

/// Maximum number of findings in the summary.
const LISTED: usize = 60;

/// CSS class and name of a finding's severity.
pub(super) fn severity(finding: &Finding) -> (&'static str, &'static str) {
    match finding.severity {
        Severity::Failure => ("bad", "failure"),
        Severity::Possible => ("warn", "possible"),
        Severity::Note => ("note", "note"),
    }
}

/// The section `Summary`.
pub(super) fn section(view: &ReportView<'_>) -> Markup {
    let report = view.report;
    html! {
        section #summary aria-labelledby="summary-h" {
            h2 #summary-h { "Summary" }
            (tiles(view))
            @if !report.pools.is_empty() {
                h3 { "Which pool grows" }
                ul { @for pool in &report.pools { li { (pool) } } }
            }
            @if !report.ledgers.is_empty() {
                h3 { "Last look at each ledger" }
                ul { @for fact in &report.ledgers { li { (fact.text) } } }
            }
            @if let Some(forecast) = &report.forecast { p .forecast { (forecast) } }
            @if report.counted().is_empty() {
                p { "No finding counts as a failure." }
            } @else {
                ol .overview {
                    @for (n, finding) in report.stories().take(LISTED).enumerate() {
                        (entry(n + 1, finding, report))
                    }
                }
                @let n_stories = report.stories().count();
                @if n_stories > LISTED { p { (n_stories - LISTED) " more below." } }
            }
            @if let Some(look) = &report.look {
                h3 { "Alive at the last look" }
                pre { (plain(|out| one_look::write(look, out))) }
            }
            @if let Some(short) = view.short {
                @let interval = view.observation.platform.census_interval;
                h3 { "Memory ran out" }
                pre { (plain(|out| dump::oom(short, interval, out))) }
            }
        }
    }
}

fn entry(n: usize, finding: &Finding, report: &Report) -> Markup {
    let (class, word) = severity(finding);
    let effects = audit::effects(finding, &report.findings).count() as u64;
    html! {
        li {
            a href={ "#finding-" (n) } { (finding.title) }
            " " span class={ "tag " (class) } { (word) }
            @if effects > 0 {
                " " span .because { "with " (text::count(effects, "effect")) }
            }
        }
    }
}

fn tiles(view: &ReportView<'_>) -> Markup {
    let (observation, report) = (view.observation, view.report);
    let count_text = |severity| {
        text::number(report.findings.iter().filter(|one| one.severity == severity).count() as u64)
    };
    let is_measured = |sample: &&Sample| sample.moment.stage == Stage::Measured;
    let n_iterations = observation.samples.iter().filter(is_measured).count() as u64;
    let canary = report.canary.map(|canary| {
        format!("{} of {}", text::number(canary.found.into()), text::number(canary.expected.into()))
    });
    let events = observation.events.len() as u64;
    html! {
        dl .tiles {
            (tile(&count_text(Severity::Failure), "failures", ""))
            (tile(&count_text(Severity::Possible), "possible", ""))
            (tile(&text::number(report.notes().len() as u64), "notes", ""))
            (tile(&text::number(n_iterations), "iterations", "measured"))
            (tile(&text::number(events), "events", &format!("{} steps", text::number(report.steps))))
            @match &canary {
                Some(canary) => (tile(canary, "canary", "found in snapshots")),
                None => (tile("none", "canary", "planted")),
            }
            (tile(&text::number(report.coverage.len() as u64), "not observed", "kinds of gaps"))
        }
    }
}

fn tile(value: &str, name: &str, more: &str) -> Markup {
    html! {
        div {
            dt { (name) }
            dd { (value) @if !more.is_empty() { " " small { (more) } } }
        }
    }
}
