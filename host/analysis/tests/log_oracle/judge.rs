//! What a reading of a log is worth, compared with the truth.

use teeleak_analysis::{
    audit::Conclusion,
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, Incident, IncidentKind, PoolKind,
        Severity, Subject, Unit,
    },
};

use crate::{
    reading::Reading,
    render::Log,
    story::{Census, Fact, SiteName, Story},
};

/// What is wrong with a reading; empty if nothing is.
#[derive(Clone, Default, Debug)]
pub(crate) struct Verdict {
    /// What should have been found.
    pub(crate) missed: Vec<String>,
    /// What was found and isn't there.
    pub(crate) invented: Vec<String>,
    /// Values that are not true.
    pub(crate) wrong: Vec<String>,
    /// What must never be: `clean` beside a fault, lines that don't add up or are rejected undamaged.
    pub(crate) broken: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_found(&self) -> bool {
        let parts = [&self.missed, &self.invented, &self.wrong, &self.broken];
        parts.iter().all(|part| part.is_empty())
    }

    /// Whether something was said that is not so; what was missed is no untruth.
    pub(crate) fn is_untrue(&self) -> bool {
        ![&self.invented, &self.wrong, &self.broken].iter().all(|part| part.is_empty())
    }
}

/// Compares the reading of a log, damaged so many times, with its story.
pub(crate) fn judge(reading: &Reading, story: &Story, (log, harms): (&Log, usize)) -> Verdict {
    let mut verdict = Verdict::default();
    accounting(reading, log, &mut verdict);
    conclusion(reading, story, harms, &mut verdict);
    findings(reading, story, harms, &mut verdict);
    incidents(reading, story, &mut verdict);
    if harms == 0 {
        dumps(reading, story, &mut verdict);
    }
    verdict
}

/// Each line is counted once, and none is rejected that is as it was printed.
fn accounting(reading: &Reading, log: &Log, verdict: &mut Verdict) {
    let lines = reading.observation.accounting;
    if lines.read != log.len() as u64 || lines.read != lines.parsed + lines.ignored + lines.rejected
    {
        verdict.broken.push(format!("{} lines, counted as {lines:?}", log.len()));
    }
    for line in
        reading.rejected.iter().filter(|line| !log.get(**line).is_some_and(|line| line.is_hurt))
    {
        verdict.broken.push(format!("line {} is rejected and undamaged", line + 1));
    }
}

/// Damage may leave a question open, but never turns the answer around.
fn conclusion(reading: &Reading, story: &Story, harms: usize, verdict: &mut Verdict) {
    let (found, truth) = (reading.report.conclusion, &story.truth);
    if truth.is_guilty && found == Conclusion::Clean {
        verdict.broken.push("clean".to_owned());
    }
    let is_open = harms > 0 && !truth.is_guilty && found == Conclusion::Inconclusive;
    if !truth.conclusions.contains(&found) && !is_open {
        verdict.missed.push(format!("{found:?} for {:?}", truth.conclusions));
    }
}

fn findings(reading: &Reading, story: &Story, harms: usize, verdict: &mut Verdict) {
    let truth = &story.truth;
    for must in &truth.musts {
        // A release that was missed once is a remark.
        let is_remark = matches!(must, Fact::Unreleased(..));
        let heard = if is_remark { &*reading.report.findings } else { reading.report.counted() };
        let is_said = heard.iter().any(|finding| claims(finding).any(|claim| claim.is(must)));
        let is_recorded = matches!(must, Fact::Incident(..))
            || matches!(must, Fact::OutOfMemory)
                && reading.observation.incidents.iter().any(is_out_of_memory);
        if !is_said && !is_recorded {
            verdict.missed.push(format!("{must:?}"));
        }
    }
    // Damage may raise a question, which is no accusation.
    let least = if harms == 0 { Severity::Possible } else { Severity::Failure };
    for finding in reading.report.counted() {
        for claim in claims(finding) {
            let facts = truth.musts.iter().chain(&truth.mays);
            let mut facts = facts.filter(|fact| claim.is(fact)).peekable();
            if facts.peek().is_none() && finding.severity >= least {
                verdict.invented.push(finding.title.to_string());
            }
            let wrong = facts.filter_map(|fact| claim.wrong_value(fact, harms));
            verdict.wrong.extend(wrong.map(|value| format!("{value}: {}", finding.title)));
        }
    }
}

fn is_out_of_memory(incident: &Incident) -> bool {
    !matches!(
        incident.kind,
        IncidentKind::CorePanic
            | IncidentKind::TaPanic { .. }
            | IncidentKind::Abort { .. }
            | IncidentKind::RuleBroken
    )
}

fn incidents(reading: &Reading, story: &Story, verdict: &mut Verdict) {
    let recorded = |kind: &IncidentKind| {
        reading.observation.incidents.iter().filter(|incident| incident.kind == *kind).count()
    };
    for fact in &story.truth.musts {
        let Fact::Incident(kind, times) = fact else { continue };
        let found = recorded(kind);
        if found != *times {
            verdict.missed.push(format!("{kind:?} {found} times for {times}"));
        }
    }
}

