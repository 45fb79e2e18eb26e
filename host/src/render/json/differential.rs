//! Runs beside that of a known-good build.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::{Entry, entry};
use crate::{
    Exit,
    compare::runs::{Differential, News},
};

/// Findings of runs beside those of a known-good build.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'d> {
    /// Exit code of the command.
    exit_code: u8,
    /// Capture of the known-good build.
    good: &'d str,
    /// Runs of other builds.
    runs: Vec<Run<'d>>,
}

/// A run beside that of the known-good build.
#[derive(Serialize, JsonSchema)]
struct Run<'d> {
    /// Its capture.
    capture: &'d str,
    /// What was found in it.
    findings: Vec<Told<'d>>,
    /// What the known-good build has and this run has not.
    gone: Vec<Entry<'d>>,
    /// Why it can not be called clean even if nothing is new.
    doubts: Vec<&'d str>,
}

/// A finding, and whether it is news.
#[derive(Serialize, JsonSchema)]
struct Told<'d> {
    /// Whether the known-good build has it, too.
    #[schemars(extend("enum" = ["new", "worse", "same"]))]
    news: &'static str,
    #[serde(flatten)]
    finding: Entry<'d>,
}

/// Writes what is new in each run.
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
