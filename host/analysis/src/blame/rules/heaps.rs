//! Pools in which only one side allocates.

use super::Clue;
use crate::{
    blame::case::Case,
    model::{Certainty, PoolKind, Side, Subject},
};

/// Nobody but the TA itself allocates in its heap.
pub(super) fn heap_is_of_a_ta(case: &Case<'_>) -> Option<Clue> {
    let (Subject::Site { heap: PoolKind::TaHeap(ta), .. } | Subject::Pool(PoolKind::TaHeap(ta))) =
        &case.finding.subject
    else {
        return None;
    };
    let evidence = "only the TA itself allocates in its heap";
    Some(Clue::new(&[Side::Ta(ta.uuid())], Certainty::Certain, evidence))
}

/// Objects of TAs keep their big numbers in the core heap: what is in this pool belongs to one operation.
pub(super) fn big_numbers_are_of_the_core(case: &Case<'_>) -> Option<Clue> {
    let evidence = "only the crypto library of the TEE core allocates in this pool";
    let is_such = case.finding.subject == Subject::Pool(PoolKind::Crypto);
    is_such.then(|| Clue::new(&[Side::Core], Certainty::Likely, evidence))
}
