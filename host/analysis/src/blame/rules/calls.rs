//! Calls that fail, and leave something behind.

use super::Clue;
use crate::{
    blame::{case::Case, site_kinds::SiteHolder, words},
    model::{Certainty, EventKind, FindingKind, Side},
};

/// A session that was refused holds nothing: what its opening allocated, the core should have freed.
pub(super) fn open_is_refused(case: &Case<'_>) -> Option<Clue> {
    if !case.only_fails(&EventKind::Open) || is_kept_by_living_ta(case) {
        return None;
    }
    let side = case.server().map_or(Side::Core, |pta| Side::Pta(Some(pta)));
    let is_certain = case.varies() && side == Side::Core && !case.sites.owners.all_are_alive();
    let certainty = if is_certain { Certainty::Certain } else { Certainty::Likely };
    let evidence = format!(
        "what stays falls exactly into {}: such a session does not exist, so nobody holds it",
        words::calls(&case.calls())
    );
    Some(Clue::new(&[side], certainty, evidence))
}

/// The entry point of a living TA may have refused the session, and kept its own objects.
fn is_kept_by_living_ta(case: &Case<'_>) -> bool {
    case.sites.owners.all_are_alive() && case.kind_held_by(SiteHolder::Handle).is_some()
}

/// An error path: of the code that the sites belong to.
pub(super) fn command_fails(case: &Case<'_>) -> Option<Clue> {
    if !case.only_fails(&EventKind::Invoke) || case.finding.kind != FindingKind::SiteGrowth {
        return None;
    }
    let (sides, certainty) = error_path(case)?;
    let evidence = format!(
        "what stays falls exactly into {}: it is the error path that does not free it",
        words::calls(&case.calls())
    );
    Some(Clue::new(&sides, certainty, evidence))
}

fn error_path(case: &Case<'_>) -> Option<(Vec<Side>, Certainty)> {
    let uuid = case.suspects.first()?.key.uuid;
    if case.is_pta(uuid) || case.server().is_some() {
        let pta = Side::Pta(Some(case.server().unwrap_or(uuid)));
        let is_certain = case.varies() && case.kind_held_by(SiteHolder::Pta).is_some();
        let certainty = if is_certain { Certainty::Certain } else { Certainty::Likely };
        return Some((vec![pta], certainty));
    }
    let ta = Side::Ta(case.ta());
    let is_alive = case.sites.owners.all_are_alive();
    if is_alive && case.is_mapped_by_ta() {
        return Some((vec![ta], Certainty::Likely));
    }
    Some(match case.kinds().map(|kind| kind.holder).min() {
        // A TA that forgets the handle, or the core before it gives one out.
        Some(SiteHolder::Handle | SiteHolder::HandleOrPart) if is_alive => {
            (vec![Side::Core, ta], Certainty::Likely)
        }
        // Whoever registered it may not release it when the call fails.
        Some(SiteHolder::SharedMemory) => return None,
        _ => (vec![Side::Core], Certainty::Likely),
    })
}
