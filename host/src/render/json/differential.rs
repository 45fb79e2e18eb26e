//! Comparison of runs with the run of a known-good build.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::{FindingJson, entry};
use crate::{
    compare::runs::{Differential, FindingNovelty},
    exit::Exit,
};

/// Findings of runs, compared with those of a known-good build.
#[derive(Serialize, JsonSchema)]
pub(super) struct DifferentialDocument<'d> {
    /// Exit code of the command.
    exit_code: u8,
    /// Capture of the known-good build.
    good: &'d str,
    /// Compared runs.
    runs: Vec<DifferentialRun<'d>>,
}

/// A run compared with that of the known-good build.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Run")]
struct DifferentialRun<'d> {
    /// Capture of the run.
    capture: &'d str,
    /// Findings of the run.
    findings: Vec<DifferentialFinding<'d>>,
    /// Findings of the known-good build that this run does not have.
    gone: Vec<FindingJson<'d>>,
    /// Why the run is inconclusive even if nothing is new.
    doubts: Vec<&'d str>,
}

/// A finding, and whether it is new.
#[derive(Serialize, JsonSchema)]
struct DifferentialFinding<'d> {
    /// Whether the finding is new, worse than in the known-good build, or the same.
    #[schemars(extend("enum" = ["new", "worse", "same"]))]
    news: &'static str,
    #[serde(flatten)]
    finding: FindingJson<'d>,
}

/// Writes the comparison of each run.
pub(crate) fn write(
    good: &str,
    runs: &[(String, Differential)],
    exit: Exit,
    out: &mut dyn Write,
) -> io::Result<()> {
    let runs = runs.iter().map(|(capture, run)| DifferentialRun {
        capture,
        findings: run.findings.iter().map(differential_finding).collect(),
        gone: run.gone.iter().map(entry).collect(),
        doubts: run.doubts.iter().map(String::as_str).collect(),
    });
    let document = DifferentialDocument { exit_code: exit as u8, good, runs: runs.collect() };
    super::write("differential", &document, out)
}

fn differential_finding(
    (news, finding): &(FindingNovelty, teeleak_analysis::model::Finding),
) -> DifferentialFinding<'_> {
    let news = match news {
        FindingNovelty::New => "new",
        FindingNovelty::Worse => "worse",
        FindingNovelty::Same => "same",
    };
    DifferentialFinding { news, finding: entry(finding) }
}
