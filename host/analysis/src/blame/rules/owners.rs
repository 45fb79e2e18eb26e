//! Instances that ended, and left something.

use super::Clue;
use crate::{
    blame::{case::Case, site_kinds::SiteHolder},
    model::{Certainty, Side},
    text,
};

/// Allocations for ended instances per one for a living instance from which those are what leaks.
const MOST: u64 = 3;

/// Nobody holds a handle of an instance that has ended: what stays, only the core can free.
pub(super) fn instance_is_gone(case: &Case<'_>) -> Option<Clue> {
    let owners = case.sites.owners;
    if !owners.all_are_gone() {
        return None;
    }
    let ta = case.ta()?;
    let n = text::count(owners.gone, "allocation");
    let (sides, certainty) = match case.server() {
        Some(pta) if case.kind_held_by(SiteHolder::Pta).is_some() => {
            (Side::Pta(Some(pta)), Certainty::Certain)
        }
        // The PTA may have called a function of the core that forgets it.
        Some(pta) => (Side::Pta(Some(pta)), Certainty::Likely),
        None => (Side::Core, Certainty::Certain),
    };
    let evidence = format!(
        "all {n} that stay were made for instances of TA {ta} that have ended: no handle of them is \
         left, only the TEE core and its PTAs can still free them"
    );
    Some(Clue::new(&[sides], certainty, evidence))
}

/// The newest instance may be alive still.
pub(super) fn most_instances_are_gone(case: &Case<'_>) -> Option<Clue> {
    let owners = case.sites.owners;
    let is_most = owners.gone >= MOST.saturating_mul(owners.alive) && owners.gone >= MOST;
    if owners.alive == 0 || owners.core > 0 || owners.unknown > 0 || !is_most {
        return None;
    }
    let ta = case.ta()?;
    let side = case.server().map_or(Side::Core, |pta| Side::Pta(Some(pta)));
    let evidence = format!(
        "{} of {} that stay were made for instances of TA {ta} that have ended",
        text::number(owners.gone),
        text::count(owners.gone.saturating_add(owners.alive), "allocation")
    );
    Some(Clue::new(&[side], Certainty::Likely, evidence))
}
