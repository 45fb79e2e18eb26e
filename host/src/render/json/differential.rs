//! Comparison of runs with the run of a known-good build.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use teeleak_analysis::{growth::Estimate, model::Unit};

use super::finding::{FindingJson, entry, nullable};
use crate::{
    compare::{
        growth::GrowthComparison,
        runs::{ComparedFinding, Differential, FindingNovelty},
    },
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
    /// Its growth beside that of the known-good build; missing if either run has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    growth_difference: Option<GrowthDifferenceJson>,
    #[serde(flatten)]
    finding: FindingJson<'d>,
}

/// The growth of a finding less that of the same one in the known-good build.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "GrowthDifference")]
struct GrowthDifferenceJson {
    /// The difference; null if there are too few iterations to know how far it may be off.
    value: Option<f64>,
    /// Its 95 % confidence interval; null if both rates are exact.
    interval_95: Option<(f64, f64)>,
    /// How sure it is that this run grows faster, 0 to 1.
    confidence: Option<f64>,
    /// Unit of the value.
    #[schemars(extend("enum" = nullable(Unit::ALL.map(Unit::name))))]
    unit: Option<&'static str>,
    /// The comparison in words.
    text: String,
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

fn differential_finding(compared: &ComparedFinding) -> DifferentialFinding<'_> {
    let news = match compared.novelty {
        FindingNovelty::New => "new",
        FindingNovelty::Worse => "worse",
        FindingNovelty::Same => "same",
    };
    let growth_difference = compared.growth.as_ref().map(growth_difference);
    DifferentialFinding { news, growth_difference, finding: entry(&compared.finding) }
}

fn growth_difference(growth: &GrowthComparison) -> GrowthDifferenceJson {
    let text = growth.sentence();
    let GrowthComparison::Difference { unit, difference, .. } = growth else {
        let (value, interval_95, confidence, unit) = (None, None, None, None);
        return GrowthDifferenceJson { value, interval_95, confidence, unit, text };
    };
    let Estimate { value, low, high } = difference.rate;
    GrowthDifferenceJson {
        value: Some(value),
        interval_95: (!difference.is_exact()).then_some((low, high)),
        confidence: Some(difference.confidence),
        unit: Some(unit.name()),
        text,
    }
}
