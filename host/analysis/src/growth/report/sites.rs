//! Allocation sites that grow.

use std::sync::Arc;

use super::{
    GrowthOptions,
    group::{JudgedSite, group},
    words,
};
use crate::{
    fingerprint::fingerprint,
    growth::{
        Estimate,
        collect::{self, OwnerKey, RunTimeline, SiteKey},
    },
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, Sample, Severity, Subject, Unit,
        Verdict,
    },
    text,
};

pub(super) fn findings(
    timeline: &RunTimeline<'_>,
    samples: &[Sample],
    options: GrowthOptions,
) -> Vec<Finding> {
    let judged_sites = collect::sites(timeline, samples).into_iter().map(|site| {
        let judgement = timeline.judge(&site.objects);
        JudgedSite { site, judgement }
    });
    let reportable_sites = judged_sites
        .filter(|said| words::is_reportable(&said.judgement, &said.site.objects, options.notes));
    group(reportable_sites.collect()).iter().filter_map(|group| finding(group, timeline)).collect()
}

fn finding(group: &[JudgedSite], timeline: &RunTimeline<'_>) -> Option<Finding> {
    let (first, others) = group.split_first()?;
    let verdict = first.judgement.verdict;
    let subject = subject(&first.site.key);
    Some(Finding {
        kind: FindingKind::SiteGrowth,
        severity: words::severity(verdict)?,
        verdict: Some(verdict),
        title: title(first, group).into(),
        figures: figures(first, group),
        evidence: evidence(first, others, timeline),
        fingerprint: fingerprint(FindingKind::SiteGrowth, &subject, &[]),
        subject,
        cause: None,
        next_step: next_step(&first.site.key, words::severity(verdict)?).into(),
    })
}

pub(super) fn subject(key: &SiteKey) -> Subject {
    Subject::Site {
        file: key.file.clone(),
        line: key.line,
        size: key.size,
        heap: key.owner.heap(),
        owner: key.owner.uuid(),
        caller: key.caller.map(|offset| Arc::from(format!("core+{offset:#x}"))),
    }
}

/// The owner in words: "for TA 37eb0e02-...".
fn owner(owner: OwnerKey) -> String {
    match owner {
        OwnerKey::Ta(uuid) => format!("for TA {uuid}"),
        OwnerKey::Heap(ta) => format!("in the heap of {ta}"),
        OwnerKey::Core => "for the TEE core itself".to_owned(),
        OwnerKey::Number(number) => format!("for owner {number}"),
        OwnerKey::Unknown => "in the core heap".to_owned(),
    }
}

fn title(first: &JudgedSite, group: &[JudgedSite]) -> String {
    let key = &first.site.key;
    let suffix = match group.len() - 1 {
        0 => String::new(),
        n => format!(" and {}", text::count(n as u64, "more site")),
    };
    let site_text = format!("{}:{} ({} bytes){suffix}", key.file, key.line, text::number(key.size));
    let owner = owner(key.owner);
    let bytes: f64 = group.iter().map(JudgedSite::bytes).sum();
    let gain: f64 = group.iter().map(|judged| judged.site.objects.gain()).sum();
    let amount = text::amount(bytes, "byte");
    let n = text::count(first.judgement.support.into(), "iteration");
    match first.judgement.verdict {
        Verdict::Leak => format!("{amount} per iteration stay allocated {owner}: {site_text}"),
        Verdict::WarmUp => format!(
            "{} allocated in the first of {n} and kept {owner}: {site_text}",
            text::amount(gain, "object")
        ),
        Verdict::Step => {
            format!("{} allocated once and kept {owner}: {site_text}", text::amount(gain, "object"))
        }
        _ => {
            format!(
                "{} more after {n} {owner}, inconclusive: {site_text}",
                text::amount(gain, "object")
            )
        }
    }
}

fn figures(first: &JudgedSite, group: &[JudgedSite]) -> Vec<Figure> {
    let mut figures = Vec::new();
    if group.iter().all(|judged| judged.judgement.rate.is_some()) {
        let objects = group.iter().map(|judged| scale_rate(judged, 1.0));
        let bytes = group.iter().map(|judged| scale_rate(judged, judged.site.key.size as f64));
        figures.push(words::figure(FigureKind::Growth, sum(objects), Unit::ObjectsPerIteration));
        figures.push(words::figure(FigureKind::Growth, sum(bytes), Unit::BytesPerIteration));
    }
    let total_gain = |by: fn(&JudgedSite) -> f64| {
        group.iter().map(|judged| judged.site.objects.gain() * by(judged)).sum()
    };
    figures.push(words::plain(FigureKind::Gained, total_gain(|_| 1.0), Unit::Objects));
    figures.push(words::plain(
        FigureKind::Gained,
        total_gain(|site| site.site.key.size as f64),
        Unit::Bytes,
    ));
    figures.extend(words::judgement_figures(&first.judgement, first.site.idle));
    figures
}

fn scale_rate(judged: &JudgedSite, by: f64) -> Estimate {
    judged.judgement.rate.unwrap_or(Estimate::exact(0.0)).scale(by)
}

/// Sites of a group rise and fall together, so the bounds of their intervals add up.
fn sum(rates: impl Iterator<Item = Estimate>) -> Estimate {
    rates.fold(Estimate::exact(0.0), |sum, rate| Estimate {
        value: sum.value + rate.value,
        low: sum.low + rate.low,
        high: sum.high + rate.high,
    })
}

fn evidence(
    first: &JudgedSite,
    others: &[JudgedSite],
    timeline: &RunTimeline<'_>,
) -> Vec<Evidence> {
    let objects = &first.site.objects;
    let reason = words::reason(&first.judgement, objects, "object");
    let idle = words::idle(timeline.idle.len(), first.site.idle, "object");
    let mut evidence = vec![Evidence::Text(reason.into())];
    if timeline.run {
        evidence.push(Evidence::Text(idle.into()));
    }
    evidence.extend(words::series_evidence(objects, |at| timeline.iteration(at)));
    if let OwnerKey::Ta(server) = first.site.key.server {
        evidence
            .push(Evidence::Text(format!("allocated while PTA {server} served the owner").into()));
    }
    evidence.extend(others.iter().map(|other| {
        let mut figures = Vec::new();
        if other.judgement.rate.is_some() {
            let size = other.site.key.size as f64;
            let (objects, bytes) = (scale_rate(other, 1.0), scale_rate(other, size));
            figures.push(words::figure(FigureKind::Growth, objects, Unit::ObjectsPerIteration));
            figures.push(words::figure(FigureKind::Growth, bytes, Unit::BytesPerIteration));
        }
        figures.push(words::plain(FigureKind::Gained, other.site.objects.gain(), Unit::Objects));
        Evidence::Member(subject(&other.site.key), figures)
    }));
    evidence
}

fn next_step(key: &SiteKey, severity: Severity) -> String {
    let place = format!("{}:{}", key.file, key.line);
    match (severity, key.owner) {
        (Severity::Note, _) => "no action needed unless later runs show it again".to_owned(),
        (Severity::Possible, _) => "run more iterations for a verdict".to_owned(),
        (Severity::Failure, OwnerKey::Ta(uuid)) => format!(
            "look for what TA {uuid} or its client acquires through {place} once per iteration and \
             does not release"
        ),
        (Severity::Failure, OwnerKey::Heap(ta)) => {
            format!(
                "look for the missing TEE_Free of {place} in {ta}; a larger TA_DATA_SIZE only delays the failure"
            )
        }
        (Severity::Failure, _) => {
            format!("look for the missing release of the allocation at {place}")
        }
    }
}
