//! What the last snapshot shows of the allocations that a finding is about.

use std::collections::{BTreeMap, BTreeSet};

use teeleak_proto::{Uuid, command::TA_UUID};

use crate::model::{Completeness, Evidence, Finding, Owner, OwnerId, Sample, Site, Stage, Subject};

/// The state of those for whom allocations were made.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct OwnerCounts {
    /// Allocations for instances that have ended.
    pub(super) gone: u64,
    /// Allocations for instances that are alive.
    pub(super) alive: u64,
    /// Allocations for no TA.
    pub(super) core: u64,
    /// Allocations whose owner is not known.
    pub(super) unknown: u64,
}

impl OwnerCounts {
    /// Whether all allocations are for instances that have ended.
    pub(super) const fn all_are_gone(self) -> bool {
        self.gone > 0 && self.alive == 0 && self.core == 0 && self.unknown == 0
    }

    /// Whether all allocations are for instances that are alive.
    pub(super) const fn all_are_alive(self) -> bool {
        self.alive > 0 && self.gone == 0 && self.core == 0 && self.unknown == 0
    }

    /// Whether all allocations are for no TA.
    pub(super) const fn all_are_of_core(self) -> bool {
        self.core > 0 && self.gone == 0 && self.alive == 0 && self.unknown == 0
    }
}

/// The allocations of a finding at the end of the run, without those that were there before it.
#[derive(Default, Debug)]
pub(super) struct SiteFacts {
    pub(super) owners: OwnerCounts,
    /// PTAs that were serving, where each allocation was made within one.
    pub(super) servers: BTreeSet<Uuid>,
    /// Whether some allocations were made while no PTA served.
    pub(super) without_server: bool,
    /// Source files.
    pub(super) files: BTreeSet<std::sync::Arc<str>>,
}

impl SiteFacts {
    pub(super) fn new(finding: &Finding, samples: &[Sample]) -> Self {
        let sites: Vec<_> = subjects(finding).filter(|one| is_site(one)).collect();
        let mut facts =
            Self { files: sites.iter().filter_map(|one| file(one)).collect(), ..Self::default() };
        let Some(last) = samples.iter().rfind(|one| one.moment.stage == Stage::Measured) else {
            return facts;
        };
        let owners = OwnerTable::new(last);
        for site in
            rows(last, samples).filter(|site| sites.iter().any(|one| is_of(site, one, &owners)))
        {
            facts.add(site, &owners);
        }
        facts
    }

    fn add(&mut self, site: &Site, owners: &OwnerTable<'_>) {
        *owners.count(site.owner, &mut self.owners) += site.count;
        match owners.uuid(site.server) {
            Some(server) => _ = self.servers.insert(server),
            None => self.without_server = true,
        }
    }

    /// The PTA that was serving whenever an allocation was made.
    pub(super) fn server(&self) -> Option<Uuid> {
        self.servers.first().copied().filter(|_| self.servers.len() == 1 && !self.without_server)
    }
}

/// The subject of a finding, and those that grow with it.
pub(super) fn subjects(finding: &Finding) -> impl Iterator<Item = &Subject> {
    let members = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Member(subject, _) => Some(subject),
        _ => None,
    });
    std::iter::once(&finding.subject).chain(members)
}

const fn is_site(subject: &Subject) -> bool {
    matches!(subject, Subject::Site { .. })
}

fn file(subject: &Subject) -> Option<std::sync::Arc<str>> {
    match subject {
        Subject::Site { file, .. } => Some(file.clone()),
        _ => None,
    }
}

/// Allocations that were made within the measured iterations, as far as epochs show.
fn rows<'s>(last: &'s Sample, samples: &'s [Sample]) -> impl Iterator<Item = &'s Site> {
    let begin = samples.iter().position(|sample| sample.moment.stage == Stage::Measured);
    let base = begin.and_then(|at| samples.get(at.saturating_sub(1)));
    let start = base.and_then(|sample| sample.epoch);
    let is_new = move |site: &&Site| match (site.epoch, start) {
        (Some(epoch), Some(start)) => epoch >= start,
        _ => true,
    };
    last.sites.value().into_iter().flatten().filter(is_new)
}

fn is_of(site: &Site, subject: &Subject, owners: &OwnerTable<'_>) -> bool {
    let Subject::Site { file, line, size, owner, .. } = subject else { return false };
    (&site.file, site.line, site.size) == (file, *line, *size) && owners.uuid(site.owner) == *owner
}

/// The owner table of a snapshot, with what its instances say.
struct OwnerTable<'s> {
    owners: BTreeMap<u16, &'s Owner>,
    /// Instances that are there, if all are listed.
    alive: Option<BTreeSet<u32>>,
}

impl<'s> OwnerTable<'s> {
    fn new(sample: &'s Sample) -> Self {
        let owners = sample.owners.value().into_iter().flatten();
        let alive = match &sample.instances {
            Completeness::Complete(instances) => {
                Some(instances.iter().map(|instance| instance.id).collect())
            }
            _ => None,
        };
        Self { owners: owners.map(|owner| (owner.number, owner)).collect(), alive }
    }

    fn owner(&self, id: OwnerId) -> Option<&Owner> {
        match id {
            OwnerId::Number(number) => self.owners.get(&number).copied(),
            OwnerId::Core | OwnerId::Unknown => None,
        }
    }

    fn uuid(&self, id: OwnerId) -> Option<Uuid> {
        self.owner(id)?.uuid
    }

    /// Where allocations of this owner are counted.
    fn count<'c>(&self, id: OwnerId, counts: &'c mut OwnerCounts) -> &'c mut u64 {
        match (id, self.owner(id)) {
            (OwnerId::Core, _) => &mut counts.core,
            (_, Some(owner)) if owner.pta || owner.uuid.is_none() => &mut counts.unknown,
            (_, Some(owner)) if self.is_gone(owner) => &mut counts.gone,
            (_, Some(_)) => &mut counts.alive,
            (_, None) => &mut counts.unknown,
        }
    }

    /// The auditor's own TA may not be listed, although it is there.
    fn is_gone(&self, owner: &Owner) -> bool {
        let is_missing = self.alive.as_ref().is_some_and(|alive| !alive.contains(&owner.instance));
        owner.gone || (is_missing && owner.uuid != Some(TA_UUID))
    }
}
