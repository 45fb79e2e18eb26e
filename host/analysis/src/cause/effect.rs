//! Candidate causes of one growth finding.

use std::collections::HashSet;

use teeleak_proto::Uuid;

use crate::{
    model::{
        EventKind, Finding, FindingKind, Observation, OwnerId, Region, Sample, Site, Stage,
        Subject, Unit,
    },
    protocol::Tie,
    text,
};

use super::{Candidate, RegionCalls, text_steps};

/// Maximum number of core heap objects that one acquire may plausibly allocate.
const OBJECTS_PER_ACQUIRE: f64 = 32.0;

/// The PTA that maps memory for TAs (optee_os lib/libutee/include/pta_system.h@4.10.0,
/// `PTA_SYSTEM_UUID`).
pub(crate) const SYSTEM_PTA: Option<Uuid> = Uuid::parse("3a2f8978-5dc0-11e8-9c2d-fa7ae01bbebc");

/// A growth finding, with everything that may explain it.
pub(super) struct Effect<'a> {
    pub(super) finding: &'a Finding,
    pub(super) findings: &'a [Finding],
    pub(super) ties: &'a [Tie],
    pub(super) mapped: &'a RegionCalls,
    pub(super) observation: &'a Observation,
}

impl Effect<'_> {
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        match (&self.finding.subject, self.finding.kind) {
            (Subject::Ta(ta), FindingKind::RegionGrowth) => {
                let mut candidates = self.of_regions(*ta);
                candidates.extend(self.of_regions_in_text(*ta));
                candidates
            }
            (Subject::Ta(ta), FindingKind::SessionGrowth) => self.of_sessions(*ta),
            (Subject::Site { owner: Some(owner), .. }, FindingKind::SiteGrowth) => {
                self.of_sites(*owner)
            }
            (Subject::Site { owner: None, .. }, FindingKind::SiteGrowth) => self.of_unowned_site(),
            _ => Vec::new(),
        }
    }

    fn of_ta(&self, ta: Uuid) -> impl Iterator<Item = (usize, &Tie)> {
        self.ties.iter().enumerate().filter(move |(_, tie)| tie.ta == Some(ta))
    }

    /// Remaining regions that an acquire without a release mapped.
    fn of_regions(&self, ta: Uuid) -> Vec<Candidate> {
        let regions = lasting_regions(self.observation, ta);
        let explain = |(at, tie): (usize, &Tie)| {
            let matches = regions.iter().filter(|(instance, region)| {
                let Some(map) = self.mapped.map(*instance, region.va) else { return false };
                let is_acquire = |event: usize| tie.acquires.binary_search(&event).is_ok();
                is_acquire(map) || self.mapped.enclosing_call(map).is_some_and(is_acquire)
            });
            let n = matches.count();
            (n * 2 > regions.len()).then(|| Candidate {
                tie: at,
                explains: n as u64,
                reason: format!(
                    "{} of {} remaining regions were mapped by steps that acquired {} and \
                     never released it",
                    text::number(n as u64),
                    text::number(regions.len() as u64),
                    tie.what
                ),
            })
        };
        self.of_ta(ta).filter_map(explain).collect()
    }

    /// Remaining regions whose physical addresses the lines of a text acquired, or as many as they did.
    fn of_regions_in_text(&self, ta: Uuid) -> Vec<Candidate> {
        let regions = lasting_regions(self.observation, ta);
        let ties = self.text_ties().filter(|(_, tie)| tie.ta.is_none_or(|owner| owner == ta));
        ties.filter_map(|(at, tie)| {
            let n = text_steps::same_addresses(&regions, tie, &self.observation.events);
            let is_most = n * 2 > regions.len();
            let reason = if is_most {
                text_steps::address_reason(n, regions.len(), tie)
            } else {
                text_steps::count_reason(self.finding, tie)?
            };
            Some(Candidate { tie: at, explains: if is_most { n as u64 } else { 0 }, reason })
        })
        .collect()
    }

    /// As many objects of a site whose owner the text does not show as its lines acquired.
    fn of_unowned_site(&self) -> Vec<Candidate> {
        let explain = |(at, tie): (usize, &Tie)| {
            let reason = text_steps::count_reason(self.finding, tie)?;
            Some(Candidate { tie: at, explains: 0, reason })
        };
        self.text_ties().filter_map(explain).collect()
    }

    /// Findings about steps that lines of a text report.
    fn text_ties(&self) -> impl Iterator<Item = (usize, &Tie)> {
        let is_of_text = |tie: &Tie| text_steps::are_acquires(tie, &self.observation.events);
        self.ties.iter().enumerate().filter(move |(_, tie)| is_of_text(tie))
    }

    /// Sessions that are open at the end and were opened by these events.
    fn of_sessions(&self, ta: Uuid) -> Vec<Candidate> {
        let last = last(&self.observation.samples);
        let open: HashSet<_> = last
            .and_then(|sample| sample.sessions.value())
            .into_iter()
            .flatten()
            .filter(|session| session.uuid == ta)
            .map(|session| (session.opener, Some(session.id)))
            .collect();
        let explain = |(at, tie): (usize, &Tie)| {
            let opens = tie.acquires.iter().filter_map(|event| self.observation.events.get(*event));
            let opens = opens.filter(|event| event.kind == EventKind::Open);
            let n = opens.filter(|event| open.contains(&(event.opener, event.session))).count();
            (n > 0 && n * 2 > open.len()).then(|| Candidate {
                tie: at,
                explains: n as u64,
                reason: format!(
                    "{} of {} open sessions belong to {}",
                    text::number(n as u64),
                    text::number(open.len() as u64),
                    tie.what
                ),
            })
        };
        self.of_ta(ta).filter_map(explain).collect()
    }

    /// A whole number of objects per acquire, for the same TA and not for other sessions.
    fn of_sites(&self, owner: Uuid) -> Vec<Candidate> {
        let Some(objects) = rate(self.finding) else { return Vec::new() };
        let sessions = self.sessions_of_site(owner);
        // Objects allocated by mapping regions belong to the step that mapped the remaining regions.
        let region_candidates =
            if self.is_of_mappings(owner) { self.of_regions(owner) } else { Vec::new() };
        let explain = |(at, tie): (usize, &Tie)| {
            let of_tie = self.findings.iter().find(|all| all.fingerprint == tie.fingerprint)?;
            let per_acquire = objects / rate(of_tie)?;
            let is_whole = (per_acquire - per_acquire.round()).abs() <= 0.02 * per_acquire;
            let plausible = is_whole && (1.0..=OBJECTS_PER_ACQUIRE).contains(&per_acquire.round());
            if !plausible || !self.may_be_of(&sessions, tie) {
                return None;
            }
            let n = per_acquire.round();
            let stay = if n > 1.0 { "objects stay" } else { "object stays" };
            let relation = if tie.ta == Some(owner) { "same TA" } else { "opened by this TA" };
            Some(Candidate {
                tie: at,
                // A rate does not favour any candidate, so any rival makes it void.
                explains: region_candidates
                    .iter()
                    .find(|one| one.tie == at)
                    .map_or(0, |one| one.explains),
                reason: format!(
                    "{relation}, and {} {stay} for each of the {} {} never released",
                    text::decimal(n),
                    text::number(tie.held),
                    tie.what
                ),
            })
        };
        let ties = self.ties.iter().enumerate();
        let ties = ties.filter(|(_, tie)| tie.ta == Some(owner) || self.is_opener(owner, tie));
        ties.filter_map(explain).collect()
    }

    /// Whether this TA opened the sessions of `tie`: the TEE core keeps them for the opener.
    fn is_opener(&self, ta: Uuid, tie: &Tie) -> bool {
        let Some(sample) = last(&self.observation.samples) else { return false };
        let instances = sample.instances.value().into_iter().flatten();
        let of_ta: HashSet<_> =
            instances.filter(|one| one.uuid == ta).map(|instance| instance.id).collect();
        let mut events =
            tie.acquires.iter().filter_map(|event| self.observation.events.get(*event)).peekable();
        events.peek().is_some()
            && events.all(|one| one.kind == EventKind::Open && of_ta.contains(&one.opener))
    }

    /// Whether all objects of the growing site were allocated by mapping regions.
    fn is_of_mappings(&self, owner: Uuid) -> bool {
        let Some(sample) = last(&self.observation.samples) else { return false };
        let owners = || sample.owners.value().into_iter().flatten();
        let uuid = |id| match id {
            OwnerId::Number(number) => owners().find(|one| one.number == number)?.uuid,
            OwnerId::Core | OwnerId::Unknown => None,
        };
        let mut rows = self.rows(sample).filter(|row| uuid(row.owner) == Some(owner)).peekable();
        // Older ones may belong to the TA itself.
        let is_new = |row: &&Site| row.epoch != Some(0);
        rows.peek().is_some() && rows.filter(is_new).all(|row| uuid(row.server) == SYSTEM_PTA)
    }

    /// Allocations of the growing site.
    fn rows<'s>(&'s self, sample: &'s Sample) -> impl Iterator<Item = &'s Site> {
        let subject = &self.finding.subject;
        let is_same_site = move |site: &&Site| match subject {
            Subject::Site { file, line, size, .. } => {
                (&site.file, site.line, site.size) == (file, *line, *size)
            }
            _ => false,
        };
        sample.sites.value().into_iter().flatten().filter(is_same_site)
    }

    /// Sessions that the growing site's objects were allocated for, if known.
    fn sessions_of_site(&self, owner: Uuid) -> HashSet<u32> {
        let Some(sample) = last(&self.observation.samples) else { return HashSet::new() };
        let owners = sample.owners.value().into_iter().flatten();
        let numbers: HashSet<_> =
            owners.filter(|one| one.uuid == Some(owner)).map(|one| one.number).collect();
        self.rows(sample)
            .filter(|site| matches!(site.owner, OwnerId::Number(n) if numbers.contains(&n)))
            .filter_map(|site| site.session)
            .collect()
    }

    fn may_be_of(&self, sessions: &HashSet<u32>, tie: &Tie) -> bool {
        let events = tie.acquires.iter().filter_map(|event| self.observation.events.get(*event));
        // Regions and opens have no session that objects could be allocated for.
        let mut calls = events.filter(|event| event.kind == EventKind::Invoke).peekable();
        let is_unknown = sessions.is_empty() || calls.peek().is_none();
        is_unknown || calls.any(|event| event.session.is_some_and(|id| sessions.contains(&id)))
    }
}

