//! One sentence per finding: which process did what, and when.

use crate::model::{Evidence, Finding, Kind, StepRef};
use crate::text;

/// Adds to every order finding a sentence that names the processes:
/// "unmap by drmserver pid 1502, 3.1 ms after close_channel by mediaserver pid 1423".
pub fn blame(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.kind == Kind::Order) {
        if let Some(sentence) = sequence(finding).and_then(sentence) {
            finding.evidence.insert(0, Evidence::Text(sentence.into()));
        }
    }
}

fn sequence(finding: &Finding) -> Option<&[StepRef]> {
    finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Sequence(steps) => Some(steps.as_slice()),
        _ => None,
    })
}

/// The last step came at the wrong place because of the one before it.
fn sentence(steps: &[StepRef]) -> Option<String> {
    let [.., before, last] = steps else { return None };
    if last.event.by.is_none() && before.event.by.is_none() {
        return None;
    }
    let delay = match (before.event.time, last.event.time) {
        (Some(a), Some(b)) if a.clock == b.clock => {
            format!("{} after", text::duration(b.ns.saturating_sub(a.ns)))
        }
        _ => "after".to_owned(),
    };
    Some(format!("{}, {delay} {}", step(last), step(before)))
}

fn step(step: &StepRef) -> String {
    match &step.event.by {
        Some(party) => format!("{} by {party}", step.step),
        None => format!("{} by an unrecorded process", step.step),
    }
}
