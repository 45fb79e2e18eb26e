//! Leaks of OP-TEE itself that upstream has fixed: `known/optee-leaks.toml`, those of Linux' drivers in
//! `known/linux-leaks.toml`. `known/not-matched.toml` says why others are in neither.
//!
//! A finding is known only if its site and the release fit a row, and everything that the row needs was observed. What
//! fits no row, or a release that has the fix, is never called known. Rows that fit equally are all named.

mod kernel;
mod matching;
mod observed_release;
mod site_match;
mod table;
mod words;

pub(crate) use kernel::identify_kernel;
pub use words::sentence;

use self::{
    matching::{LeakComparison, LeakSurroundings},
    observed_release::ObservedRelease,
};
use crate::model::{Certainty, Evidence, Finding, KnownLeak, Observation};

/// Adds to each finding the leaks of OP-TEE that it may be, and from likely ones what to do.
pub(crate) fn identify(findings: &mut [Finding], observation: &Observation) {
    let release = observation.platform.release.as_deref().and_then(ObservedRelease::read);
    let around = LeakSurroundings { findings, observation, release: release.as_ref() };
    let leaks: Vec<_> = findings.iter().map(|finding| known_leaks(finding, around)).collect();
    for (finding, leaks) in findings.iter_mut().zip(leaks) {
        let is_likely = leaks.iter().all(|leak| leak.certainty >= Certainty::Likely);
        if is_likely && let Some(step) = words::next_step(&leaks) {
            finding.next_step = step.into();
        }
        finding.evidence.extend(leaks.into_iter().map(Evidence::Known));
    }
}

/// The rows that fit best.
fn known_leaks(finding: &Finding, around: LeakSurroundings<'_>) -> Vec<KnownLeak> {
    let compare = |row| LeakComparison { row, finding, around }.known_leak();
    let mut leaks: Vec<_> = table::rows().iter().filter_map(compare).collect();
    let rank = |leak: &KnownLeak| (leak.certainty, leak.facts.len());
    let best = leaks.iter().map(rank).max();
    leaks.retain(|leak| Some(rank(leak)) == best);
    leaks
}

#[cfg(test)]
mod tests;
