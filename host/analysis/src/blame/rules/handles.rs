//! What a living TA holds by a handle or in its map.

use teeleak_proto::Uuid;

use super::Clue;
use crate::{
    blame::{
        case::Case,
        site_kinds::{SiteHolder, SiteKind},
    },
    model::{Certainty, Completeness, EventKind, FindingKind, Handles, Sample, Side, Subject},
    text,
};

/// The core frees what has a handle when the TA says so, or ends.
pub(super) fn ta_has_handles(case: &Case<'_>) -> Option<Clue> {
    let ta = case.ta().filter(|_| case.sites.owners.all_are_alive())?;
    // The core gives out no handle where it fails.
    let has_handle = !case.only_fails(&EventKind::Invoke);
    if let Some(kind) = case.kind_held_by(SiteHolder::Handle).filter(|_| has_handle) {
        let evidence = format!("TA {ta} is alive and holds {} by their handles", kind.what);
        return Some(Clue::new(&[Side::Ta(Some(ta))], Certainty::Likely, evidence));
    }
    let kind = { case.kind_held_by(SiteHolder::HandleOrPart) }
        .or_else(|| case.kind_held_by(SiteHolder::Handle))?;
    let evidence = format!("TA {ta} is alive and may hold {} by a handle", kind.what);
    Some(Clue::new(&[Side::Ta(Some(ta)), Side::Core], Certainty::Likely, evidence))
}

/// A living TA has no more handles than before: none leads to what stays.
pub(super) fn handles_do_not_grow(case: &Case<'_>) -> Option<Clue> {
    let ta = case.ta().filter(|_| case.sites.owners.all_are_alive())?;
    let of_handle =
        |kind: &SiteKind| matches!(kind.holder, SiteHolder::Handle | SiteHolder::HandleOrPart);
    let kind = case.kinds().find(|kind| of_handle(kind))?;
    let before = n_handles(case.facts.base()?, ta)?;
    let after = n_handles(case.facts.last()?, ta)?;
    let evidence = format!(
        "TA {ta} has {}, no more than before the run: none of them leads to {}",
        text::count(after, "handle"),
        kind.what
    );
    (after <= before).then(|| Clue::new(&[Side::Core], Certainty::Certain, evidence))
}

/// What the instances of a TA have handles of; `None` if not all of them were counted.
fn n_handles(sample: &Sample, ta: Uuid) -> Option<u64> {
    let Completeness::Complete(instances) = &sample.instances else { return None };
    let of_ta = instances.iter().filter(|instance| instance.uuid == ta);
    of_ta.map(|instance| instance.handles.map(Handles::total)).sum()
}

/// Regions that stay in the map of a living TA.
pub(super) fn ta_has_regions(case: &Case<'_>) -> Option<Clue> {
    let ta = case.ta()?;
    let is_of_regions = case.finding.kind == FindingKind::RegionGrowth;
    let is_of_sites = case.sites.owners.all_are_alive()
        && case.kind_held_by(SiteHolder::Map).is_some()
        && case.facts.grows(FindingKind::RegionGrowth, ta);
    if !is_of_regions && !is_of_sites {
        return None;
    }
    let evidence = format!("the regions are in the map of TA {ta}, which is alive");
    Some(Clue::new(&[Side::Ta(Some(ta))], Certainty::Likely, evidence))
}

/// Memory objects for a living TA, although its map does not grow.
pub(super) fn nothing_maps_it(case: &Case<'_>) -> Option<Clue> {
    let ta = case.ta().filter(|_| case.sites.owners.all_are_alive())?;
    case.kind_held_by(SiteHolder::Map)
        .filter(|_| matches!(case.finding.subject, Subject::Site { .. }))?;
    let is_other = case.kind_held_by(SiteHolder::Handle).is_some() || case.server().is_some();
    if is_other || case.facts.grows(FindingKind::RegionGrowth, ta) || !are_regions_known(case) {
        return None;
    }
    let evidence = format!("the map of TA {ta} does not grow: nothing maps what stays");
    Some(Clue::new(&[Side::Core], Certainty::Likely, evidence))
}

fn are_regions_known(case: &Case<'_>) -> bool {
    let Some(Completeness::Complete(instances)) = case.facts.last().map(|last| &last.instances)
    else {
        return false;
    };
    let is_of_ta = |uuid| Some(uuid) == case.ta();
    let mut of_ta = instances.iter().filter(|instance| is_of_ta(instance.uuid)).peekable();
    of_ta.peek().is_some()
        && of_ta.all(|instance| matches!(instance.regions, Completeness::Complete(_)))
}
