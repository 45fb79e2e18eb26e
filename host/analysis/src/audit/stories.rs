//! Findings by bug: what explains the others, and what is an effect of it.

use crate::{
    cause,
    model::{Finding, Severity},
};

/// The finding that explains this one in the end, or itself.
#[must_use]
pub fn story<'f>(finding: &'f Finding, findings: &'f [Finding]) -> &'f Finding {
    cause::root(finding, findings)
}

/// Whether another finding explains this one.
#[must_use]
pub fn is_effect(finding: &Finding, findings: &[Finding]) -> bool {
    story(finding, findings).fingerprint != finding.fingerprint
}

/// The findings that count and that no other one explains: one per bug.
pub fn stories(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let counted = findings.iter().filter(|finding| finding.severity > Severity::Note);
    counted.filter(|finding| !is_effect(finding, findings))
}

/// What a finding explains.
pub fn effects<'f>(
    cause: &'f Finding,
    findings: &'f [Finding],
) -> impl Iterator<Item = &'f Finding> {
    findings.iter().filter(|finding| {
        finding.fingerprint != cause.fingerprint
            && story(finding, findings).fingerprint == cause.fingerprint
    })
}
