//! The heap of a TA.

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
