//! What findings about sessions, regions and instances of a TA share.

use teeleak_proto::Uuid;

use super::words;
use crate::{
    fingerprint::fingerprint,
    growth::{Judgement, Series, collect::RunTimeline},
    model::{Evidence, Figure, Finding, FindingKind, Severity, Subject, Unit},
};

/// Growth of what a TA holds.
pub(super) struct TaGrowth<'s> {
    pub(super) kind: FindingKind,
    pub(super) uuid: Uuid,
    pub(super) judgement: &'s Judgement,
    /// The series that was judged.
    pub(super) series: &'s Series,
    /// The place of its first value in the run.
    pub(super) first: usize,
    /// What the series counts.
    pub(super) thing: &'static str,
    /// The unit of its growth.
    pub(super) unit: Unit,
    /// What idle iterations leave behind, and how much of it each.
    pub(super) idle: (&'static str, f64),
    pub(super) title: String,
    /// Growth and gain.
    pub(super) figures: Vec<Figure>,
    /// What stayed, one by one.
    pub(super) lists: Vec<Evidence>,
    /// What to look for if it leaks.
    pub(super) advice: String,
}

impl TaGrowth<'_> {
    /// The finding; `None` if the verdict is not worth one.
    pub(super) fn finding(self, timeline: &RunTimeline<'_>) -> Option<Finding> {
        let severity = words::severity(self.judgement.verdict)?;
        let subject = Subject::Ta(self.uuid);
        let evidence = self.evidence(timeline);
        let mut figures = self.figures;
        figures.extend(words::judgement_figures(self.judgement, self.idle.1));
        figures.extend(words::excluded(self.judgement.excluded, self.unit));
        Some(Finding {
            kind: self.kind,
            severity,
            verdict: Some(self.judgement.verdict),
            title: self.title.into(),
            headline: None,
            figures,
            evidence,
            fingerprint: fingerprint(self.kind, &subject, &[]),
            subject,
            cause: None,
            blame: None,
            next_step: next_step(severity, self.advice).into(),
        })
    }

    fn evidence(&self, timeline: &RunTimeline<'_>) -> Vec<Evidence> {
        let reason = words::reason(self.judgement, self.series, self.thing);
        let mut evidence = vec![Evidence::Text(reason.into())];
        if timeline.run {
            let (thing, idle) = self.idle;
            let idle = words::idle(timeline.idle.len(), idle, thing);
            evidence.push(Evidence::Text(idle.into()));
        }
        let label = |at| timeline.iteration(self.first + at);
        evidence.extend(words::series_evidence(self.series, label));
        evidence.extend(self.lists.iter().cloned());
        evidence
    }
}

fn next_step(severity: Severity, advice: String) -> String {
    match severity {
        Severity::Note => "no action needed unless later runs show it again".to_owned(),
        Severity::Possible => "run more iterations for a verdict".to_owned(),
        Severity::Failure => advice,
    }
}
