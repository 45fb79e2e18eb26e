//! Which ledgers of the normal world can be observed.

use std::path::Path;

use teeleak_analysis::model::LedgerKind;
use teeleak_proto::normal_world::UnreadReason;

use super::{Check, CheckId, State};
use crate::source::normal_world::{LedgerObstacle, look};

/// Looks for them below `root`.
pub(super) fn checks(root: &Path) -> Vec<Check> {
    let ledgers = look(root).into_iter();
    ledgers.map(|(ledger, missing)| check(ledger, missing.as_ref())).collect()
}

fn check(ledger: LedgerKind, missing: Option<&LedgerObstacle>) -> Check {
    let (state, detail) = match missing.map(|missing| missing.why) {
        None => (State::Present, "can be read"),
        Some(UnreadReason::Absent) => (State::Missing, "not provided by this kernel"),
        Some(UnreadReason::Refused) => (State::Missing, "not (fully) readable by this user"),
        Some(_) => (State::Unknown, "could not be read"),
    };
    let remedy = missing.map(|missing| missing.remedy.clone()).filter(|remedy| !remedy.is_empty());
    let (id, brings) = (CheckId::Ledger(ledger), ledger.info().shows);
    Check { id, brings, state, detail: detail.into(), remedy }
}
