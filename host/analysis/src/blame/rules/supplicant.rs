//! What tee-supplicant keeps.

use super::Clue;
use crate::{
    blame::case::Case,
    model::{Certainty, LedgerKind, Listing, Side, Subject},
};

/// Name of the process, as in `/proc/PID/comm`.
const SUPPLICANT: &str = "tee-supplicant";

/// Descriptors of tee-supplicant: it may also be the core that does not ask to close a file.
pub(super) fn descriptors_of_supplicant(case: &Case<'_>) -> Option<Clue> {
    let Subject::Holding { listing: Listing::Ledger(LedgerKind::Descriptors), name, .. } =
        &case.finding.subject
    else {
        return None;
    };
    let evidence = "the descriptors are those of tee-supplicant";
    (&**name == SUPPLICANT).then(|| Clue::new(&[Side::Supplicant], Certainty::Likely, evidence))
}
