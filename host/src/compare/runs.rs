//! Two runs of the same workload: what one build finds and a known-good one does not.
//!
//! A finding that both have is no news unless it is worse: more per iteration than the good build's,
//! beyond what the intervals of both leave open. (Matias et al., *SRDS* 2014: comparison with a good
//! build tells more than a trend alone.)

use teeleak_analysis::{
    audit::{Conclusion, FindingWeight, Report, conclude},
    model::{Figure, Finding, Severity, Unit},
};

/// Part by which a rate must be higher to count as worse, beyond its interval.
const WORSE: f64 = 0.05;

/// What a finding is to the known-good build.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// It does not have it.
    New,
    /// It has less of it.
    Worse,
    /// It has it, too.
    Same,
}

/// A run beside the known-good one.
pub(crate) struct Differential {
    /// Findings that count, with what they are to the good build.
    pub(crate) findings: Vec<(News, Finding)>,
    /// Findings of the good build that this one does not have.
    pub(crate) gone: Vec<Finding>,
    /// Why nothing can be called clean.
    pub(crate) doubts: Vec<String>,
}

/// Compares a run with that of a good build.
pub(crate) fn compare(good: &Report, report: Report) -> Differential {
    let counts = |finding: &&Finding| finding.severity > Severity::Note;
    let find = |finding: &Finding, of: &[Finding]| {
        of.iter().find(|other| other.fingerprint == finding.fingerprint).cloned()
    };
    let news = |finding: &Finding| match find(finding, &good.findings).filter(|one| counts(&one)) {
        None => News::New,
        Some(known) if is_worse(finding, &known) => News::Worse,
        Some(_) => News::Same,
    };
    let gone = good.findings.iter().filter(counts);
    let gone = gone.filter(|finding| find(finding, &report.findings).is_none()).cloned().collect();
    let doubts = doubts("the good build", good).chain(doubts("this build", &report)).collect();
    let findings = report.findings.into_iter().filter(|finding| counts(&finding));
    let findings = findings.map(|finding| (news(&finding), finding)).collect();
    Differential { findings, gone, doubts }
}

impl Differential {
    /// How it ends: as a run would in which only what is new or worse was found.
    pub(crate) fn conclusion(&self) -> Conclusion {
        let news = self.findings.iter().filter(|(news, _)| *news != News::Same);
        let weights: Vec<_> = news.map(|(_, finding)| FindingWeight::from(finding)).collect();
        conclude(&weights, self.doubts.is_empty())
    }

    /// How many are of this kind.
    pub(crate) fn count(&self, news: News) -> u64 {
        self.findings.iter().filter(|(one, _)| *one == news).count() as u64
    }
}

fn doubts<'r>(of: &'r str, report: &'r Report) -> impl Iterator<Item = String> + 'r {
    report.doubts.iter().map(move |doubt| format!("{of}: {doubt}"))
}

/// Whether it was only possible and is certain now, or grows faster.
fn is_worse(finding: &Finding, known: &Finding) -> bool {
    let faster = match (growth(finding), growth(known)) {
        (Some(now), Some(before)) => {
            let low = now.interval.map_or(now.value, |(low, _)| low);
            let high = before.interval.map_or(before.value, |(_, high)| high);
            low > high + WORSE * high.abs()
        }
        _ => false,
    };
    finding.severity > known.severity || faster
}

/// What a finding gains per iteration: bytes where it tells them, else objects.
fn growth(finding: &Finding) -> Option<&Figure> {
    let of = |unit| finding.figures.iter().find(|figure| figure.unit == unit);
    of(Unit::BytesPerIteration).or_else(|| of(Unit::ObjectsPerIteration))
}