/// Objects per iteration.
fn rate(finding: &Finding) -> Option<f64> {
    let rate = finding.figures.iter().find(|one| one.unit == Unit::ObjectsPerIteration)?;
    (rate.value > 0.0).then_some(rate.value)
}

/// The last measured snapshot.
fn last(samples: &[Sample]) -> Option<&Sample> {
    let last_measured = samples.iter().rfind(|sample| sample.moment.stage == Stage::Measured);
    last_measured.or(samples.last())
}

/// Regions of a TA's instances at the end that did not exist before the first measured iteration.
fn lasting_regions(observation: &Observation, ta: Uuid) -> Vec<(u32, Region)> {
    let samples = &observation.samples;
    let begin = samples.iter().position(|sample| sample.moment.stage == Stage::Measured);
    let base_sample = samples.get(begin.unwrap_or(1).saturating_sub(1));
    let regions = |sample: &Sample| -> Vec<(u32, Region)> {
        let instances = sample.instances.value().into_iter().flatten();
        let ta_instances = instances.filter(|instance| instance.uuid == ta);
        ta_instances
            .flat_map(|instance| {
                let regions = instance.regions.value().into_iter().flatten();
                regions.map(|region| (instance.id, *region)).collect::<Vec<_>>()
            })
            .collect()
    };
    let old: HashSet<_> = base_sample.map(regions).unwrap_or_default().into_iter().collect();
    let current_regions = last(samples).map(regions).unwrap_or_default();
    current_regions.into_iter().filter(|region| !old.contains(region)).collect()
}
