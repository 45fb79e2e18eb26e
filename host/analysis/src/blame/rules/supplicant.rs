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
    let evidence = "the descriptors are those of tee-supplicant";
    let clue = || Clue::new(&[Side::Supplicant], Certainty::Likely, evidence);
    is_of_supplicant(&case.finding.subject).then(clue)
}

/// Whether tee-supplicant holds it, by its own listing or by that of all processes.
pub(in crate::blame) fn is_of_supplicant(subject: &Subject) -> bool {
    match subject {
        Subject::Holding { listing: Listing::Ledger(LedgerKind::Supplicant), .. } => true,
        Subject::Holding { listing: Listing::Ledger(LedgerKind::Descriptors), name, .. } => {
            **name == *SUPPLICANT
        }
        _ => false,
    }
}
