//! Sites that grow while the workload does not run: calls of any client leave something behind, so it
//! is no fault of the workload. What a workload adds on top of that is judged without it.

use super::sites::subject;
use crate::{
    fingerprint::fingerprint,
    growth::{
        Judgement, Series,
        collect::{self, RunTimeline, SiteSeries},
    },
    model::{
        Completeness, CoreFunctions, Evidence, Figure, FigureKind, Finding, FindingKind,
        Observation, Sample, Severity, Site, Unit, Verdict,
    },
    text,
};

use super::words;

/// Most findings.
const MOST: usize = 10;

/// Idle iterations that show growth; the first of several does one-time work.
const IDLE_MIN: usize = 3;

/// What distinguishes their fingerprints from those of the workload's growth.
const DETAIL: &str = "idle";

pub(super) fn findings(timeline: &RunTimeline<'_>, observation: &Observation) -> Vec<Finding> {
    // The snapshot before the first one is among them.
    if timeline.idle.len() <= IDLE_MIN {
        return Vec::new();
    }
    let functions = &observation.core_functions;
    let mut sites = collect::sites(timeline, &observation.samples, functions);
    sites.retain(|site| site.idle > 0.0 && rises_each_time(site, timeline));
    sites.sort_by(|one, other| bytes(other).total_cmp(&bytes(one)));
    sites.iter().filter_map(|site| finding(site, timeline, functions)).take(MOST).collect()
}

/// Whether it grows in each idle iteration but the first: a single rise is no growth.
fn rises_each_time(site: &SiteSeries, timeline: &RunTimeline<'_>) -> bool {
    let counts: Vec<_> = timeline.idle.iter().skip(1).map(|sample| count(site, sample)).collect();
    counts.len() >= IDLE_MIN && counts.windows(2).all(|pair| pair[0].is_some() && pair[0] < pair[1])
}

/// Live objects of the place, whoever owns them; `None` where they were not observed.
fn count(site: &SiteSeries, sample: &Sample) -> Option<u64> {
    let key = &site.key;
    let is_same = |one: &&Site| (&one.file, one.line, one.size) == (&key.file, key.line, key.size);
    let Completeness::Complete(sites) = &sample.sites else { return None };
    Some(sites.iter().filter(is_same).map(|one| one.count).sum())
}

/// Bytes per idle iteration.
fn bytes(site: &SiteSeries) -> f64 {
    site.idle * site.key.size as f64
}

/// A finding, if the growth goes on in the measured iterations.
fn finding(
    site: &SiteSeries,
    timeline: &RunTimeline<'_>,
    functions: &CoreFunctions,
) -> Option<Finding> {
    let series = with_idle(&site.objects, site.idle);
    let judgement = timeline.judge(&series);
    if judgement.verdict != Verdict::Leak {
        return None;
    }
    let subject = subject(&site.key, functions);
    Some(Finding {
        kind: FindingKind::SiteGrowth,
        severity: Severity::Failure,
        verdict: Some(Verdict::Leak),
        title: title(site).into(),
        headline: None,
        figures: figures(site),
        evidence: evidence(site, &series, &judgement, timeline),
        fingerprint: fingerprint(FindingKind::SiteGrowth, &subject, &[DETAIL]),
        subject,
        cause: None,
        blame: None,
        next_step: format!(
            "look for what the TEE core keeps of each call at {}:{}: the workload is not needed to show it",
            site.key.file, site.key.line
        )
        .into(),
    })
}

/// The objects with the growth of idle iterations, which the series of a site lacks.
fn with_idle(objects: &Series, idle: f64) -> Series {
    let add = |(at, value): (usize, &Option<f64>)| value.map(|value| value + idle * at as f64);
    Series { values: objects.values.iter().enumerate().map(add).collect(), cohorts: None }
}

fn title(site: &SiteSeries) -> String {
    let place = format!("{}:{}", site.key.file, site.key.line);
    let size = text::number(site.key.size);
    let amount = text::amount(bytes(site), "byte");
    format!(
        "{amount} per idle iteration stay allocated, so each call of any client leaks: {place} ({size} bytes)"
    )
}

fn figures(site: &SiteSeries) -> Vec<Figure> {
    vec![
        words::plain(FigureKind::Growth, site.idle, Unit::ObjectsPerIteration),
        words::plain(FigureKind::Growth, bytes(site), Unit::BytesPerIteration),
    ]
}

fn evidence(
    site: &SiteSeries,
    series: &Series,
    judgement: &Judgement,
    timeline: &RunTimeline<'_>,
) -> Vec<Evidence> {
    let idle = words::idle(timeline.idle.len(), site.idle, "object");
    let reason = words::reason(judgement, series, "object");
    let sentences = [idle, reason].map(|sentence| Evidence::Text(sentence.into()));
    let points = words::series_evidence(series, |at| timeline.iteration(at));
    sentences.into_iter().chain(points).collect()
}
