//! Comparison of runs with the run of a known-good build.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::{Entry, entry};
use crate::{
    Exit,
    compare::runs::{Differential, News},
};

/// Findings of runs, compared with those of a known-good build.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'d> {
    /// Exit code of the command.
    exit_code: u8,
    /// Capture of the known-good build.
    good: &'d str,
    /// Compared runs.
    runs: Vec<Run<'d>>,
}

/// A run compared with that of the known-good build.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Run")]
struct Run<'d> {
    /// Capture of the run.
    capture: &'d str,
    /// Findings of the run.
    findings: Vec<Told<'d>>,
    /// Findings of the known-good build that this run does not have.
    gone: Vec<Entry<'d>>,
    /// Why the run is inconclusive even if nothing is new.
    doubts: Vec<&'d str>,
}

/// A finding, and whether it is new.
#[derive(Serialize, JsonSchema)]
struct Told<'d> {
    /// Whether the finding is new, worse than in the known-good build, or the same.
    #[schemars(extend("enum" = ["new", "worse", "same"]))]
    news: &'static str,
    #[serde(flatten)]
    finding: Entry<'d>,
}

/// Writes the comparison of each run.
pub(crate) fn write(
    good: &str,
    runs: &[(String, Differential)],
    exit: Exit,
    out: &mut dyn Write,
) -> io::Result<()> {
    let runs = runs.iter().map(|(capture, run)| Run {
        capture,
        findings: run.findings.iter().map(differential_finding).collect(),
        gone: run.gone.iter().map(entry).collect(),
        doubts: run.doubts.iter().map(String::as_str).collect(),
    });
    let document = Document { exit_code: exit as u8, good, runs: runs.collect() };
    super::write("differential", &document, out)
}

fn differential_finding((news, finding): &(News, teeleak_analysis::model::Finding)) -> Told<'_> {
    let news = match news {
        News::New => "new",
        News::Worse => "worse",
        News::Same => "same",
    };
    Told { news, finding: entry(finding) }
}
