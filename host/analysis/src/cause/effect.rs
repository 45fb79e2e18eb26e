//! What may explain one finding of growth.

use std::collections::HashSet;

use teeleak_proto::Uuid;

use crate::{
    model::{EventKind, Finding, Kind, Observation, OwnerId, Region, Sample, Stage, Subject, Unit},
    protocol::Tie,
};

use super::{Candidate, Mapped};

/// Most objects of the core heap that one acquire is believed to make.
const OBJECTS_PER_ACQUIRE: f64 = 32.0;

/// A growth finding, and all that may explain it.
pub(super) struct Effect<'a> {
    pub(super) finding: &'a Finding,
    pub(super) findings: &'a [Finding],
    pub(super) ties: &'a [Tie],
    pub(super) mapped: &'a Mapped,
    pub(super) observation: &'a Observation,
}

impl Effect<'_> {
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        match (&self.finding.subject, self.finding.kind) {
            (Subject::Ta(ta), Kind::RegionGrowth) => self.of_regions(*ta),
            (Subject::Ta(ta), Kind::SessionGrowth) => self.of_sessions(*ta),
            (Subject::Site { owner: Some(owner), .. }, Kind::SiteGrowth) => self.of_sites(*owner),
            _ => Vec::new(),
        }
    }

    fn of_ta(&self, ta: Uuid) -> impl Iterator<Item = (usize, &Tie)> {
        self.ties.iter().enumerate().filter(move |(_, tie)| tie.ta == Some(ta))
    }

    /// Regions that stayed and were mapped by an acquire that was never undone.
    fn of_regions(&self, ta: Uuid) -> Vec<Candidate> {
        let stayed = stayed(self.observation, ta);
        let explain = |(at, tie): (usize, &Tie)| {
            let explained = stayed.iter().filter(|(instance, region)| {
                let Some(map) = self.mapped.map(*instance, region.va) else { return false };
                let acquired = |event: usize| tie.acquires.binary_search(&event).is_ok();
                acquired(map) || self.mapped.within(map).is_some_and(acquired)
            });
            let n = explained.count();
            (n * 2 > stayed.len()).then(|| Candidate {
                tie: at,
                explains: n as u64,
                reason: format!(
                    "{n} of {} regions that stayed were mapped by steps that acquired a {} and \
                     were not undone",
                    stayed.len(),
                    tie.what
                ),
            })
        };
        self.of_ta(ta).filter_map(explain).collect()
    }

    /// Sessions that are open at the end and were opened by these very events.
    fn of_sessions(&self, ta: Uuid) -> Vec<Candidate> {
        let last = last(&self.observation.samples);
        let open: HashSet<_> = last
            .and_then(|sample| sample.sessions.seen())
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
                reason: format!("{n} of {} open sessions are those of {}", open.len(), tie.what),
            })
        };
        self.of_ta(ta).filter_map(explain).collect()
    }

    /// A whole number of objects for each acquire, for the same TA and not for other sessions.
    fn of_sites(&self, owner: Uuid) -> Vec<Candidate> {
        let Some(objects) = rate(self.finding) else { return Vec::new() };
        let sessions = self.sessions_of_site(owner);
        let explain = |(at, tie): (usize, &Tie)| {
            let of_tie = self.findings.iter().find(|all| all.fingerprint == tie.fingerprint)?;
            let each = objects / rate(of_tie)?;
            let whole = (each - each.round()).abs() <= 0.02 * each;
            let plausible = whole && (1.0..=OBJECTS_PER_ACQUIRE).contains(&each.round());
            if !plausible || !self.may_be_of(&sessions, tie) {
                return None;
            }
            let n = each.round();
            let objects = if n > 1.0 { "objects" } else { "object" };
            Some(Candidate {
                tie: at,
                // A rate tells no more of one than of another, so any rival makes it void.
                explains: 0,
                reason: format!(
                    "same TA, and {n} {objects} stay for each of the {} of {} that were not \
                     released",
                    tie.held, tie.what
                ),
            })
        };
        self.of_ta(owner).filter_map(explain).collect()
    }

    /// Sessions that the growing site's objects were made for, as far as known.
    fn sessions_of_site(&self, owner: Uuid) -> HashSet<u32> {
        let Subject::Site { file, line, size, .. } = &self.finding.subject else {
            return HashSet::new();
        };
        let Some(sample) = last(&self.observation.samples) else { return HashSet::new() };
        let owners = sample.owners.seen().into_iter().flatten();
        let numbers: HashSet<_> =
            owners.filter(|one| one.uuid == Some(owner)).map(|one| one.number).collect();
        let sites = sample.sites.seen().into_iter().flatten();
        sites
            .filter(|site| (&site.file, site.line, site.size) == (file, *line, *size))
            .filter(|site| matches!(site.owner, OwnerId::Number(n) if numbers.contains(&n)))
            .filter_map(|site| site.session)
            .collect()
    }

    fn may_be_of(&self, sessions: &HashSet<u32>, tie: &Tie) -> bool {
        let events = tie.acquires.iter().filter_map(|event| self.observation.events.get(*event));
        // Regions and opens have no session that objects could be made for.
        let mut calls = events.filter(|event| event.kind == EventKind::Invoke).peekable();
        let unknown = sessions.is_empty() || calls.peek().is_none();
        unknown || calls.any(|event| event.session.is_some_and(|id| sessions.contains(&id)))
    }
}

/// Objects per iteration.
fn rate(finding: &Finding) -> Option<f64> {
    let rate = finding.figures.iter().find(|one| one.unit == Unit::ObjectsPerIteration)?;
    (rate.value > 0.0).then_some(rate.value)
}

/// The last sample that counts.
fn last(samples: &[Sample]) -> Option<&Sample> {
    let measured = samples.iter().rfind(|sample| sample.moment.stage == Stage::Measured);
    measured.or(samples.last())
}

/// Regions of a TA's instances at the end that were not there before the first measured iteration.
fn stayed(observation: &Observation, ta: Uuid) -> Vec<(u32, Region)> {
    let samples = &observation.samples;
    let begin = samples.iter().position(|sample| sample.moment.stage == Stage::Measured);
    let before = samples.get(begin.unwrap_or(1).saturating_sub(1));
    let regions = |sample: &Sample| -> Vec<(u32, Region)> {
        let instances = sample.instances.seen().into_iter().flatten();
        let these = instances.filter(|instance| instance.uuid == ta);
        these
            .flat_map(|instance| {
                let regions = instance.regions.seen().into_iter().flatten();
                regions.map(|region| (instance.id, *region)).collect::<Vec<_>>()
            })
            .collect()
    };
    let old: HashSet<_> = before.map(regions).unwrap_or_default().into_iter().collect();
    let now = last(samples).map(regions).unwrap_or_default();
    now.into_iter().filter(|region| !old.contains(region)).collect()
}
