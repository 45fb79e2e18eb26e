//! TAs whose regions or mapped bytes grow.

use std::collections::BTreeMap;

use super::{GrowthOptions, ta_growth::TaGrowth, words};
use crate::{
    growth::{
        Estimate, Judgement,
        collect::{self, InstanceSeries, RunTimeline},
    },
    model::{Evidence, Figure, FigureKind, Finding, FindingKind, Region, Unit, Verdict},
    text,
};

/// Maximum number of listed addresses per region size; the rest is counted.
const LISTED: usize = 8;

pub(super) fn findings(timeline: &RunTimeline<'_>, options: GrowthOptions) -> Vec<Finding> {
    let mut findings = Vec::new();
    for instance in collect::regions(timeline) {
        let by_count = timeline.judge(&instance.regions);
        if words::is_reportable(&by_count, &instance.regions, options.notes) {
            findings.extend(finding(&instance, &by_count, timeline, true));
            continue;
        }
        // Regions may grow in size while their number is constant.
        let by_bytes = timeline.judge(&instance.bytes);
        if words::is_reportable(&by_bytes, &instance.bytes, options.notes) {
            findings.extend(finding(&instance, &by_bytes, timeline, false));
        }
    }
    findings
}

fn finding(
    instance: &InstanceSeries,
    judgement: &Judgement,
    timeline: &RunTimeline<'_>,
    counts: bool,
) -> Option<Finding> {
    let (series, thing, unit) = if counts {
        (&instance.regions, "region", Unit::ObjectsPerIteration)
    } else {
        (&instance.bytes, "byte", Unit::BytesPerIteration)
    };
    let growth = TaGrowth {
        kind: FindingKind::RegionGrowth,
        uuid: instance.uuid,
        judgement,
        series,
        first: instance.from,
        thing,
        unit,
        idle: ("region", instance.idle),
        title: title(instance, judgement, counts),
        figures: figures(instance, judgement, counts),
        lists: region_lists(&instance.stayed),
        advice: format!("look for map calls to TA {} without a successful unmap", instance.uuid),
    };
    growth.finding(timeline)
}

/// Bytes per iteration: the rate of bytes, or that of regions times their mean size.
fn bytes(instance: &InstanceSeries, judgement: &Judgement, counts: bool) -> Option<Estimate> {
    let rate = judgement.rate?;
    if !counts {
        return Some(rate);
    }
    let gain = instance.regions.gain();
    let mean_size = if gain > 0.0 { instance.bytes.gain() / gain } else { return None };
    Some(rate.scale(mean_size))
}

fn title(instance: &InstanceSeries, judgement: &Judgement, counts: bool) -> String {
    let uuid = instance.uuid;
    let n = text::count(judgement.support.into(), "iteration");
    let regions = text::amount(instance.regions.gain(), "region");
    let byte_text = text::amount(instance.bytes.gain(), "byte");
    match (judgement.verdict, judgement.rate, bytes(instance, judgement, counts)) {
        (Verdict::Leak, Some(rate), bytes) if counts => {
            let bytes = bytes.map_or_else(String::new, |bytes| {
                format!(" ({})", text::amount(bytes.value, "byte"))
            });
            let regions = text::amount(rate.value, "region");
            format!("TA {uuid} keeps {regions}{bytes} more mapped after each iteration")
        }
        (Verdict::Leak, Some(rate), _) => {
            let bytes = text::amount(rate.value, "byte");
            format!("TA {uuid} keeps {bytes} more mapped after each iteration")
        }
        (Verdict::WarmUp, ..) => {
            format!("TA {uuid} mapped {regions}, {byte_text}, in the first of {n}")
        }
        (Verdict::Step, ..) => format!("TA {uuid} mapped {regions}, {byte_text}, once"),
        _ => format!("TA {uuid} has {regions}, {byte_text}, more after {n}: inconclusive"),
    }
}

fn figures(instance: &InstanceSeries, judgement: &Judgement, counts: bool) -> Vec<Figure> {
    let mut figures = Vec::new();
    if let Some(rate) = judgement.rate.filter(|_| counts) {
        figures.push(words::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration));
    }
    if let Some(bytes) = bytes(instance, judgement, counts) {
        figures.push(words::figure(FigureKind::Growth, bytes, Unit::BytesPerIteration));
    }
    figures.push(words::plain(FigureKind::Gained, instance.regions.gain(), Unit::Objects));
    figures.push(words::plain(FigureKind::Gained, instance.bytes.gain(), Unit::Bytes));
    figures
}

/// The remaining regions by size, most numerous first.
fn region_lists(regions: &[Region]) -> Vec<Evidence> {
    let mut by_size: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for region in regions {
        by_size.entry(region.size).or_default().push(region.va);
    }
    let mut sizes: Vec<_> = by_size.into_iter().collect();
    sizes.sort_by_key(|(_, addresses)| std::cmp::Reverse(addresses.len()));
    sizes.iter().map(|(size, addresses)| Evidence::Text(list(*size, addresses).into())).collect()
}

fn list(size: u64, addresses: &[u64]) -> String {
    let regions = text::amount(addresses.len() as f64, "region");
    let mut text = format!("{regions} of {} bytes remain mapped, va", text::number(size));
    for (n, va) in addresses.iter().take(LISTED).enumerate() {
        let comma = if n == 0 { "" } else { "," };
        text.push_str(&format!("{comma} {va:#010x}"));
    }
    if let Some(rest) = addresses.len().checked_sub(LISTED).filter(|rest| *rest > 0) {
        text.push_str(&format!(" and {} more", text::number(rest as u64)));
    }
    text
}
