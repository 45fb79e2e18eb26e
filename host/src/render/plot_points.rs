//! Points of a finding's plot: the judged values, the values before them, and a trend line.

use teeleak_analysis::{
    growth::{Series, judge},
    model::{
        CoreFunctions, Evidence, Finding, FindingKind, Observation, Owner, OwnerId, Pool, PoolKind,
        Sample, Stage, Subject, Unit, Verdict,
    },
};
use teeleak_proto::Uuid;

use crate::render::metrics::sites_of;

/// Values by iteration.
pub(crate) struct PlotPoints {
    /// Judged values by iteration.
    pub(crate) judged: Vec<(f64, f64)>,
    /// Values before the first iteration, by (negative) number of snapshots before it.
    pub(crate) before: Vec<(f64, f64)>,
    /// Stages before the first iteration: stage, start, end.
    pub(crate) stretches: Vec<(Stage, f64, f64)>,
    /// Label of the values, such as `live objects`.
    pub(crate) what: &'static str,
    /// The trend line, if the values grow.
    pub(crate) line: Option<TrendLine>,
}

/// A straight line through the judged values.
#[derive(Clone, Copy)]
pub(crate) struct TrendLine {
    /// Growth per iteration.
    pub(crate) slope: f64,
    /// Value at iteration 0.
    pub(crate) start: f64,
}

impl TrendLine {
    pub(crate) fn value_at(self, iteration: f64) -> f64 {
        self.start + self.slope * iteration
    }
}

impl PlotPoints {
    /// `None` for a finding without a series.
    pub(crate) fn from_finding(finding: &Finding, observation: &Observation) -> Option<Self> {
        let series = finding.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Series(series) if !series.is_empty() => Some(series),
            _ => None,
        })?;
        let values: Vec<_> = series.iter().map(|(at, value)| (f64::from(*at), *value)).collect();
        let base = base_values(finding, observation, values[0]);
        let stretches = if base.is_empty() { Vec::new() } else { stretches(observation) };
        let line = line(finding, series);
        Some(Self { judged: values, before: base, stretches, what: value_label(finding), line })
    }

    /// Points of a bare series, without an observation.
    pub(crate) fn from_values(finding: &Finding, judged: Vec<(f64, f64)>) -> Self {
        let label = value_label(finding);
        Self { judged, before: Vec::new(), stretches: Vec::new(), what: label, line: None }
    }

    /// All values in order, those before the first iteration included.
    pub(crate) fn values(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.before.iter().chain(&self.judged).copied()
    }
}

fn value_label(finding: &Finding) -> &'static str {
    let has_unit = |units: [Unit; 2]| finding.figures.iter().any(|one| units.contains(&one.unit));
    let bytes = has_unit([Unit::Bytes, Unit::BytesPerIteration]);
    let objects = has_unit([Unit::Objects, Unit::ObjectsPerIteration]);
    match finding.kind {
        FindingKind::RegionGrowth => "regions",
        FindingKind::SessionGrowth => "open sessions",
        FindingKind::InstanceGrowth => "instances",
        FindingKind::PoolGrowth if bytes => "bytes in use",
        FindingKind::PoolGrowth if objects => "objects in use",
        FindingKind::PoolGrowth => "in use",
        // A table of processes or caches may count no objects.
        FindingKind::SiteGrowth if bytes && !objects => "bytes in use",
        FindingKind::SiteGrowth
        | FindingKind::Unpaired
        | FindingKind::Order
        | FindingKind::Shortage
        | FindingKind::Disagreement => "live objects",
    }
}

/// Slope as estimated by the growth analysis; without an estimate, from the first value to the last.
fn line(finding: &Finding, series: &[(u32, f64)]) -> Option<TrendLine> {
    let grows = matches!(finding.verdict, None | Some(Verdict::Leak | Verdict::Undecided));
    let (first, last) = (series.first()?, series.last()?);
    if !grows || first.0 == last.0 {
        return None;
    }
    let mut values = vec![None; usize::try_from(last.0 - first.0).ok()? + 1];
    for (at, value) in series {
        let index = usize::try_from(at.checked_sub(first.0)?).ok()?;
        *values.get_mut(index)? = Some(*value);
    }
    let judgement = judge(&Series { values, cohorts: None });
    let mean = (last.1 - first.1) / f64::from(last.0 - first.0);
    let slope = judgement.rate.map_or(mean, |rate| rate.value);
    let mut starts: Vec<_> =
        series.iter().map(|(at, value)| value - slope * f64::from(*at)).collect();
    starts.sort_by(f64::total_cmp);
    Some(TrendLine { slope, start: starts[starts.len() / 2] })
}

