//! What to do next, once it is known who is to blame.

use super::words;
use crate::model::{Blame, Finding, FindingKind, PoolKind, Side, Subject};

/// The next step about a growth finding; `None` if its own one is as good.
pub(super) fn next_step(blame: &Blame, finding: &Finding) -> Option<String> {
    // The finding's own advice about the heap of a TA says more.
    if matches!(finding.subject, Subject::Site { heap: PoolKind::TaHeap(_), .. }) {
        return None;
    }
    let calls = (!blame.calls.is_empty()).then(|| words::calls(&blame.calls));
    let what = what(finding);
    Some(match (blame.side()?, calls) {
        (Side::Core, Some(calls)) => {
            format!("read the path of the TEE core in {calls}: it must free {what}")
        }
        (Side::Core, None) => format!("look in the TEE core for what should free {what}"),
        (Side::Pta(_), Some(calls)) => {
            format!("read the path of the PTA in {calls}: it must free {what}")
        }
        (side @ Side::Pta(_), None) => format!("look in {side} for what should free {what}"),
        (side @ Side::Ta(_), Some(calls)) => {
            format!("look in {side} for what it acquires in {calls} and does not release: {what}")
        }
        (side @ Side::Ta(_), None) => format!("look in {side} for what should release {what}"),
        (Side::Client, _) => {
            let client = blame.process.as_deref().unwrap_or("the client");
            format!("look in {client} for the call that should release {what}")
        }
        (Side::Supplicant, _) => return None,
        (Side::Kernel, _) => {
            format!("look in the TEE driver of the kernel for what should release {what}")
        }
    })
}

/// The objects that stay.
fn what(finding: &Finding) -> String {
    match (&finding.subject, finding.kind) {
        (Subject::Site { file, line, .. }, _) => format!("what {file}:{line} allocates"),
        (Subject::Ta(uuid), FindingKind::SessionGrowth) => format!("the sessions to TA {uuid}"),
        (Subject::Ta(uuid), FindingKind::InstanceGrowth) => format!("the instances of TA {uuid}"),
        (Subject::Ta(uuid), _) => format!("the regions of TA {uuid}"),
        _ => "what stays".to_owned(),
    }
}
