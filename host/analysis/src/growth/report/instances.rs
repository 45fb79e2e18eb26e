//! TA instances that are never destroyed.

use super::{GrowthOptions, ta_growth::TaGrowth, words};
use crate::{
    growth::{
        Judgement,
        collect::{self, InstanceCountSeries, RunTimeline},
    },
    model::{Figure, FigureKind, Finding, FindingKind, Unit, Verdict},
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
    let growth = TaGrowth {
        kind: FindingKind::InstanceGrowth,
        uuid: counted.uuid,
        judgement,
        series: &counted.instances,
        first: 0,
        thing: "instance",
        unit: Unit::ObjectsPerIteration,
        idle: ("instance", counted.idle),
        title: title(counted, judgement),
        figures: figures(counted, judgement),
        lists: Vec::new(),
        advice: format!(
            "look for what keeps instances of TA {}: an open session, or a reference in the TEE core",
            counted.uuid
        ),
    };
    growth.finding(timeline)
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
    figures
}
