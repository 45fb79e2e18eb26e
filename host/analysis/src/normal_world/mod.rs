//! Analysis of the normal world: held memory, its holders, and growing pools.
//!
//! ```text
//! NormalWorld ── pools ──> triage, growth      which pool grows?
//!             ── buffers, orphans, sites, binder ──> who holds it, from where
//!             ── books ──> ledgers that disagree
//! ```
//!
//! One snapshot shows memory in use, not leaks. Only a series that [`crate::growth::judge`] calls a leak,
//! or proof that nobody will release an object, is a failure; other findings are possible.

mod allocators;
mod coverage;
mod facts;
mod figures;
mod finding_builder;
mod fragmentation;
mod holders;
mod memory_balance;
mod pools;
mod reconcile;
mod shortages;
mod snapshots;

use std::{collections::BTreeSet, sync::Arc};

pub use facts::LedgerFact;
pub(crate) use reconcile::shared_memory::join;

use crate::{
    growth::report::distinguish,
    model::{
        Finding, FindingKind, Gap, LedgerKind, LedgerSnapshot, Listing, LogFact, NormalPool,
        NormalWorld, Observation, PoolKind, Stage, Subject,
    },
    protocol::Protocol,
};

/// The result of the analysis of the normal world.
#[derive(Clone, Debug, Default)]
pub(crate) struct NormalReport {
    /// Growing pools, one sentence each, largest gain first.
    pub(crate) triage: Vec<Arc<str>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) gaps: Vec<Gap>,
    /// Doubts that its ledgers leave.
    pub(crate) doubts: Vec<Arc<str>>,
    /// What the last look at each ledger shows.
    pub(crate) facts: Vec<LedgerFact>,
}

/// Whether any ledger of the normal world was read. Descriptors from strace alone do not count.
#[must_use]
pub fn is_observed(normal: &NormalWorld) -> bool {
    let is_ledger_message =
        |saying: &crate::model::LogRecord| !matches!(saying.said, LogFact::Duplicated { .. });
    normal.traced
        || normal.censuses.iter().any(is_requested)
        || normal.sayings.iter().any(is_ledger_message)
}

/// Whether somebody asked for this snapshot: every run counts the descriptors of tee-supplicant.
fn is_requested(census: &LedgerSnapshot) -> bool {
    census.ledger != LedgerKind::Supplicant
}

/// Number of measured iterations with a snapshot of the normal world.
#[must_use]
pub fn iterations(normal: &NormalWorld) -> u64 {
    let moments = normal
        .snapshots(LedgerKind::Descriptors)
        .filter_map(|census| census.moment)
        .filter(|moment| moment.stage == Stage::Measured);
    moments.map(|moment| moment.iteration).collect::<BTreeSet<_>>().len() as u64
}

/// Whether a run read the normal world.
#[must_use]
pub fn live(normal: &NormalWorld) -> bool {
    let mut requested = normal.censuses.iter().filter(|census| is_requested(census));
    requested.any(|census| census.moment.is_some())
}

/// Protocols for the events that were read.
pub(crate) fn protocols(observation: &Observation) -> Vec<Protocol> {
    let text = include_str!("../../packs/ion-trace.toml");
    let is_ours = |event: &crate::model::Event| matches!(&event.kind, crate::model::EventKind::Step(name) if name.starts_with("ion_alloc"));
    // Only for events of the kernel's trace; a vendor's own steps have other keys.
    let address = "address".into();
    let has_address =
        |event: &crate::model::Event| is_ours(event) && event.keys.get(address).is_some();
    if observation.events.iter().any(has_address) {
        Protocol::read("ion-trace", text).unwrap_or_default()
    } else {
        Vec::new()
    }
}

/// Whether the entries of a listing are counted in this pool.
fn fills(listing: &Listing, pool: &NormalPool) -> bool {
    match pool {
        NormalPool::Unaccounted => *listing == Listing::Ledger(LedgerKind::PageOwner),
        NormalPool::IonSystem => *listing == Listing::Ledger(LedgerKind::IonOrphans),
        NormalPool::Slab => matches!(listing, Listing::Cache(name) if name.starts_with("kmalloc")),
        _ => false,
    }
}

