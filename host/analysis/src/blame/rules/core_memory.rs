//! Memory of the core that no handle leads to.

use super::Clue;
use crate::{
    blame::{case::Case, site_kinds::SiteKind},
    model::{Certainty, FindingKind, Side},
};

/// What the core allocates for itself, or for a TA that can't hold it.
pub(super) fn core_keeps_it(case: &Case<'_>) -> Option<Clue> {
    if case.finding.kind != FindingKind::SiteGrowth {
        return None;
    }
    let owners = case.sites.owners;
    let is_of_sessions = case.facts.grows_for_any(FindingKind::SessionGrowth);
    let evidence =
        if owners.all_are_of_core() && case.kinds().all(SiteKind::is_internal) && !is_of_sessions {
            "the TEE core allocated it while no TA ran".to_owned()
        } else if owners.all_are_alive() && case.kinds().all(SiteKind::is_hidden) {
            "it is no object that a TA holds by a handle".to_owned()
        } else {
            return None;
        };
    Some(Clue::new(&[Side::Core], Certainty::Likely, evidence))
}
