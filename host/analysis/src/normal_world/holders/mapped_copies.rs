//! Copies of descriptors that were never closed, of files that were mapped and shared as buffers are.
//!
//! Without `-y` strace does not print what a descriptor is; a shared mapping and a copy are signs of a buffer.

use crate::{
    model::{
        FigureKind, Finding, FindingKind, LedgerKind, Listing, LogFact, LogRecord, NormalWorld,
        Severity, Unit, Verdict,
    },
    normal_world::finding_builder::{FindingBuilder, holding},
    text,
};

/// Smallest mapping that is shown: less is no buffer.
const WORTH: u64 = 64 << 10;

/// Most findings.
const MOST: usize = 10;

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    // Where a ledger shows the buffer itself, that is the better proof.
    let has_holders =
        [LedgerKind::FdInfo, LedgerKind::DmaHeap].iter().any(|ledger| normal.has_ledger(*ledger));
    if has_holders {
        return Vec::new();
    }
    normal.sayings.iter().filter_map(finding).take(MOST).collect()
}

fn finding(record: &LogRecord) -> Option<Finding> {
    let LogFact::Duplicated { task, old, new, mapped, .. } = record.said else { return None };
    let bytes = mapped.filter(|bytes| *bytes >= WORTH)?;
    let title = format!(
        "fd {new}, a dup of {old}, is never closed; {} of {old} were mapped and shared, as a buffer is",
        text::bytes(bytes)
    );
    let task = task.map_or(String::new(), |task| format!("task {task}: "));
    let subject = holding(Listing::Ledger(LedgerKind::Duplicates), &format!("fd {new}"), None);
    let draft = FindingBuilder::new(FindingKind::Unpaired, subject, Severity::Possible, title)
        .verdict(Verdict::Undecided)
        .figure(FigureKind::Held, bytes, Unit::Bytes)
        .evidence_at(
            &format!("strace: {task}dup({old}) = {new}, and no close({new}) after it"),
            &record.place,
        )
        .text(&format!("closing {old} does not free it: the copy keeps the buffer alive"));
    Some(draft.next("trace again with strace -y, which prints what each descriptor is; then look for dup() without close()"))
}
