//! Links growth to the broken protocol that causes it.
//!
//! A link needs evidence that names the same objects on both sides: remaining regions and the
//! acquires that mapped them, or the same TA and a whole number of objects per acquire. Two equally
//! good explanations give no link: none is better than a wrong one.

mod effect;
mod mapped;
mod pools;
mod stories;
mod text_steps;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    model::{Finding, Fingerprint, Observation, Severity},
    protocol::Tie,
    text,
};

use effect::Effect;
pub(crate) use effect::SYSTEM_PTA;
use mapped::RegionCalls;

/// A possible cause, and how much it explains.
struct Candidate {
    tie: usize,
    /// How many of the remaining objects it explains.
    explains: u64,
    reason: String,
}

/// Links growth, and unpaired acquires of a lower level, to the finding that explains them.
pub(crate) fn link(findings: &mut [Finding], ties: &[Tie], observation: &Observation) {
    if !ties.is_empty() {
        link_protocols(findings, ties, observation);
    }
    stories::link(findings, observation);
    pools::link(findings);
}

fn link_protocols(findings: &mut [Finding], ties: &[Tie], observation: &Observation) {
    let region_calls = RegionCalls::new(&observation.events);
    link_ties(findings, ties, &region_calls);
    let roots = Roots::new(findings, ties);
    let effects: Vec<_> = findings
        .iter()
        .map(|finding| {
            if !finding.kind.info().per_object || finding.severity == Severity::Note {
                return None;
            }
            let effect = Effect { finding, findings, ties, mapped: &region_calls, observation };
            roots.choose(ties, effect.candidates())
        })
        .collect();
    for (finding, cause) in findings.iter_mut().zip(effects) {
        let root = roots.0.get(&finding.fingerprint).cloned();
        finding.cause = root.or(finding.cause.take()).or(cause);
    }
}

/// Sorts the worst findings first, among them those that explain others, each followed by what it
/// explains; notes last. Otherwise the order is kept.
pub(crate) fn sort(mut findings: Vec<Finding>) -> Vec<Finding> {
    let effects = findings.iter().filter(|finding| finding.severity > Severity::Note);
    let causes: HashSet<_> =
        effects.filter_map(|finding| Some(finding.cause.as_ref()?.0.clone())).collect();
    let is_cause = |one: &Finding| one.cause.is_none() && causes.contains(&one.fingerprint);
    findings.sort_by_key(|finding| (Reverse(finding.severity), !is_cause(finding)));
    let places: HashMap<_, _> =
        findings.iter().enumerate().map(|(at, one)| (one.fingerprint.clone(), at)).collect();
    let key = |finding: &Finding| {
        let place = places.get(&root(finding, &findings).fingerprint).copied();
        (finding.severity == Severity::Note, place)
    };
    let keys: Vec<_> = findings.iter().map(key).collect();
    let mut keyed_findings: Vec<_> = keys.into_iter().zip(findings).collect();
    keyed_findings.sort_by_key(|(key, _)| *key);
    keyed_findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Most findings from an effect to its last cause: a pool, a site, a region, a command, an order.
const LONGEST_CHAIN: usize = 5;

/// The finding of the list that explains this one in the end, or itself.
pub(crate) fn root<'f>(finding: &'f Finding, findings: &'f [Finding]) -> &'f Finding {
    let cause = |finding: &Finding| {
        let (cause, _) = finding.cause.as_ref()?;
        findings.iter().find(|one| one.fingerprint == *cause && one.severity > Severity::Note)
    };
    let chain = std::iter::successors(Some(finding), |one| cause(one));
    chain.take(LONGEST_CHAIN).last().unwrap_or(finding)
}

/// Links mappings recorded by the TEE core to the unpaired command that created them.
fn link_ties(findings: &mut [Finding], ties: &[Tie], mapped: &RegionCalls) {
    for (lower, tie) in ties.iter().enumerate() {
        let upper =
            ties.iter().enumerate().filter(|(at, upper)| *at != lower && upper.ta == tie.ta);
        let matches = upper.filter_map(|(_, upper)| {
            let calls = tie.acquires.iter().filter_map(|map| mapped.enclosing_call(*map));
            let n = calls.filter(|call| upper.acquires.binary_search(call).is_ok()).count();
            (n * 2 > tie.acquires.len()).then_some((n, upper))
        });
        let Some((n, upper)) = matches.max_by_key(|(n, _)| *n) else { continue };
        let reason = format!(
            "{} of {} were created by calls that acquired {} and never released it",
            text::number(n as u64),
            text::number(tie.acquires.len() as u64),
            upper.what
        );
        let of_tie = findings.iter_mut().find(|finding| finding.fingerprint == tie.fingerprint);
        if let Some(finding) = of_tie.filter(|finding| finding.cause.is_none()) {
            finding.cause = Some((upper.fingerprint.clone(), reason.into()));
        }
    }
}

/// The root cause of each unpaired acquire that has a cause itself.
struct Roots(HashMap<Fingerprint, (Fingerprint, Arc<str>)>);

impl Roots {
    fn new(findings: &[Finding], ties: &[Tie]) -> Self {
        let cause = |fingerprint: &Fingerprint| {
            findings.iter().find(|all| all.fingerprint == *fingerprint)?.cause.clone()
        };
        let pairs = ties.iter().filter_map(|tie| {
            let mut root = cause(&tie.fingerprint)?;
            // A mapping, the command that created it, the order that kept it: no chain is longer.
            for _ in 0..ties.len().min(3) {
                let Some((next, why)) = cause(&root.0) else { break };
                root = (next, format!("{}; {why}", root.1).into());
            }
            Some((tie.fingerprint.clone(), root))
        });
        Self(pairs.collect())
    }

    fn root<'a>(&'a self, tie: &'a Tie) -> &'a Fingerprint {
        self.0.get(&tie.fingerprint).map_or(&tie.fingerprint, |root| &root.0)
    }

    /// The candidate that explains most; `None` if an unrelated one explains as much.
    fn choose(
        &self,
        ties: &[Tie],
        mut candidates: Vec<Candidate>,
    ) -> Option<(Fingerprint, Arc<str>)> {
        // Among those with the same root, the nearest one has the shortest reason.
        let is_root =
            |tie: usize| ties.get(tie).is_some_and(|tie| *self.root(tie) == tie.fingerprint);
        candidates.sort_by_key(|one| Reverse((one.explains, is_root(one.tie))));
        let best = candidates.first()?;
        let tie = ties.get(best.tie)?;
        let root = self.root(tie);
        let rival = candidates.iter().any(|other| {
            let unrelated = ties.get(other.tie).is_some_and(|tie| self.root(tie) != root);
            unrelated && other.explains == best.explains
        });
        if rival {
            return None;
        }
        let reason = match self.0.get(&tie.fingerprint) {
            Some((_, why)) => format!("{}; {why}", best.reason),
            None => best.reason.clone(),
        };
        Some((root.clone(), reason.into()))
    }
}
