//! Whether a finding is a known leak, and how sure that is.

use std::{collections::BTreeSet, sync::Arc};

use teeleak_proto::Uuid;

use super::{
    observed_release::ObservedRelease,
    site_match::{SiteMatch, is_of},
    table::{LeakRow, Need},
};
use crate::model::{
    Certainty, EventKind, Evidence, Exposure, Finding, FindingKind, IncidentKind, KnownLeak,
    MatchedFact, Observation, Severity, Subject, Verdict,
};

/// What findings are compared with.
#[derive(Clone, Copy)]
pub(super) struct LeakSurroundings<'a> {
    pub(super) findings: &'a [Finding],
    pub(super) observation: &'a Observation,
    pub(super) release: Option<&'a ObservedRelease>,
}

/// A row that is compared with a finding.
pub(super) struct LeakComparison<'a> {
    pub(super) row: &'a LeakRow,
    pub(super) finding: &'a Finding,
    pub(super) around: LeakSurroundings<'a>,
}

/// The sites of a finding that a row has.
struct Overlap<'a> {
    /// What agrees of the site that fits best.
    site: SiteMatch,
    subject: &'a Subject,
    /// Whether much else allocates there: only another site of the row shows the leak.
    is_shared: bool,
    /// Whether the row has all sites of the finding.
    is_complete: bool,
}

impl<'a> LeakComparison<'a> {
    /// `None` if the finding is not this leak.
    pub(super) fn known_leak(&self) -> Option<KnownLeak> {
        let Self { row, finding, around } = self;
        if !self.is_comparable(finding) {
            return None;
        }
        let exposure = match around.release {
            Some(release) => release.exposure(row.since, row.fixed)?,
            None => Exposure::Unknown,
        };
        // A fork has the lines of the releases that it forked from, not of the one that it is named after.
        let release = around.release.filter(|_| exposure != Exposure::Fork);
        let overlap = self.overlap(release)?;
        if exposure == Exposure::Fork && !overlap.site.is_placed() {
            return None;
        }
        let facts = self.facts(exposure, &overlap)?;
        Some(KnownLeak {
            repository: row.repository.as_str().into(),
            commit: row.commit.as_str().into(),
            fixed: row.fixed,
            release: around.observation.platform.release.clone(),
            exposure,
            certainty: self.certainty(exposure, &overlap, &facts),
            facts,
            leaks: row.leaks.as_str().into(),
            when: row.when.as_str().into(),
            member: overlap.member(),
        })
    }

    /// A leak that occurs once shows as a step, which is a note; all others as growth.
    fn is_comparable(&self, finding: &Finding) -> bool {
        let is_note = finding.severity == Severity::Note;
        finding.kind == FindingKind::SiteGrowth && is_note == self.row.once
    }

    /// Every fact that agrees; `None` if a needed one was not observed.
    fn facts(&self, exposure: Exposure, overlap: &Overlap<'_>) -> Option<Vec<MatchedFact>> {
        let mut facts: Vec<_> = overlap.site.facts().collect();
        if exposure == Exposure::Missing {
            facts.push(MatchedFact::Release);
        }
        for need in &self.row.needs {
            facts.push(self.need(*need, overlap)?);
        }
        facts.sort_unstable();
        Some(facts)
    }

