//! Allocation sites that grow.

use super::{
    GrowthOptions,
    group::{JudgedSite, group},
    words,
};
use crate::{
    fingerprint::{self, fingerprint},
    growth::{
        Estimate,
        collect::{self, OwnerKey, RunTimeline, SiteKey},
        wanted,
    },
    model::{
        CoreFunctions, Evidence, Figure, FigureKind, Finding, FindingKind, Function, Observation,
        Severity, Subject, Unit, Verdict,
    },
    text,
};

pub(super) fn findings(
    timeline: &RunTimeline<'_>,
    observation: &Observation,
    options: GrowthOptions,
) -> Vec<Finding> {
    let functions = &observation.core_functions;
    let series = collect::sites(timeline, &observation.samples, functions);
    let judged_sites = series.into_iter().map(|site| {
        let judgement = timeline.judge(&site.objects);
        JudgedSite { site, judgement }
    });
    let reportable_sites = judged_sites
        .filter(|said| words::is_reportable(&said.judgement, &said.site.objects, options.notes));
    let groups = group(reportable_sites.collect());
    groups.iter().filter_map(|group| finding(group, timeline, functions)).collect()
}

fn finding(
    group: &[JudgedSite],
    timeline: &RunTimeline<'_>,
    functions: &CoreFunctions,
) -> Option<Finding> {
    let (first, others) = group.split_first()?;
    let verdict = first.judgement.verdict;
    let subject = subject(&first.site.key, functions);
    let severity = words::severity(verdict)?;
    let wanter = wanter(group, functions);
    let detail: Vec<_> = wanter.iter().map(|function| &*function.name).collect();
    Some(Finding {
        kind: FindingKind::SiteGrowth,
        severity,
        verdict: Some(verdict),
        title: (title(first, group) + &wanted_by(wanter)).into(),
        headline: None,
        figures: figures(first, group),
        evidence: evidence(first, others, timeline, functions),
        fingerprint: fingerprint(FindingKind::SiteGrowth, &subject, &detail),
        subject,
        cause: None,
        blame: None,
        next_step: (next_step(&first.site.key, severity) + symbols_hint(first, wanter, severity))
            .into(),
    })
}

/// The function that wanted the allocations of most bytes, by its name in the symbols.
fn wanter<'f>(group: &[JudgedSite], functions: &'f CoreFunctions) -> Option<&'f Function> {
    group.iter().find_map(|judged| wanted::function(judged.site.stack.as_ref()?, functions))
}

/// `, wanted by system_map_zi (core/pta/system.c:154)`.
fn wanted_by(wanter: Option<&Function>) -> String {
    let Some(Function { name, at }) = wanter else { return String::new() };
    match at {
        Some((file, line)) => format!(", wanted by {name} ({}:{line})", fingerprint::source(file)),
        None => format!(", wanted by {name}"),
    }
}

/// How to have the levels of the call stack named.
fn symbols_hint(first: &JudgedSite, wanter: Option<&Function>, severity: Severity) -> &'static str {
    match (&first.site.stack, wanter) {
        (Some(_), None) if severity > Severity::Note => {
            "; the call stack gets names with `teeleak report --tee tee.elf` and the capture of the run (-o)"
        }
        _ => "",
    }
}

pub(super) fn subject(key: &SiteKey, functions: &CoreFunctions) -> Subject {
    Subject::Site {
        file: key.file.clone(),
        line: key.line,
        size: key.size,
        heap: key.owner.heap(),
        owner: key.owner.uuid(),
        caller: key.caller.map(|address| functions.label(address)),
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
    figures.extend(words::excluded(excluded(group, |_| 1.0), Unit::ObjectsPerIteration));
    let size = |judged: &JudgedSite| judged.site.key.size as f64;
    figures.extend(words::excluded(excluded(group, size), Unit::BytesPerIteration));
    figures
}

/// Growth that is excluded of all sites of a group together: what is excluded of each of them adds up.
fn excluded(group: &[JudgedSite], each: impl Fn(&JudgedSite) -> f64) -> Option<f64> {
    let growth = group.iter().map(|judged| Some(judged.judgement.excluded? * each(judged)));
    growth.sum()
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
    functions: &CoreFunctions,
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
    evidence.extend(
        first.site.stack.as_ref().map(|stack| Evidence::CallStack(functions.frames(stack))),
    );
    evidence.extend(others.iter().map(|other| {
        let mut figures = Vec::new();
        if other.judgement.rate.is_some() {
            let size = other.site.key.size as f64;
            let (objects, bytes) = (scale_rate(other, 1.0), scale_rate(other, size));
            figures.push(words::figure(FigureKind::Growth, objects, Unit::ObjectsPerIteration));
            figures.push(words::figure(FigureKind::Growth, bytes, Unit::BytesPerIteration));
        }
        figures.push(words::plain(FigureKind::Gained, other.site.objects.gain(), Unit::Objects));
        Evidence::Member(subject(&other.site.key, functions), figures)
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
