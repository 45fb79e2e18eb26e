//! What of the normal world's memory can be seen.

use std::path::Path;

use teeleak_analysis::model::Ledger;
use teeleak_proto::normal::Why;

use super::{Check, State};
use crate::source::normal::{Missing, look};

/// Names of checks, and what each lets see.
const CHECKS: [(Ledger, &str, &str); 10] = [
    (
        Ledger::Descriptors,
        "descriptors",
        "run, watch and snapshot --with normal-world: who opens and never closes, who holds dma-bufs",
    ),
    (Ledger::DmaBuf, "dma-bufs", "all dma-bufs, also those that no process has"),
    (Ledger::ClientPages, "pagemap", "which memory of its clients a TA has mapped"),
    (Ledger::MemInfo, "meminfo", "which pool of the normal world grows"),
    (Ledger::BuddyInfo, "buddyinfo", "whether free memory is in pieces"),
    (Ledger::Slab, "slabinfo", "caches of the kernel that grow"),
    (Ledger::SlabCallers, "slab-callers", "functions that fill a cache"),
    (Ledger::PageOwner, "page-owner", "functions that allocate pages"),
    (Ledger::Kmemleak, "kmemleak", "objects that nothing points to"),
    (Ledger::BinderProc, "binder", "processes that binder still has though they are gone"),
];

/// Looks for them below `root`.
pub(super) fn checks(root: &Path) -> Vec<Check> {
    let all = look(root).into_iter();
    all.filter_map(|(ledger, missing)| check(ledger, missing.as_ref())).collect()
}

fn check(ledger: Ledger, missing: Option<&Missing>) -> Option<Check> {
    let (_, name, brings) = CHECKS.into_iter().find(|(of, ..)| *of == ledger)?;
    let (state, detail) = match missing.map(|missing| missing.why) {
        None => (State::Present, "can be read"),
        Some(Why::Absent) => (State::Missing, "this kernel does not show it"),
        Some(Why::Refused) => (State::Missing, "may not be read, or not all of it"),
        Some(_) => (State::Unknown, "could not be read"),
    };
    let remedy = missing.map(|missing| missing.remedy.clone()).filter(|remedy| !remedy.is_empty());
    Some(Check { name, brings, state, detail: detail.into(), remedy })
}