    /// The site that shows the leak, or a shared one if another finding has such a site.
    fn overlap(&self, release: Option<&ObservedRelease>) -> Option<Overlap<'a>> {
        let best = |finding: &'a Finding, is_shared| {
            let matching_site =
                |subject| Some((self.site_match(subject, is_shared, release)?, subject));
            subjects(finding).filter_map(matching_site).max_by_key(|(site, _)| *site)
        };
        let is_shown = |owner| {
            let mut other_matches = self.comparable().filter_map(|finding| best(finding, false));
            other_matches.any(|(_, subject)| subject_owner(subject) == owner)
        };
        let own_match = best(self.finding, false);
        let is_shared = own_match.is_none();
        let (site, subject) = own_match.or_else(|| best(self.finding, true))?;
        if is_shared && !is_shown(subject_owner(subject)) {
            return None;
        }
        let is_complete = subjects(self.finding).all(|subject| self.explains(subject));
        Some(Overlap { site, subject, is_shared, is_complete })
    }

    /// The best match among the sites that are shared, or among those that are not.
    fn site_match(
        &self,
        subject: &Subject,
        is_shared: bool,
        release: Option<&ObservedRelease>,
    ) -> Option<SiteMatch> {
        let sites = self.row.sites.iter().filter(|site| site.shared == is_shared);
        sites.filter_map(|site| SiteMatch::find(subject, site, release)).max()
    }

    /// Whether the row has this site.
    fn explains(&self, subject: &Subject) -> bool {
        self.row.sites.iter().any(|site| SiteMatch::find(subject, site, None).is_some())
    }

    /// The fact that a need rests on; `None` if it was not observed.
    fn need(&self, need: Need, overlap: &Overlap<'_>) -> Option<MatchedFact> {
        let (is_observed, fact) = match need {
            Need::Alone => (self.grows_alone(overlap), MatchedFact::Alone),
            Need::Together => (self.n_files(overlap) > 1, MatchedFact::Together),
            Need::Owner => return self.owner(overlap),
            Need::FailedOpen => (self.saw_failed_open(), MatchedFact::FailedOpen),
            Need::Panic => (self.saw_panic(), MatchedFact::Panic),
        };
        is_observed.then_some(fact)
    }

    /// All sites that grow for the owner of the match, whichever finding they are in: sites of one leak are in several
    /// findings where it leaves more than one object of some.
    fn grown_subjects(&self, overlap: &Overlap<'_>) -> impl Iterator<Item = &'a Subject> {
        let owner = overlap.owner();
        self.comparable().flat_map(subjects).filter(move |subject| subject_owner(subject) == owner)
    }

    fn comparable(&self) -> impl Iterator<Item = &'a Finding> {
        self.around.findings.iter().filter(|finding| self.is_comparable(finding))
    }

    /// Whether nothing else grows that could bring these allocations along.
    fn grows_alone(&self, overlap: &Overlap<'_>) -> bool {
        let is_region = |finding: &Finding| {
            finding.kind == FindingKind::RegionGrowth && finding.severity > Severity::Note
        };
        self.grown_subjects(overlap).all(|subject| self.explains(subject))
            && !self.around.findings.iter().any(is_region)
    }

    /// Number of files of the row that grow.
    fn n_files(&self, overlap: &Overlap<'_>) -> usize {
        let grown_subjects: Vec<_> = self.grown_subjects(overlap).collect();
        let is_grown = |file: &&str| grown_subjects.iter().any(|subject| is_of(subject, file));
        let files: BTreeSet<_> = self.row.sites.iter().map(|site| site.file.as_str()).collect();
        files.iter().filter(|file| is_grown(file)).count()
    }

    /// Where owners are unknown, it must at least be a TA that was called.
    fn owner(&self, overlap: &Overlap<'_>) -> Option<MatchedFact> {
        let wanted_owner = self.row.owner?;
        match overlap.owner() {
            Some(owner) => (owner == wanted_owner).then_some(MatchedFact::Owner),
            None => {
                let mut events = self.around.observation.events.iter();
                events.any(|event| event.uuid == Some(wanted_owner)).then_some(MatchedFact::Called)
            }
        }
    }

    fn saw_failed_open(&self) -> bool {
        let is_wanted = |result: u32| match self.row.open_result {
            Some(wanted) => result == wanted,
            None => result != 0,
        };
        let mut events = self.around.observation.events.iter();
        events.any(|event| event.kind == EventKind::Open && event.code().is_some_and(is_wanted))
    }

    fn saw_panic(&self) -> bool {
        let mut incidents = self.around.observation.incidents.iter();
        incidents.any(|incident| matches!(incident.kind, IncidentKind::TaPanic { .. }))
    }

    /// Whether the finding has a cause other than growth of the same bug: a broken protocol.
    fn is_made_by_others(&self) -> bool {
        let is_growth = |one: &Finding| one.kind.info().per_object;
        self.finding.cause.as_ref().is_some_and(|(cause, _)| {
            let cause = self.around.findings.iter().find(|one| one.fingerprint == *cause);
            !cause.is_some_and(is_growth)
        })
    }

    /// The row's certainty, less what is missing.
    fn certainty(
        &self,
        exposure: Exposure,
        overlap: &Overlap<'_>,
        facts: &[MatchedFact],
    ) -> Certainty {
        let Overlap { site, is_complete, is_shared, .. } = overlap;
        let is_alone = facts.contains(&MatchedFact::Alone);
        let is_leak = self.finding.verdict == Some(Verdict::Leak);
        let doubts = [
            (!site.size || exposure != Exposure::Missing, Certainty::Likely),
            (!site.is_placed() || !is_complete, Certainty::Possible),
            (*is_shared && !is_alone, Certainty::Possible),
            (!is_leak || self.is_made_by_others(), Certainty::Possible),
            (facts.contains(&MatchedFact::Called), Certainty::Possible),
            (exposure >= Exposure::Unknown, Certainty::Possible),
        ];
        let limits = doubts.into_iter().filter_map(|(holds, limit)| holds.then_some(limit));
        limits.fold(self.row.certainty, Certainty::min)
    }
}

impl Overlap<'_> {
    fn owner(&self) -> Option<Uuid> {
        subject_owner(self.subject)
    }

    /// The site that fits, if others do not.
    fn member(&self) -> Option<Arc<str>> {
        match self.subject {
            Subject::Site { file, line, .. } if !self.is_complete => {
                Some(format!("{file}:{line}").into())
            }
            _ => None,
        }
    }
}

/// The subject of a finding, and those that grow together with it.
fn subjects(finding: &Finding) -> impl Iterator<Item = &Subject> {
    let members = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Member(subject, _) => Some(subject),
        _ => None,
    });
    std::iter::once(&finding.subject).chain(members)
}

fn subject_owner(subject: &Subject) -> Option<Uuid> {
    match subject {
        Subject::Site { owner, .. } => *owner,
        _ => None,
    }
}
