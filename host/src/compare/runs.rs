//! Two runs of the same workload: findings of one build that a known-good build does not have.
//!
//! A finding that both builds have is not new, but can be worse: more growth per iteration than on
//! the good build, by a difference whose interval excludes chance. (Matias et al., *SRDS* 2014: comparison
//! with a good build shows more than a trend alone.)

use teeleak_analysis::{
    audit::{Conclusion, FindingWeight, Report, conclude},
    model::{Finding, Severity},
};

use super::growth::GrowthComparison;

/// How a finding compares with the known-good build.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FindingNovelty {
    /// The good build does not have it.
    New,
    /// The good build has less of it.
    Worse,
    /// The good build has it, too.
    Same,
}

/// A finding that counts, beside the good build.
pub(crate) struct ComparedFinding {
    pub(crate) novelty: FindingNovelty,
    pub(crate) finding: Finding,
    /// Its growth beside that of the good build, if it grows.
    pub(crate) growth: Option<GrowthComparison>,
}

impl ComparedFinding {
    fn new(finding: Finding, good: &[Finding]) -> Self {
        let known = same(&finding, good);
        let growth = GrowthComparison::new(&finding, known);
        let is_worse = growth.as_ref().is_some_and(GrowthComparison::is_worse);
        let novelty = match known.filter(|known| counts(known)) {
            None => FindingNovelty::New,
            Some(known) if is_worse || finding.severity > known.severity => FindingNovelty::Worse,
            Some(_) => FindingNovelty::Same,
        };
        Self { novelty, finding, growth }
    }

    /// Why it may be worse than it seems.
    fn doubt(&self) -> Option<String> {
        let Some(GrowthComparison::TooFew(_)) = self.growth else { return None };
        let sentence = self.growth.as_ref()?.sentence();
        (self.novelty == FindingNovelty::Same)
            .then(|| format!("{}: {sentence}", self.finding.title))
    }
}

/// A run compared with the known-good one.
pub(crate) struct Differential {
    /// Findings that count, compared with the good build.
    pub(crate) findings: Vec<ComparedFinding>,
    /// Findings of the good build that this one does not have.
    pub(crate) gone: Vec<Finding>,
    /// Why the run can't be called clean.
    pub(crate) doubts: Vec<String>,
}

/// Compares a run with that of a good build.
pub(crate) fn compare(good: &Report, report: Report) -> Differential {
    let good_findings = good.findings.iter().filter(|finding| counts(finding));
    let gone = good_findings.filter(|finding| same(finding, &report.findings).is_none());
    let gone = gone.cloned().collect();
    let mut doubts: Vec<_> =
        doubts("the good build", good).chain(doubts("this build", &report)).collect();
    let findings = report.findings.into_iter().filter(counts);
    let findings: Vec<_> =
        findings.map(|finding| ComparedFinding::new(finding, &good.findings)).collect();
    doubts.extend(findings.iter().filter_map(ComparedFinding::doubt));
    Differential { findings, gone, doubts }
}

fn counts(finding: &Finding) -> bool {
    finding.severity > Severity::Note
}

/// The same finding of another run.
fn same<'f>(finding: &Finding, others: &'f [Finding]) -> Option<&'f Finding> {
    others.iter().find(|other| other.fingerprint == finding.fingerprint)
}

impl Differential {
    /// Findings that are new or worse.
    pub(crate) fn news(&self) -> impl Iterator<Item = &Finding> {
        let news = self.findings.iter().filter(|one| one.novelty != FindingNovelty::Same);
        news.map(|one| &one.finding)
    }

    /// The outcome: that of a run with only the new and worse findings.
    pub(crate) fn conclusion(&self) -> Conclusion {
        let weights: Vec<_> = self.news().map(FindingWeight::from).collect();
        conclude(&weights, self.doubts.is_empty())
    }

    /// Findings of this novelty.
    pub(crate) fn with(&self, novelty: FindingNovelty) -> impl Iterator<Item = &ComparedFinding> {
        self.findings.iter().filter(move |one| one.novelty == novelty)
    }

    /// Number of findings of this novelty.
    pub(crate) fn count(&self, novelty: FindingNovelty) -> u64 {
        self.with(novelty).count() as u64
    }
}

fn doubts<'r>(of: &'r str, report: &'r Report) -> impl Iterator<Item = String> + 'r {
    report.doubts.iter().map(move |doubt| format!("{of}: {doubt}"))
}
