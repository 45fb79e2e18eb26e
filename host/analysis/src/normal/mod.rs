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
mod words;

use std::{collections::BTreeSet, sync::Arc};

pub(crate) use reconcile::shared::join;

use crate::{
    growth::report::tell_apart,
    model::{Finding, Gap, Kind, Ledger, NormalWorld, Observation, Said, Stage, Subject},
    protocol::Protocol,
};

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
pub fn seen(normal: &NormalWorld) -> bool {
    let own = |saying: &crate::model::Saying| !matches!(saying.said, Said::Duplicated { .. });
    normal.traced || !normal.censuses.is_empty() || normal.sayings.iter().any(own)
}

/// Iterations that count after which a run looked at it.
#[must_use]
pub fn iterations(normal: &NormalWorld) -> u64 {
    let measured = normal
        .of(Ledger::Descriptors)
        .filter_map(|census| census.moment)
        .filter(|moment| moment.stage == Stage::Measured);
    measured.map(|moment| moment.iteration).collect::<BTreeSet<_>>().len() as u64
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
    let any = |event: &crate::model::Event| is_ours(event) && event.keys.get(address).is_some();
    if observation.events.iter().any(any) {
        Protocol::read("ion-trace", text).unwrap_or_default()
    } else {
        Vec::new()
    }
}

/// Pools, and the ledgers that say who fills them.
const FILLED_BY: [(&str, &str); 3] = [
    ("memory that nobody accounts for", "page_owner"),
    ("ion system heap", "orphans of an ion heap"),
    ("slab", "kmalloc"),
];

/// Pools that grow are explained by what is found in their own ledgers.
fn link(findings: &mut [Finding]) {
    let explains = |ledger: &str, part: &str| ledger.starts_with(part);
    for (pool, part) in FILLED_BY {
        let of = |one: &&Finding| {
            matches!(&one.subject, Subject::Holding { ledger, .. } if explains(ledger, part))
                && matches!(one.kind, Kind::SiteGrowth | Kind::Unpaired)
        };
        let Some(found) = findings.iter().find(of) else { continue };
        let why: Arc<str> = format!("what {} lists is counted there", subject_ledger(found)).into();
        let cause = Some((found.fingerprint.clone(), why));
        let filled = findings.iter_mut().filter(|one| one.kind == Kind::PoolGrowth);
        let mut filled =
            filled.filter(|one| matches!(&one.subject, Subject::Pool(name) if **name == *pool));
        if let Some(filled) = filled.next() {
            filled.cause = cause;
        }
    }
}

/// More descriptors of buffers explain more descriptors of the same process, and more buffers in all.
fn link_buffers(findings: &mut [Finding]) {
    let is = |one: &Finding, wanted: &str| matches!(&one.subject, Subject::Holding { ledger, .. } if **ledger == *wanted);
    // Programs of one name are not one process: titles begin with the number, too.
    let who = |one: &Finding| one.title.split_once(": ").map(|(who, _)| who.to_owned());
    let held: Vec<_> = findings
        .iter()
        .filter(|one| is(one, holders::held::BUFFERS))
        .filter_map(|one| Some((who(one)?, one.fingerprint.clone())))
        .collect();
    for one in findings.iter_mut().filter(|one| one.cause.is_none()) {
        let (cause, why) = if is(one, Ledger::Descriptors.info().name) {
            let own = held.iter().find(|(held, _)| who(one).as_ref() == Some(held));
            (own, "they are descriptors of this process")
        } else if is(one, Ledger::DmaBuf.info().name) {
            (held.first(), "whoever holds them keeps them")
        } else {
            continue;
        };
        one.cause = cause.map(|(_, of)| (of.clone(), why.into()));
    }
}

fn subject_ledger(finding: &Finding) -> &str {
    match &finding.subject {
        Subject::Holding { ledger, .. } => ledger,
        _ => "it",
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
    if !seen(normal) {
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
    let (gaps, doubts) = coverage::of(normal);
    Told { triage, findings, gaps, doubts }
}