/// Links growing pools to findings in their own ledgers.
fn link(findings: &mut [Finding]) {
    let sources: Vec<_> = findings
        .iter()
        .filter(|one| matches!(one.kind, FindingKind::SiteGrowth | FindingKind::Unpaired))
        .filter_map(|one| Some((listing(one)?.clone(), one.fingerprint.clone())))
        .collect();
    for one in findings.iter_mut().filter(|one| one.kind == FindingKind::PoolGrowth) {
        let Subject::Pool(PoolKind::NormalWorld(pool)) = &one.subject else { continue };
        let source = sources.iter().find(|(listing, _)| fills(listing, pool));
        if let Some((listing, fingerprint)) = source {
            let reason = format!("the entries of {} are part of this pool", listing.label());
            one.cause = Some((fingerprint.clone(), reason.into()));
        }
    }
}

/// Links growth of a process's descriptors, and of all buffers, to growth of buffer descriptors.
fn link_buffers(findings: &mut [Finding]) {
    // By process id: several processes may have one name.
    let buffers: Vec<_> = findings
        .iter()
        .filter(|one| one.kind == FindingKind::SiteGrowth)
        .filter_map(|one| match one.subject {
            Subject::Holding { listing: Listing::DmaBufs, pid, .. } => {
                Some((pid, one.fingerprint.clone()))
            }
            _ => None,
        })
        .collect();
    for one in findings.iter_mut().filter(|one| one.cause.is_none()) {
        let Subject::Holding { listing: Listing::Ledger(ledger), pid, .. } = &one.subject else {
            continue;
        };
        let (cause, why) = match ledger {
            LedgerKind::Descriptors => (
                buffers.iter().find(|(holder, _)| holder == pid),
                "part of this process's descriptors",
            ),
            LedgerKind::DmaBuf => (buffers.first(), "the descriptors keep them allocated"),
            _ => continue,
        };
        one.cause = cause.map(|(_, fingerprint)| (fingerprint.clone(), why.into()));
    }
}

fn listing(finding: &Finding) -> Option<&Listing> {
    match &finding.subject {
        Subject::Holding { listing, .. } => Some(listing),
        _ => None,
    }
}

/// Findings in the normal world.
#[must_use]
pub fn findings(observation: &Observation) -> Vec<Finding> {
    audit(observation).findings
}

/// Runs all analyses of the normal world.
pub(crate) fn audit(observation: &Observation) -> NormalReport {
    let normal = &observation.normal;
    if !is_observed(normal) {
        let mut findings = holders::descriptors::findings(normal, LedgerKind::Supplicant);
        findings.extend(holders::mapped_copies::findings(normal));
        return NormalReport { findings, ..NormalReport::default() };
    }
    let pools = pools::judge(normal);
    let mut findings = pools.findings;
    if live(normal) {
        findings.extend(allocators::callers::findings(normal));
    }
    findings.extend(allocators::sites::findings(normal));
    let (repeats, undecided_entries) = allocators::repeats::findings(normal);
    findings.extend(repeats);
    let (figures, undecided_figures) = figures::findings(normal);
    findings.extend(figures);
    findings.extend(shortages::findings(normal));
    findings.extend(holders::buffer_growth::findings(normal));
    for ledger in [LedgerKind::Descriptors, LedgerKind::Supplicant] {
        findings.extend(holders::descriptors::findings(normal, ledger));
    }
    let leaks = findings.iter().any(|one| one.severity == crate::model::Severity::Failure);
    let (shortage, mut triage) = fragmentation::findings(normal, leaks);
    findings.extend(shortage);
    findings.extend(holders::buffers::findings(normal));
    findings.extend(holders::iommu::findings(normal, &findings));
    findings.extend(holders::iommu_steps::findings(normal));
    findings.extend(holders::mapped_copies::findings(normal));
    findings.extend(holders::orphans::findings(normal));
    findings.extend(holders::remapped::findings(normal));
    findings.extend(reconcile::balance::findings(normal));
    findings.extend(holders::binder::findings(normal));
    triage.splice(0..0, pools.triage);
    triage.extend(holders::iommu::triage(normal));
    triage.extend(holders::binder::triage(&findings));
    link(&mut findings);
    link_buffers(&mut findings);
    distinguish(&mut findings);
    let (gaps, mut doubts) = coverage::gaps_and_doubts(normal);
    doubts.extend(pools.doubts);
    doubts.extend(undecided_entries.into_iter().chain(undecided_figures));
    NormalReport { triage, findings, gaps, doubts, facts: facts::facts(normal) }
}
