//! TA instances that are never destroyed.

use super::{GrowthOptions, words};
use crate::{
    fingerprint::fingerprint,
    growth::{
        Judgement,
        collect::{self, InstanceCountSeries, RunTimeline},
    },
    model::{Evidence, Figure, FigureKind, Finding, FindingKind, Severity, Subject, Unit, Verdict},
    text,
};

pub(super) fn findings(timeline: &RunTimeline<'_>, options: GrowthOptions) -> Vec<Finding> {
    let findings = collect::instance_counts(timeline).into_iter().filter_map(|counted| {
        let judgement = timeline.judge(&counted.instances);
        let is_reportable = words::is_reportable(&judgement, &counted.instances, options.notes);
        is_reportable.then(|| finding(&counted, &judgement, timeline)).flatten()
    });
    findings.collect()
}

fn finding(
    counted: &InstanceCountSeries,
    judgement: &Judgement,
    timeline: &RunTimeline<'_>,
) -> Option<Finding> {
    let severity = words::severity(judgement.verdict)?;
    let subject = Subject::Ta(counted.uuid);
    Some(Finding {
        kind: FindingKind::InstanceGrowth,
        severity,
        verdict: Some(judgement.verdict),
        title: title(counted, judgement).into(),
        headline: None,
        figures: figures(counted, judgement),
        evidence: evidence(counted, judgement, timeline),
        fingerprint: fingerprint(FindingKind::InstanceGrowth, &subject, &[]),
        subject,
        cause: None,
        blame: None,
        next_step: next_step(counted, severity).into(),
    })
}

/// Bytes that the instances of one iteration map.
fn bytes_per_iteration(counted: &InstanceCountSeries, judgement: &Judgement) -> Option<f64> {
    let (gain, rate) = (counted.instances.gain(), judgement.rate?);
    let bytes = counted.bytes.gain();
    (gain > 0.0 && bytes > 0.0).then(|| bytes / gain * rate.value)
}

fn title(counted: &InstanceCountSeries, judgement: &Judgement) -> String {
    let uuid = counted.uuid;
    let gain = text::amount(counted.instances.gain(), "instance");
    let n = text::count(judgement.support.into(), "iteration");
    match (judgement.verdict, judgement.rate) {
        (Verdict::Leak, Some(rate)) => {
            let rate = text::amount(rate.value, "instance");
            let is = if rate.starts_with("1 ") { "is" } else { "are" };
            let bytes = bytes_per_iteration(counted, judgement).map_or(String::new(), |bytes| {
                format!(" ({} of TA memory)", text::amount(bytes, "byte"))
            });
            format!("{rate} of TA {uuid} per iteration {is} never destroyed{bytes}")
        }
        (Verdict::WarmUp, _) => format!("{gain} of TA {uuid}, created in the first of {n}, stay"),
        (Verdict::Step, _) => format!("{gain} of TA {uuid}, created once, stay"),
        _ => format!("{gain} more of TA {uuid} after {n}: inconclusive"),
    }
}

fn figures(counted: &InstanceCountSeries, judgement: &Judgement) -> Vec<Figure> {
    let rate = judgement.rate;
    let rate = rate.map(|rate| words::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration));
    let bytes = bytes_per_iteration(counted, judgement)
        .map(|bytes| words::plain(FigureKind::Growth, bytes, Unit::BytesPerIteration));
    let mut figures: Vec<_> = rate.into_iter().chain(bytes).collect();
    figures.push(words::plain(FigureKind::Gained, counted.instances.gain(), Unit::Objects));
    figures.push(words::plain(FigureKind::Gained, counted.bytes.gain(), Unit::Bytes));
    figures.extend(words::judgement_figures(judgement, counted.idle));
    figures
}

fn evidence(
    counted: &InstanceCountSeries,
    judgement: &Judgement,
    timeline: &RunTimeline<'_>,
) -> Vec<Evidence> {
    let reason = words::reason(judgement, &counted.instances, "instance");
    let mut evidence = vec![Evidence::Text(reason.into())];
    if timeline.run {
        let idle = words::idle(timeline.idle.len(), counted.idle, "instance");
        evidence.push(Evidence::Text(idle.into()));
    }
    evidence.extend(words::series_evidence(&counted.instances, |at| timeline.iteration(at)));
    evidence
}

fn next_step(counted: &InstanceCountSeries, severity: Severity) -> String {
    match severity {
        Severity::Note => "no action needed unless later runs show it again".to_owned(),
        Severity::Possible => "run more iterations for a verdict".to_owned(),
        Severity::Failure => format!(
            "look for what keeps instances of TA {}: an open session, or a reference in the TEE core",
            counted.uuid
        ),
    }
}
