//! Who is to blame for what grows: the core, a PTA, a TA, a client, tee-supplicant or the kernel.
//!
//! ```text
//! finding ── births per iteration ─┐
//! events ── calls per iteration ───┴─ fit ──> suspects ─┐
//! last snapshot ── owners, servers, kinds of sites ─────┴─ rules ──> clues ── conclude ──> Blame
//! ```
//!
//! Two independent questions: which *calls* leave something behind, answered by numbers alone (as many
//! objects stay in each iteration as the calls explain, `fit`), and which *side* keeps it, answered by
//! rules over what is known of the objects (`rules`). Nothing is guessed: calls that fit equally are
//! all named, sides that contradict each other are unsure, and lost events name no call.

mod births;
mod call_counts;
mod case;
mod conclusion;
mod fit;
mod next_step;
mod process;
mod protocol;
mod rules;
mod site_facts;
mod site_kinds;
mod suspects;
mod words;

use std::sync::Arc;

pub(crate) use births::{Birth, births};
pub(crate) use call_counts::instances;
use case::{Case, Facts};
use conclusion::conclude;
use process::process_of_calls;
use site_kinds::SiteHolder;
use suspects::Suspect;
pub use words::sentence;

use crate::{
    cause,
    model::{
        Blame, BlamedCall, Certainty, Fault, Finding, FindingKind, Observation, PoolKind, Severity,
        Side, Subject,
    },
    protocol::Tie,
    text,
};

/// Most findings that are looked at; more than that nobody reads.
const MOST: usize = 256;

/// Says of each story who is to blame, and what to do next. Effects share the blame of their cause.
pub(crate) fn assign(findings: &mut [Finding], ties: &[Tie], observation: &Observation) {
    if !findings.iter().any(is_blamable) {
        return;
    }
    let facts = Facts::new(observation, findings);
    let blames: Vec<_> =
        findings.iter().take(MOST).map(|finding| story_blame(finding, ties, &facts)).collect();
    for (finding, blame) in findings.iter_mut().zip(blames) {
        let next_step = blame.as_ref().and_then(|blame| next_step::next_step(blame, finding));
        // A fix that exists is better advice.
        let is_known = finding.known_leaks().any(|leak| leak.certainty >= Certainty::Likely);
        let is_growth = finding.kind.info().per_object && finding.cause.is_none() && !is_known;
        if let Some(next_step) = next_step.filter(|_| is_growth) {
            finding.next_step = next_step.into();
        }
        finding.blame = blame;
    }
}

/// What ties a finding to others, beside its numbers.
#[derive(Clone, Default, Debug)]
pub(crate) struct Bond {
    /// The calls that explain it, if only calls that fail do.
    pub(crate) failing: Vec<BlamedCall>,
    /// Whether all that stays was made for instances that have ended.
    pub(crate) is_of_ended: bool,
}

/// The bond of each finding.
pub(crate) fn bonds(findings: &[Finding], observation: &Observation) -> Vec<Bond> {
    if !findings.iter().any(is_blamable) {
        return vec![Bond::default(); findings.len()];
    }
    let facts = Facts::new(observation, findings);
    let bond = |(at, finding): (usize, &Finding)| {
        if at >= MOST || !is_blamable(finding) {
            return Bond::default();
        }
        let case = Case::new(finding, &facts);
        let only_fails = case.suspects.iter().all(Suspect::fails);
        Bond {
            failing: if only_fails { case.calls() } else { Vec::new() },
            is_of_ended: case.sites.owners.all_are_gone(),
        }
    };
    findings.iter().enumerate().map(bond).collect()
}

/// Whether one of a finding's sites allocates TA instances.
pub(crate) fn is_of_instances(finding: &Finding) -> bool {
    has_holder(finding, SiteHolder::Instance)
}

/// Whether one of a finding's sites allocates what maps memory for TAs.
pub(crate) fn is_of_regions(finding: &Finding) -> bool {
    has_holder(finding, SiteHolder::Map)
}

fn has_holder(finding: &Finding, holder: SiteHolder) -> bool {
    let is_such = |subject: &Subject| match subject {
        Subject::Site { file, .. } => {
            site_kinds::site_kind(file).is_some_and(|kind| kind.holder == holder)
        }
        _ => false,
    };
    site_facts::subjects(finding).any(is_such)
}

