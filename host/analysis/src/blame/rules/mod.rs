//! The rules: each is one conclusion from facts, in a function of its own.
//!
//! A rule looks at one [`Case`] and says which sides may keep its objects, how sure that is and why, or
//! nothing. A new rule is a function and an entry of [`RULES`]; their order does not matter.

mod calls;
mod core_memory;
mod handles;
mod heaps;
mod instances;
mod known;
mod owners;
mod ptas;
mod sessions;
mod shared_memory;
mod supplicant;

use std::sync::Arc;

pub(super) use supplicant::is_of_supplicant;

use super::case::Case;
use crate::model::{Certainty, Side};

/// What a rule concludes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Clue {
    /// The side, or all that it may be.
    pub(super) sides: Vec<Side>,
    pub(super) certainty: Certainty,
    /// The fact behind it, as a sentence.
    pub(super) evidence: Arc<str>,
}

impl Clue {
    fn new(sides: &[Side], certainty: Certainty, evidence: impl Into<Arc<str>>) -> Self {
        Self { sides: sides.to_vec(), certainty, evidence: evidence.into() }
    }
}

type Rule = fn(&Case<'_>) -> Option<Clue>;

const RULES: [Rule; 18] = [
    owners::instance_is_gone,
    owners::most_instances_are_gone,
    calls::open_is_refused,
    calls::command_fails,
    ptas::pta_serves,
    ptas::file_is_of_a_pta,
    handles::ta_has_handles,
    handles::handles_do_not_grow,
    handles::ta_has_regions,
    handles::nothing_maps_it,
    sessions::sessions_stay_open,
    sessions::no_session_is_open,
    instances::instances_without_sessions,
    shared_memory::shared_memory_stays,
    heaps::heap_is_of_a_ta,
    heaps::big_numbers_are_of_the_core,
    supplicant::descriptors_of_supplicant,
    known::leak_is_known,
];

/// What the rules conclude about a case; that of memory that nothing else explains comes last.
pub(super) fn clues(case: &Case<'_>) -> Vec<Clue> {
    let clues: Vec<_> = RULES.iter().filter_map(|rule| rule(case)).collect();
    if clues.is_empty() { core_memory::core_keeps_it(case).into_iter().collect() } else { clues }
}
