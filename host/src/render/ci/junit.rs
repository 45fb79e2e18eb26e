//! Findings as JUnit XML test cases, for CI servers.
//!
//! The cases are always the same, one per kind of finding, so that a server can keep their history.
//! If something could not be observed, a case without a failure is reported as skipped, not passed.

use std::io;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};
use teeleak_analysis::{
    audit::{Conclusion, Report},
    model::{Finding, FindingKind, Observation, Severity},
};

use super::doubts;
use crate::{
    escape::escape_lines,
    render::{
        labels,
        text::{
            finding::{self, FindingContext},
            plain,
        },
    },
};

/// Writes a report.
pub(crate) fn write(
    observation: &Observation,
    report: &Report,
    out: &mut dyn io::Write,
) -> anyhow::Result<()> {
    let mut suite = TestSuite::new("teeleak");
    if let Some(release) = labels::release(observation) {
        suite.add_property(("optee", release));
    }
    suite.add_property(("workload", observation.platform.workload.join(" ").as_str()));
    suite.add_test_case(observed(report));
    suite.add_test_cases(FindingKind::ALL.map(|kind| case(kind, report)));
    let mut junit = quick_junit::Report::new("teeleak");
    junit.add_test_suite(suite);
    // The library leaves out the controls that XML forbids, but not the noncharacters.
    Ok(out.write_all(escape_lines(&junit.to_string()?).as_bytes())?)
}

/// The test case that fails if something necessary could not be observed.
fn observed(report: &Report) -> TestCase {
    let status = match report.doubts.as_slice() {
        [] => TestCaseStatus::success(),
        doubts => {
            unlike(NonSuccessKind::Error, "unobserved", doubts[0].as_ref(), &doubts.join("\n"))
        }
    };
    TestCase::new("all that was needed was observed", status)
}

fn case(kind: FindingKind, report: &Report) -> TestCase {
    let of_severity = |severity| {
        let is_wanted = move |one: &&Finding| one.kind == kind && one.severity == severity;
        report.findings.iter().filter(is_wanted).collect::<Vec<_>>()
    };
    let status = match (&*of_severity(Severity::Failure), &*of_severity(Severity::Possible)) {
        ([], []) if report.conclusion == Conclusion::Inconclusive && !report.doubts.is_empty() => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(doubts(report));
            status
        }
        ([], []) => TestCaseStatus::success(),
        ([], possible) => findings_status(NonSuccessKind::Error, "possible", possible, report),
        (failures, _) => findings_status(NonSuccessKind::Failure, "finding", failures, report),
    };
    let mut case = TestCase::new(kind.info().holds, status);
    let accepted_findings = report.accepted.iter().filter(|one| one.finding.kind == kind);
    let accepted_texts: Vec<_> = accepted_findings
        .map(|one| format!("accepted, {}: {}", one.excuse, one.finding.title))
        .collect();
    if !accepted_texts.is_empty() {
        case.set_system_out(accepted_texts.join("\n"));
    }
    case
}

fn findings_status(
    kind: NonSuccessKind,
    of: &str,
    findings: &[&Finding],
    report: &Report,
) -> TestCaseStatus {
    let titles: Vec<_> = findings.iter().map(|finding| &*finding.title).collect();
    let stories: Vec<_> = report.stories().collect();
    let context = FindingContext { all: &stories, observation: None };
    let text = plain(|page| {
        let mut entries = report.counted().iter().filter(|one| findings.contains(one));
        entries
            .try_for_each(|one| finding::write(report.number(&one.fingerprint), one, context, page))
    });
    unlike(kind, of, &titles.join("; "), text.trim_start())
}

fn unlike(kind: NonSuccessKind, of: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(of).set_message(message).set_description(XmlString::new(text));
    status
}
