//! Proposes protocols from what was observed: which commands acquire what, and which release it.
//!
//! ```text
//! events ── values by place ── classes: places that share values ── pairs: first and last of a value ── TOML
//! ```
//!
//! A value that a command returns and others take is a handle. Of the commands that carry it, the one that
//! always comes first acquires it and the one that always comes last releases it; those in between use it,
//! or acquire what belongs to it. A proposal has its support: in how many cases it was so. It is for a
//! person to edit, who knows what the numbers mean.

mod classes;
mod document;
mod pairs;
mod proposals;
mod trace;

pub use document::{Suggestion, write};
pub use proposals::{Proposal, Support};
use trace::Trace;

use crate::model::Observation;

/// What the commands of each TA suggest.
#[must_use]
pub fn suggest(observation: &Observation) -> Vec<Suggestion> {
    let traces = Trace::all(observation).into_iter();
    traces.map(Suggestion::new).filter(|suggestion| !suggestion.proposals.is_empty()).collect()
}

#[cfg(test)]
mod tests;
