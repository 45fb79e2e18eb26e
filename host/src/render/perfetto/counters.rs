//! Counters: pools, allocation sites, and the regions, heaps and sessions of TAs.

use std::{cmp::Reverse, io};

use teeleak_analysis::model::{Observation, PoolUnit};

use super::{
    axis::Axis,
    whose::Tracks,
    writer::{TraceWriter, Track},
};
use crate::render::{
    labels,
    metrics::{MetricSeries, MetricSubject, of_pool},
};

/// Maximum number of sites drawn besides those in findings.
const SITES: usize = 20;

/// Pairs of time in nanoseconds and value.
type CounterPoints = Vec<(u64, u64)>;

/// Writes the counters of pools, from snapshots and from the gauges between them.
pub(super) fn pools(
    series: &[MetricSeries<'_>],
    (observation, axis): (&Observation, &Axis),
    trace: &mut TraceWriter<'_>,
) -> io::Result<()> {
    let is_pool = |one: &MetricSeries<'_>| matches!(one.about, MetricSubject::Pool(_));
    if !series.iter().any(is_pool) {
        return Ok(());
    }
    let group = trace.group("pools")?;
    for (rank, one) in series.iter().enumerate() {
        let (MetricSubject::Pool(kind), Some(what)) = (&one.about, figure(one.metric)) else {
            continue;
        };
        let mut points = points(one, (observation, axis));
        for gauge in &observation.gauges {
            let ns = axis.time_ns(None, &gauge.place);
            let figures = gauge.pools.iter().filter(|pool| pool.kind == *kind).flat_map(of_pool);
            let matches = figures.filter(|(metric, ..)| *metric == one.metric);
            points.extend(matches.filter_map(|(.., value)| Some((ns, value?))));
        }
        points.sort_unstable();
        draw(&format!("{}: {what}", kind.label()), one.unit, (group, rank), (&points, trace))?;
    }
    Ok(())
}

/// Writes the live bytes of sites: those in findings, then those with most growth.
pub(super) fn sites(
    series: &[MetricSeries<'_>],
    (observation, axis): (&Observation, &Axis),
    trace: &mut TraceWriter<'_>,
) -> io::Result<()> {
    let of_sites = series.iter().filter(|one| matches!(one.about, MetricSubject::Site(_)));
    let mut sites: Vec<_> = of_sites.filter(|one| one.unit == PoolUnit::Bytes).collect();
    sites.sort_by_key(|one| (one.finding.is_none(), Reverse(one.growth())));
    if sites.is_empty() {
        return Ok(());
    }
    let n_found = sites.iter().filter(|one| one.finding.is_some()).count();
    let n_shown = sites.len().min(n_found + SITES);
    let group = trace.group(&format!(
        "allocation sites, live bytes: {n_shown} of {}; {} without a finding and with the least growth \
         are omitted",
        sites.len(),
        sites.len() - n_shown
    ))?;
    for (rank, one) in sites.iter().take(n_shown).enumerate() {
        let MetricSubject::Site(key) = &one.about else { continue };
        let finding = one.finding.map_or(String::new(), |(n, _)| format!(", finding {n}"));
        let owner = labels::holder(key);
        let name = format!("{}:{} ({} bytes each, {owner}{finding})", key.file, key.line, key.size);
        draw(&name, one.unit, (group, rank), (&points(one, (observation, axis)), trace))?;
    }
    Ok(())
}

/// Writes regions, heaps and sessions below the tracks of their TAs.
pub(super) fn tas(
    series: &[MetricSeries<'_>],
    (observation, axis): (&Observation, &Axis),
    tracks: &mut Tracks,
    trace: &mut TraceWriter<'_>,
) -> io::Result<()> {
    for (rank, one) in series.iter().enumerate() {
        let name = match (&one.about, one.metric) {
            (MetricSubject::Regions(..), "live") => "regions".to_owned(),
            (MetricSubject::Regions(..), _) => "bytes mapped".to_owned(),
            (MetricSubject::Sessions(..), _) => "open sessions".to_owned(),
            (MetricSubject::Heap(..), metric) => match figure(metric) {
                Some(what) => format!("heap: {what}"),
                None => continue,
            },
            _ => continue,
        };
        let (uuid, instance) = one.about.ta();
        let owner = tracks.ta(uuid, instance.unwrap_or(0));
        let place = (tracks.track(owner, trace)?, rank);
        draw(&name, one.unit, place, (&points(one, (observation, axis)), trace))?;
    }
    Ok(())
}

/// Name of a pool's metric; `None` if it is not drawn.
fn figure(metric: &str) -> Option<&'static str> {
    match metric {
        "allocated" => Some("in use"),
        "largest_free" => Some("largest free"),
        "num_alloc_fail" => Some("failed allocations"),
        _ => None,
    }
}

fn points(one: &MetricSeries<'_>, (observation, axis): (&Observation, &Axis)) -> CounterPoints {
    let values = observation.samples.iter().zip(&one.values);
    values.filter_map(|(sample, value)| Some((axis.sample(sample), (*value)?))).collect()
}

/// Writes a counter track; none without values.
fn draw(
    name: &str,
    unit: PoolUnit,
    place: (Track, usize),
    (points, trace): (&CounterPoints, &mut TraceWriter<'_>),
) -> io::Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    let track = trace.counter(name, unit, place)?;
    points.iter().try_for_each(|(ns, value)| trace.value(track, *ns, *value))
}
