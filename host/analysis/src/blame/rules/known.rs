//! Leaks of OP-TEE itself.

use super::Clue;
use crate::{
    blame::{case::Case, site_kinds::SiteHolder},
    known_leaks,
    model::{Certainty, KnownLeak, Side},
};

/// A leak that upstream has fixed is the core's.
pub(super) fn leak_is_known(case: &Case<'_>) -> Option<Clue> {
    let is_sure = |leak: &&KnownLeak| leak.certainty >= Certainty::Likely;
    let leak = case.finding.known_leaks().find(is_sure)?;
    let pta = case.kind_held_by(SiteHolder::Pta).map(|_| Side::Pta(case.server()));
    let evidence = format!("it is a known leak of OP-TEE: {}", known_leaks::sentence(leak));
    Some(Clue::new(&[pta.unwrap_or(Side::Core)], leak.certainty, evidence))
}