/// Undamaged dumps are read record by record.
fn dumps(reading: &Reading, story: &Story, verdict: &mut Verdict) {
    let read = reading.observation.samples.iter().filter_map(|sample| sample.sites.value());
    let read: Vec<Vec<_>> = read
        .map(|sites| {
            let mut sites: Vec<_> = sites
                .iter()
                .map(|site| (format!("{}:{}", site.file, site.line), site.size, site.count))
                .collect();
            sites.sort();
            sites
        })
        .collect();
    let true_sites = |census: &Census| -> Vec<_> {
        census.iter().map(|(site, n)| (site.place.to_owned(), site.size, *n)).collect()
    };
    let truth: Vec<_> = story.dumps().map(true_sites).collect();
    if !truth.is_empty() && read != truth {
        verdict.wrong.push(format!(
            "{} dumps read for {}, or other sites",
            read.len(),
            truth.len()
        ));
    }
}

/// A finding, or a site that grows with it: something that is said of a subject.
struct Claim<'f> {
    kind: FindingKind,
    subject: &'f Subject,
    figures: &'f [Figure],
    finding: &'f Finding,
    /// Whether the figures are those of this subject alone.
    alone: bool,
}

/// All that a finding says.
fn claims(finding: &Finding) -> impl Iterator<Item = Claim<'_>> {
    let members = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Member(subject, figures) => Some((subject, &**figures)),
        _ => None,
    });
    let alone = members.clone().next().is_none();
    let first = (&finding.subject, &*finding.figures, alone);
    let all = [first].into_iter().chain(members.map(|(subject, figures)| (subject, figures, true)));
    all.map(|(subject, figures, alone)| Claim {
        kind: finding.kind,
        subject,
        figures,
        finding,
        alone,
    })
}

impl Claim<'_> {
    /// Whether it is about the same thing as a fact.
    fn is(&self, fact: &Fact) -> bool {
        match (fact, self.kind, self.subject) {
            (
                Fact::Site(site, _),
                FindingKind::SiteGrowth,
                Subject::Site { file, line, size, .. },
            ) => is_site(*site, file, *line, *size),
            (Fact::Regions(ta, _), FindingKind::RegionGrowth, Subject::Ta(uuid)) => {
                uuid.to_string() == *ta
            }
            (Fact::Sessions(ta, _), FindingKind::Unpaired | FindingKind::SessionGrowth, _) => {
                self.names(ta)
            }
            (Fact::Order(rule, _), FindingKind::Order, _) => {
                self.finding.fingerprint.0.split(':').any(|part| part == *rule)
            }
            (
                Fact::Unreleased(name, _),
                FindingKind::Unpaired,
                Subject::Resource { protocol, resource },
            ) => &**protocol == "secure-video" && **resource == **name,
            (
                Fact::PoolGrowth(pool, _) | Fact::PoolShortage(pool),
                FindingKind::PoolGrowth,
                Subject::Pool(subject),
            ) => subject == pool,
            // Whatever kind it is of: it is about no object and no step.
            (Fact::OutOfMemory, kind, _) => {
                !kind.info().per_object
                    && !matches!(kind, FindingKind::Unpaired | FindingKind::Order)
            }
            // However its kind and subject are called: it is about this TA, and not about the core's heap.
            (Fact::TaHeap(ta, _), ..) => {
                self.names(ta) && *self.subject != Subject::Pool(PoolKind::CoreHeap)
            }
            _ => false,
        }
    }

    /// Whether the finding names the TA.
    fn names(&self, ta: &str) -> bool {
        format!("{:?} {}", self.subject, self.finding.title).contains(ta)
    }

    /// The figure that contradicts the fact, in words.
    fn wrong_value(&self, fact: &Fact, harms: usize) -> Option<String> {
        let (kind, unit, truth) = match fact {
            Fact::Site(_, rate) | Fact::Regions(_, rate) => {
                (FigureKind::Growth, Unit::ObjectsPerIteration, *rate)
            }
            Fact::PoolGrowth(_, rate) | Fact::TaHeap(_, rate) => {
                (FigureKind::Growth, Unit::BytesPerIteration, *rate)
            }
            Fact::Sessions(_, count) | Fact::Unreleased(_, count) => {
                (FigureKind::Count, Unit::Objects, *count as f64)
            }
            Fact::Order(_, count) => (FigureKind::Count, Unit::Calls, *count as f64),
            Fact::PoolShortage(_) | Fact::OutOfMemory | Fact::Incident(..) => return None,
        };
        let stated =
            self.figures.iter().find(|figure| (figure.kind, figure.unit) == (kind, unit))?;
        let is_true = !self.alone || agrees(stated, truth, harms);
        (!is_true).then(|| format!("{} {} for {truth}", stated.name(), stated.value))
    }
}

/// Exact without damage; with it, as far as each damaged line may have changed a count by one.
fn agrees(figure: &Figure, truth: f64, harms: usize) -> bool {
    let slack = match figure.kind {
        _ if harms == 0 => 0.0,
        FigureKind::Growth => truth * 0.1,
        _ => harms as f64,
    };
    let (low, high) = figure.interval.unwrap_or((figure.value, figure.value));
    let is_near = (figure.value - truth).abs() <= slack + 1e-6;
    is_near || harms > 0 && (low - 1e-6..=high + 1e-6).contains(&truth)
}

fn is_site(site: SiteName, file: &str, line: u32, size: u64) -> bool {
    site.size == size && site.place == format!("{file}:{line}")
}
