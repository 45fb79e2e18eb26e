//! One finding with everything that may show who is to blame for it.

use std::collections::{BTreeSet, HashMap};

use teeleak_proto::Uuid;

use super::{
    births::births,
    call_counts::{CallCounts, CallKey, instances},
    site_facts::SiteFacts,
    site_kinds::{SiteHolder, SiteKind, site_kind},
    suspects::{Suspect, best, suspects},
};
use crate::model::{
    BlamedCall, Event, EventKind, Finding, FindingKind, Observation, Origin, PoolKind, Sample,
    Severity, Stage, Subject,
};

/// What all findings of an observation are judged by.
pub(super) struct Facts<'a> {
    pub(super) observation: &'a Observation,
    pub(super) findings: &'a [Finding],
    pub(super) counts: CallCounts,
    /// UUIDs of PTAs.
    pub(super) ptas: BTreeSet<Uuid>,
    /// TAs by instance number.
    pub(super) instances: HashMap<u32, Uuid>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(observation: &'a Observation, findings: &'a [Finding]) -> Self {
        Self {
            observation,
            findings,
            counts: CallCounts::new(observation),
            ptas: ptas(observation),
            instances: instances(observation),
        }
    }

    /// The last measured snapshot.
    pub(super) fn last(&self) -> Option<&'a Sample> {
        let is_measured = |sample: &&Sample| sample.moment.stage == Stage::Measured;
        self.observation.samples.iter().rfind(is_measured)
    }

    /// The snapshot before the first measured iteration.
    pub(super) fn base(&self) -> Option<&'a Sample> {
        let samples = &self.observation.samples;
        let begin = samples.iter().position(|one| one.moment.stage == Stage::Measured)?;
        samples.get(begin.saturating_sub(1))
    }

    /// Whether growth of this kind was found for this TA or PTA.
    pub(super) fn grows(&self, kind: FindingKind, uuid: Uuid) -> bool {
        let is_such = |one: &&Finding| one.kind == kind && one.severity == Severity::Failure;
        self.findings.iter().filter(is_such).any(|one| one.subject == Subject::Ta(uuid))
    }

    /// Whether growth of this kind was found for any TA or PTA.
    pub(super) fn grows_for_any(&self, kind: FindingKind) -> bool {
        let is_such = |one: &Finding| one.kind == kind && one.severity == Severity::Failure;
        self.findings.iter().any(is_such)
    }
}

/// PTAs of the owner tables, and what serves calls without an instance.
fn ptas(observation: &Observation) -> BTreeSet<Uuid> {
    let owners = observation.samples.iter().filter_map(|sample| sample.owners.value()).flatten();
    let owners = owners.filter(|owner| owner.pta).filter_map(|owner| owner.uuid);
    let is_of_pta = |event: &&Event| {
        event.origin == Origin::Tee && event.kind == EventKind::Invoke && event.instance == 0
    };
    let served = observation.events.iter().filter(is_of_pta).filter_map(|event| event.uuid);
    owners.chain(served).collect()
}

/// One finding.
pub(super) struct Case<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) finding: &'a Finding,
    pub(super) sites: SiteFacts,
    /// The kinds of calls that explain it equally well.
    pub(super) suspects: Vec<Suspect>,
}

impl<'a> Case<'a> {
    pub(super) fn new(finding: &'a Finding, facts: &'a Facts<'a>) -> Self {
        let sites = SiteFacts::new(finding, &facts.observation.samples);
        let mut case = Self { facts, finding, sites, suspects: Vec::new() };
        case.suspects = case.find_suspects();
        case
    }

    /// The nearest calls among those that explain most: a PTA's rather than those of the TA it serves.
    fn find_suspects(&self) -> Vec<Suspect> {
        let Some(births) = births(self.finding) else { return Vec::new() };
        if !self.facts.counts.is_complete(&births) {
            return Vec::new();
        }
        let mut all = suspects(&self.facts.counts, &births, |key| self.distance(key).is_some());
        let n_best = best(&all).len();
        all.truncate(n_best);
        let nearest = all.iter().filter_map(|suspect| self.distance(&suspect.key)).min();
        all.retain(|suspect| self.distance(&suspect.key) == nearest);
        all
    }

    /// How far a call is from where the allocations were made; `None` if it can't have made them.
    fn distance(&self, key: &CallKey) -> Option<u8> {
        match (self.sites.server(), self.ta()) {
            (Some(server), _) if key.uuid == server => Some(0),
            (_, Some(ta)) if key.uuid == ta => Some(1),
            (_, Some(ta)) if key.opener == Some(ta) => Some(2),
            (_, Some(_)) => None,
            (_, None) if key.opener.is_none() => Some(1),
            // Without tags nobody knows for whom an allocation was made.
            (_, None) => (!self.sites.owners.all_are_of_core()).then_some(2),
        }
    }

    /// The TA or PTA that the finding is about.
    pub(super) const fn ta(&self) -> Option<Uuid> {
        match &self.finding.subject {
            Subject::Pool(PoolKind::TaHeap(ta)) => ta.uuid(),
            Subject::Site { owner, .. } => *owner,
            Subject::Ta(uuid) => Some(*uuid),
            _ => None,
        }
    }

    /// What its sites allocate, as far as known.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &'static SiteKind> {
        self.sites.files.iter().filter_map(|file| site_kind(file))
    }

    /// What one of its sites allocates, of those with such a holder.
    pub(super) fn kind_held_by(&self, holder: SiteHolder) -> Option<&'static SiteKind> {
        self.kinds().find(|kind| kind.holder == holder)
    }

    /// The PTA that was serving, unless that is the one that maps memory for TAs.
    pub(super) fn server(&self) -> Option<Uuid> {
        self.sites.server().filter(|server| Some(*server) != SYSTEM_PTA)
    }

    /// Whether TAs made the allocations by asking for memory in their map.
    pub(super) fn is_mapped_by_ta(&self) -> bool {
        self.sites.server().is_some() && self.sites.server() == SYSTEM_PTA
    }

    /// The calls that explain it equally well.
    pub(super) fn calls(&self) -> Vec<BlamedCall> {
        self.suspects.iter().map(|one| one.call(self.is_pta(one.key.uuid))).collect()
    }

    pub(super) fn is_pta(&self, uuid: Uuid) -> bool {
        self.facts.ptas.contains(&uuid)
    }

    /// Whether all suspects are calls of this kind that fail.
    pub(super) fn only_fails(&self, kind: &EventKind) -> bool {
        let is_such = |suspect: &Suspect| suspect.key.kind == *kind && suspect.fails();
        !self.suspects.is_empty() && self.suspects.iter().all(is_such)
    }

    /// Whether the numbers of the suspects change from iteration to iteration, which is proof.
    pub(super) fn varies(&self) -> bool {
        self.suspects.iter().all(|suspect| suspect.fit.varies)
    }
}

/// The PTA that maps memory for TAs (optee_os lib/libutee/include/pta_system.h@4.10.0).
const SYSTEM_PTA: Option<Uuid> = crate::cause::SYSTEM_PTA;
