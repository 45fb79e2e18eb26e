//! Memory that a PTA allocated.

use super::Clue;
use crate::{
    blame::{case::Case, site_kinds::SiteHolder},
    model::{Certainty, FindingKind, Side},
};

/// A PTA was serving whenever an allocation was made. Sessions to it that stay open may hold them.
pub(super) fn pta_serves(case: &Case<'_>) -> Option<Clue> {
    let pta = case.server()?;
    if case.facts.grows(FindingKind::SessionGrowth, pta) {
        return None;
    }
    let whom = case.ta().map_or("the normal world".to_owned(), |ta| format!("TA {ta}"));
    let evidence = format!("all allocations that stay were made while PTA {pta} served {whom}");
    Some(Clue::new(&[Side::Pta(Some(pta))], Certainty::Likely, evidence))
}

/// The file is a PTA's, where the source does not show which one was serving.
pub(super) fn file_is_of_a_pta(case: &Case<'_>) -> Option<Clue> {
    let has_server = !case.sites.servers.is_empty();
    case.kind_held_by(SiteHolder::Pta).filter(|_| !has_server)?;
    let evidence = "the allocating file is part of a PTA";
    Some(Clue::new(&[Side::Pta(None)], Certainty::Likely, evidence))
}
