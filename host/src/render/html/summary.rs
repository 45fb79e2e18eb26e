//! Summary: key figures and one line per finding.

use maud::{Markup, html};
use teeleak_analysis::{
    audit::Report,
    model::{Finding, Fingerprint, Sample, Severity, Stage},
    text,
};

use crate::render::{
    text::{dump, finding::number, plain, report::causes_first},
    view::ReportView,
};

/// Maximum number of findings in the summary.
const LISTED: usize = 60;

/// Findings in the order of their numbers, the same in all formats.
pub(super) struct OrderedFindings<'t> {
    /// Failures and possible findings, causes first.
    pub(super) main_findings: Vec<&'t Finding>,
    /// Notes.
    pub(super) notes: Vec<&'t Finding>,
}

impl<'t> OrderedFindings<'t> {
    pub(super) fn new(report: &'t Report) -> Self {
        let counts = |finding: &&Finding| finding.severity > Severity::Note;
        let (main_findings, notes) = report.findings.iter().partition(counts);
        Self { main_findings: causes_first(main_findings), notes }
    }

    /// Number of the finding with this fingerprint, from 1.
    pub(super) fn number(&self, fingerprint: &Fingerprint) -> Option<usize> {
        number(fingerprint, &self.main_findings)
    }
}

/// CSS class and name of a finding's severity.
pub(super) fn severity(finding: &Finding) -> (&'static str, &'static str) {
    match finding.severity {
        Severity::Failure => ("bad", "failure"),
        Severity::Possible => ("warn", "possible"),
        Severity::Note => ("note", "note"),
    }
}

/// The section `Summary`.
pub(super) fn section(view: &ReportView<'_>, ordered: &OrderedFindings<'_>) -> Markup {
    html! {
        section #summary aria-labelledby="summary-h" {
            h2 #summary-h { "Summary" }
            (tiles(view, ordered))
            @if !view.report.pools.is_empty() {
                h3 { "Which pool grows" }
                ul { @for pool in &view.report.pools { li { (pool) } } }
            }
            @if ordered.main_findings.is_empty() {
                p { "No finding counts as a failure." }
            } @else {
                ol .overview {
                    @for (n, finding) in ordered.main_findings.iter().take(LISTED).enumerate() {
                        (entry(n + 1, finding, ordered))
                    }
                }
                @if ordered.main_findings.len() > LISTED {
                    p { (ordered.main_findings.len() - LISTED) " more below." }
                }
            }
            @if let Some(short) = view.short {
                @let interval = view.observation.platform.census_interval;
                h3 { "Memory ran out" }
                pre { (plain(|out| dump::oom(short, interval, out))) }
            }
        }
    }
}

fn entry(n: usize, finding: &Finding, ordered: &OrderedFindings<'_>) -> Markup {
    let (class, word) = severity(finding);
    let cause = finding.cause.as_ref().and_then(|(cause, _)| ordered.number(cause));
    html! {
        li {
            a href={ "#finding-" (n) } { (finding.title) }
            " " span class={ "tag " (class) } { (word) }
            @if let Some(cause) = cause {
                " " span .because { "caused by " a href={ "#finding-" (cause) } { (cause) } }
            }
        }
    }
}

fn tiles(view: &ReportView<'_>, ordered: &OrderedFindings<'_>) -> Markup {
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
            (tile(&text::number(ordered.notes.len() as u64), "notes", ""))
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