/// The snapshots before the first measured one; the last of them is iteration 0.
fn preface(samples: &[Sample]) -> &[Sample] {
    let is_measured = |sample: &Sample| sample.moment.stage == Stage::Measured;
    samples.iter().position(is_measured).map_or(&[], |begin| &samples[..begin])
}

/// Values before the first iteration, counted like the series. Empty if the two do not meet at
/// iteration 0: the analysis may have subtracted the growth of idle iterations.
fn base_values(finding: &Finding, observation: &Observation, first: (f64, f64)) -> Vec<(f64, f64)> {
    let samples = preface(&observation.samples);
    let Some((last, earlier)) = samples.split_last() else { return Vec::new() };
    let value = |sample, by| value(finding, sample, (by, &observation.core_functions));
    let matches_first = |by: &Server| value(last, *by) == Some(first.1) && first.0 == 0.0;
    let Some(by) = servers(last).into_iter().find(matches_first) else { return Vec::new() };
    let places = (1..=earlier.len()).rev().map(|n| -(n as f64));
    places.zip(earlier).filter_map(|(at, sample)| Some((at, value(sample, by)?))).collect()
}

fn stretches(observation: &Observation) -> Vec<(Stage, f64, f64)> {
    let preface = preface(&observation.samples);
    let mut stretches = Vec::new();
    let mut position = 1.0 - preface.len() as f64;
    for alike in preface.chunk_by(|a, b| a.moment.stage == b.moment.stage) {
        let (from, to) = (position - 1.0, position + alike.len() as f64 - 1.0);
        stretches.push((alike[0].moment.stage, from, to));
        position += alike.len() as f64;
    }
    stretches
}

/// Filter by the PTA that served the owner during the allocation: outer `None` for any, inner `None`
/// for no PTA. Findings lack it although series are split by it.
type Server = Option<Option<Uuid>>;

/// Filter by server, and the names of callers.
type SiteFilter<'f> = (Server, &'f CoreFunctions);

fn servers(sample: &Sample) -> Vec<Server> {
    let owners = sample.owners.value().into_iter().flatten();
    let ptas = owners.filter(|owner| owner.pta).filter_map(|owner| owner.uuid);
    [None, Some(None)].into_iter().chain(ptas.map(|uuid| Some(Some(uuid)))).collect()
}

/// Value of a finding's subject in a snapshot.
fn value(finding: &Finding, sample: &Sample, by: SiteFilter<'_>) -> Option<f64> {
    match (finding.kind, &finding.subject) {
        (FindingKind::SiteGrowth, subject) => sites(subject, sample, by),
        (FindingKind::RegionGrowth, Subject::Ta(uuid)) => regions(*uuid, sample),
        (FindingKind::SessionGrowth, Subject::Ta(uuid)) => {
            let sessions = sample.sessions.value()?.iter();
            Some(sessions.filter(|session| session.uuid == *uuid).count() as f64)
        }
        (FindingKind::InstanceGrowth, Subject::Ta(uuid)) => {
            let instances = sample.instances.value()?.iter();
            Some(instances.filter(|instance| instance.uuid == *uuid).count() as f64)
        }
        (FindingKind::PoolGrowth, Subject::Pool(kind)) => {
            let is_pool = |pool: &&Pool| pool.kind == *kind;
            Some(sample.all_pools().find(is_pool)?.allocated? as f64)
        }
        _ => None,
    }
}

fn sites(subject: &Subject, sample: &Sample, (by, functions): SiteFilter<'_>) -> Option<f64> {
    let Subject::Site { file, line, size, heap, owner, caller } = subject else { return None };
    let owner = owner.filter(|_| *heap == PoolKind::CoreHeap);
    let owners = sample.owners.value();
    let uuid = |id: OwnerId| match id {
        OwnerId::Number(number) => {
            let is_owner = |owner: &&Owner| owner.number == number;
            owners.into_iter().flatten().find(is_owner).and_then(|owner| owner.uuid)
        }
        _ => None,
    };
    let matches = sites_of(sample, heap)?.value()?.iter().filter(|site| {
        site.line == *line
            && site.size == *size
            && site.file == *file
            && uuid(site.owner) == owner
            && by.is_none_or(|by| uuid(site.server) == by)
            && site.caller.map(|from| functions.label(from)) == *caller
    });
    Some(matches.map(|site| site.count).sum::<u64>() as f64)
}

fn regions(uuid: Uuid, sample: &Sample) -> Option<f64> {
    let instances = sample.instances.value()?.iter().filter(|instance| instance.uuid == uuid);
    let counts = instances.map(|instance| Some(instance.regions.value()?.len()));
    Some(counts.sum::<Option<usize>>()? as f64)
}