/// Whether it fails the run, and one of the sides that serve or use the TEE can be to blame for it: the ledgers of
/// the normal world name who holds what by themselves.
fn is_blamable(finding: &Finding) -> bool {
    let is_of_tee = match &finding.subject {
        Subject::Pool(PoolKind::NormalWorld(_)) => false,
        Subject::Holding { .. } => rules::is_of_supplicant(&finding.subject),
        _ => true,
    };
    is_of_tee && finding.severity == Severity::Failure
}

/// The blame for the story that a finding is part of.
fn story_blame(finding: &Finding, ties: &[Tie], facts: &Facts<'_>) -> Option<Blame> {
    let root = cause::root(finding, facts.findings);
    if !is_blamable(finding) || !is_blamable(root) {
        return None;
    }
    let effects = facts.findings.iter().filter(|one| is_effect(one, root, facts.findings));
    let cases: Vec<_> =
        std::iter::once(root).chain(effects).map(|finding| Case::new(finding, facts)).collect();
    if matches!(root.kind.info().fault, Fault::Order | Fault::Unpaired) {
        let blame = protocol::blame(root, ties, facts)?;
        return Some(with_calls_of_ta(blame, &cases, facts.observation));
    }
    blame(&cases, facts.observation)
}

/// Whether a failure is part of what `root` explains; pools hold nothing.
fn is_effect(finding: &Finding, root: &Finding, findings: &[Finding]) -> bool {
    let is_of_root = cause::root(finding, findings).fingerprint == root.fingerprint;
    let is_other = finding.fingerprint != root.fingerprint;
    is_of_root && is_other && is_blamable(finding) && finding.kind != FindingKind::PoolGrowth
}

/// What the findings of one story show together.
fn blame(cases: &[Case<'_>], observation: &Observation) -> Option<Blame> {
    let conclusion = conclude(cases.iter().flat_map(|case| rules::clues(case)).collect());
    let witness = cases.iter().find(|case| !case.suspects.is_empty());
    if conclusion.sides.is_empty() && witness.is_none() {
        return None;
    }
    let births = witness.and_then(|case| births(case.finding)).unwrap_or_default();
    let suspects = witness.map_or([].as_slice(), |case| &case.suspects);
    Some(Blame {
        sides: conclusion.sides,
        certainty: conclusion.certainty,
        calls: witness.map(Case::calls).unwrap_or_default(),
        process: process_of_calls(suspects, &births, observation),
        evidence: witness.map(numbers).into_iter().chain(conclusion.evidence).collect(),
    })
}

/// The same blame; that for a TA with the calls in which it acquires what stays.
fn with_calls_of_ta(blame: Blame, cases: &[Case<'_>], observation: &Observation) -> Blame {
    let Some(Side::Ta(ta)) = blame.side() else { return blame };
    let mut of_ta = cases.iter().filter(|case| case.ta() == ta);
    let Some(witness) = of_ta.find(|case| !case.suspects.is_empty()) else { return blame };
    let births = births(witness.finding).unwrap_or_default();
    Blame {
        calls: witness.calls(),
        process: process_of_calls(&witness.suspects, &births, observation).or(blame.process),
        evidence: blame.evidence.into_iter().chain([numbers(witness)]).collect(),
        ..blame
    }
}

/// How the numbers of the calls explain those of the objects.
fn numbers(case: &Case<'_>) -> Arc<str> {
    let Some(suspect) = case.suspects.first() else { return "".into() };
    let is_bytes = matches!(case.finding.subject, Subject::Pool(_));
    let objects = text::count(suspect.fit.objects, if is_bytes { "byte" } else { "object" });
    let stay = if suspect.fit.objects == 1 { "stays" } else { "stay" };
    let sentence = format!("{objects} {stay} for {}", words::calls(&case.calls()));
    let reservation = if suspect.fit.varies {
        ", in every iteration and with changing numbers"
    } else {
        "; the numbers are the same in every iteration, so other calls may fit as well"
    };
    (sentence + reservation).into()
}
