//! Findings for code scanning: SARIF 2.1.0 (OASIS Standard, 27 March 2020).
//!
//! Paths are relative to the `optee_os` source tree, which is the URI base `OPTEE_OS`.

use std::io::{self, Write};

use serde_json::{Value, json};
use teeleak_analysis::{
    audit::{self, Conclusion, Report},
    blame, known_leaks,
    model::{Blame, Evidence, Finding, FindingKind, Severity, StepRef, Subject},
    triage::Accepted,
};

use super::place;
use crate::{
    escape::escape_json,
    render::view::finding::{subject, value},
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/// URI base of all paths.
const BASE: &str = "OPTEE_OS";

/// Version of fingerprints, see `teeleak_analysis::fingerprint`.
const FINGERPRINT: &str = "teeleak/v1";

/// Writes a report.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let failures = report.counted().iter().map(|finding| numbered_result(finding, report));
    let findings = failures.chain(report.notes().iter().map(result));
    let results: Vec<_> = findings.chain(report.accepted.iter().map(suppressed_result)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver() },
            "invocations": [invocation(report)],
            "originalUriBaseIds": {
                BASE: { "description": { "text": "the optee_os source tree that the firmware was built from" } }
            },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    writeln!(out, "{}", escape_json(serde_json::to_string_pretty(&log)?))
}

fn driver() -> Value {
    let rule = |kind: FindingKind| {
        let info = kind.info();
        json!({ "id": info.id, "shortDescription": { "text": info.meaning } })
    };
    json!({
        "name": "teeleak",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": FindingKind::ALL.map(rule),
    })
}

/// Outcome of the run, with what could not be observed as notifications.
fn invocation(report: &Report) -> Value {
    let doubt =
        |text: &std::sync::Arc<str>| json!({ "level": "warning", "message": { "text": &**text } });
    json!({
        "executionSuccessful": report.conclusion != Conclusion::Inconclusive,
        "exitCode": report.conclusion.code(),
        "toolExecutionNotifications": report.doubts.iter().map(doubt).collect::<Vec<_>>(),
    })
}

fn result(finding: &Finding) -> Value {
    let mut result = json!({
        "ruleId": finding.kind.info().id,
        "ruleIndex": FindingKind::ALL.iter().position(|kind| *kind == finding.kind),
        "level": match finding.severity {
            Severity::Failure => "error",
            Severity::Possible => "warning",
            Severity::Note => "note",
        },
        "message": { "text": message(finding) },
        "locations": [location(&finding.subject)],
        "partialFingerprints": { FINGERPRINT: &*finding.fingerprint.0 },
    });
    if let Some(blame) = &finding.blame {
        result["properties"] = json!({ "blame": blame_property(blame) });
    }
    let flows: Vec<_> = finding.evidence.iter().filter_map(flow).collect();
    if !flows.is_empty() {
        result["codeFlows"] = flows.into();
    }
    let related: Vec<_> = finding.evidence.iter().filter_map(related_location).collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

/// A result with the number of its finding, which is the same in every format, or of the finding that it
/// is an effect of.
fn numbered_result(finding: &Finding, report: &Report) -> Value {
    let mut result = result(finding);
    let story = audit::story(finding, &report.findings);
    let number = report.number(&story.fingerprint).unwrap_or_default();
    let effect = if audit::is_effect(finding, &report.findings) { "effect of " } else { "" };
    result["message"]["text"] = format!("{effect}{number}. {}", message(finding)).into();
    result
}

fn suppressed_result(Accepted { finding, excuse }: &Accepted) -> Value {
    let mut result = result(finding);
    result["suppressions"] = json!([{ "kind": "external", "justification": excuse.to_string() }]);
    result
}

/// Who is to blame, for programs.
fn blame_property(blame: &Blame) -> Value {
    json!({
        "side": blame.side_name(),
        "certainty": blame.certainty.name(),
        "command": blame.call().and_then(|call| call.cmd),
        "evidence": blame.evidence.iter().map(|fact| &**fact).collect::<Vec<_>>(),
    })
}

/// Title, figures, known leaks, blame and next step.
fn message(finding: &Finding) -> String {
    let figures = finding.figures.iter().map(|one| format!("{}: {}", one.name(), value(one)));
    let figures = figures.collect::<Vec<_>>().join(", ");
    let known_leaks =
        finding.known_leaks().map(|leak| format!("Known: {}. ", known_leaks::sentence(leak)));
    let known_leaks: String = known_leaks.collect();
    let blame = finding.blame.as_ref();
    let blame = blame.map_or(String::new(), |one| format!("Blame: {}. ", blame::sentence(one)));
    format!("{}. {figures}. {known_leaks}{blame}{}", finding.title, finding.next_step)
}

/// Source line of the subject, or its name if it has none.
fn location(about: &Subject) -> Value {
    match place(about) {
        Some((file, line)) => json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(file), "uriBaseId": BASE },
                "region": { "startLine": line },
            },
        }),
        None => json!({ "logicalLocations": [{ "fullyQualifiedName": subject(about) }] }),
    }
}

/// Location of a further subject of the finding.
fn related_location(evidence: &Evidence) -> Option<Value> {
    let Evidence::Member(about, figures) = evidence else { return None };
    let figures: Vec<_> = figures.iter().map(value).collect();
    let mut location = location(about);
    location["message"] = json!({ "text": format!("grows together: {}", figures.join(", ")) });
    Some(location)
}

/// The sequence of a finding as a code flow.
fn flow(evidence: &Evidence) -> Option<Value> {
    let Evidence::Sequence(steps) = evidence else { return None };
    let steps: Vec<_> = steps.iter().map(step).collect();
    Some(json!({ "threadFlows": [{ "locations": steps }] }))
}

fn step(step: &StepRef) -> Value {
    let caller = step.event.by.as_ref().map_or(String::new(), |by| format!(" by {by}"));
    let text = format!("{} {}{caller}", step.step, step.keys);
    json!({ "location": { "message": { "text": text } } })
}

/// A path as a relative reference (RFC 3986), percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b'+' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("core/mm/mobj.c"), "core/mm/mobj.c");
        assert_eq!(uri("a b:c%"), "a%20b%3Ac%25");
    }
}
