//! The other half of the ledger: what the normal world holds, who holds it, and which pool grows.
//!
//! ```text
//! NormalWorld ── pools ──> triage, growth      which pool grows?
//!             ── buffers, orphans, sites, binder ──> who holds it, from where
//!             ── books ──> ledgers that disagree
//! ```
//!
//! One print shows what is in use, not what leaks. Only a series that [`crate::growth::judge`] decides, or
//! something that by itself proves that nobody will release it, is a failure; the rest is possible.

mod allocators;
mod coverage;
mod draft;
mod fragments;
mod holders;
mod pools;
mod prints;
mod reconcile;

use crate::growth::report::tell_apart;
use crate::model::Finding;
use crate::model::Gap;
use crate::model::Kind;
use crate::model::Ledger;
use crate::model::Listing;
use crate::model::NormalPool;
use crate::model::NormalWorld;
use crate::model::Observation;
use crate::model::PoolKind;
use crate::model::Said;
use crate::model::Stage;
use crate::model::Subject;
use crate::protocol::Protocol;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use reconcile::shared::join;

/// What is said of the normal world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Which pool grows, each a sentence; the most first.
    pub(crate) triage: Vec<Arc<str>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) gaps: Vec<Gap>,
    /// What its ledgers leave open.
    pub(crate) doubts: Vec<Arc<str>>,
}

/// Whether any ledger of the normal world was read. What strace says of descriptors is none by itself.
#[must_use]
pub fn is_observed(normal: &NormalWorld) -> bool {
    let is_ledger_message =
        |saying: &crate::model::Saying| !matches!(saying.said, Said::Duplicated { .. });
    normal.traced || !normal.censuses.is_empty() || normal.sayings.iter().any(is_ledger_message)
}

/// Iterations that count after which a run looked at it.
#[must_use]
pub fn iterations(normal: &NormalWorld) -> u64 {
    let moments = normal
        .snapshots(Ledger::Descriptors)
        .filter_map(|census| census.moment)
        .filter(|moment| moment.stage == Stage::Measured);
    moments.map(|moment| moment.iteration).collect::<BTreeSet<_>>().len() as u64
}

/// Whether a run looked at it.
#[must_use]
pub fn live(normal: &NormalWorld) -> bool {
    normal.censuses.iter().any(|census| census.moment.is_some())
}

/// Protocols of the events that were read.
pub(crate) fn protocols(observation: &Observation) -> Vec<Protocol> {
    let text = include_str!("../../packs/ion-trace.toml");
    let is_ours = |event: &crate::model::Event| matches!(&event.kind, crate::model::EventKind::Step(name) if name.starts_with("ion_alloc"));
    // Only what the kernel's trace calls a buffer fits; a vendor's own steps have other keys.
    let address = "address".into();
    let has_address =
        |event: &crate::model::Event| is_ours(event) && event.keys.get(address).is_some();
    if observation.events.iter().any(has_address) {
        Protocol::read("ion-trace", text).unwrap_or_default()
    } else {
        Vec::new()
    }
}

/// Whether what is listed there is counted in this pool.
fn fills(listing: &Listing, pool: &NormalPool) -> bool {
    match pool {
        NormalPool::Unaccounted => *listing == Listing::Ledger(Ledger::PageOwner),
        NormalPool::IonSystem => *listing == Listing::Ledger(Ledger::IonOrphans),
        NormalPool::Slab => matches!(listing, Listing::Cache(name) if name.starts_with("kmalloc")),
        _ => false,
    }
}

/// Pools that grow are explained by what is found in their own ledgers.
fn link(findings: &mut [Finding]) {
    let sources: Vec<_> = findings
        .iter()
        .filter(|one| matches!(one.kind, Kind::SiteGrowth | Kind::Unpaired))
        .filter_map(|one| Some((listing(one)?.clone(), one.fingerprint.clone())))
        .collect();
    for one in findings.iter_mut().filter(|one| one.kind == Kind::PoolGrowth) {
        let Subject::Pool(PoolKind::NormalWorld(pool)) = &one.subject else { continue };
        let source = sources.iter().find(|(listing, _)| fills(listing, pool));
        if let Some((listing, fingerprint)) = source {
            let reason = format!("what {} lists is counted there", listing.label());
            one.cause = Some((fingerprint.clone(), reason.into()));
        }
    }
}

/// More descriptors of buffers explain more descriptors of the same process, and more buffers in all.
fn link_buffers(findings: &mut [Finding]) {
    // Programs of one name are not one process.
    let buffers: Vec<_> = findings
        .iter()
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
            Ledger::Descriptors => (
                buffers.iter().find(|(holder, _)| holder == pid),
                "they are descriptors of this process",
            ),
            Ledger::DmaBuf => (buffers.first(), "whoever holds them keeps them"),
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

/// What was found in the normal world.
#[must_use]
pub fn findings(observation: &Observation) -> Vec<Finding> {
    audit(observation).findings
}

/// Looks at all that the normal world told.
pub(crate) fn audit(observation: &Observation) -> Told {
    let normal = &observation.normal;
    if !is_observed(normal) {
        return Told::default();
    }
    let pools = pools::judge(normal);
    let mut findings = pools.findings;
    if live(normal) {
        findings.extend(allocators::callers::findings(normal));
    }
    findings.extend(allocators::sites::findings(normal));
    findings.extend(allocators::repeats::findings(normal));
    findings.extend(holders::held::findings(normal));
    findings.extend(holders::descriptors::findings(normal));
    let leaks = findings.iter().any(|one| one.severity == crate::model::Severity::Failure);
    let (shortage, mut triage) = fragments::findings(normal, leaks);
    findings.extend(shortage);
    findings.extend(holders::buffers::findings(normal));
    findings.extend(holders::iommu::findings(normal, &findings));
    findings.extend(holders::orphans::findings(normal));
    findings.extend(reconcile::books::findings(normal));
    findings.extend(holders::binder::findings(normal));
    triage.splice(0..0, pools.triage);
    triage.extend(holders::iommu::triage(normal));
    triage.extend(holders::binder::triage(&findings));
    link(&mut findings);
    link_buffers(&mut findings);
    tell_apart(&mut findings);
    let (gaps, doubts) = coverage::gaps_and_doubts(normal);
    Told { triage, findings, gaps, doubts }
}
