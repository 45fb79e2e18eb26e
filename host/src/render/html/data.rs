//! Machine-readable data of the page: the report as printed by `--json`, and the series behind it.

use std::{collections::BTreeMap, io};

use maud::{Markup, PreEscaped, html};
use serde::Serialize;
use teeleak_analysis::{
    model::{Event, EventKind, Observation, Pool, Sample},
    text,
};
use teeleak_proto::Uuid;

use super::sites::SiteTable;
use crate::render::{json, labels, view::ReportView};

/// Names of the columns of [`EventRow`].
const COLUMNS: [&str; 11] = [
    "seq",
    "iteration",
    "kind",
    "session",
    "opener",
    "instance",
    "uuid",
    "command",
    "result",
    "pid",
    "time_ns",
];

type EventRow = (
    u64,
    Option<u32>,
    String,
    Option<u32>,
    u32,
    u32,
    Option<usize>,
    Option<u32>,
    Option<u32>,
    Option<u32>,
    Option<u64>,
);

#[derive(Serialize)]
struct SeriesDocument<'t> {
    samples: Vec<SampleMoment>,
    sites: Vec<SiteCourse<'t>>,
    pools: Vec<PoolCourse<'t>>,
    uuids: Vec<String>,
    event_columns: [&'static str; 11],
    /// In each row `uuid` is an index into `uuids`.
    events: Vec<EventRow>,
}

#[derive(Serialize)]
struct SampleMoment {
    stage: &'static str,
    iteration: u32,
}

#[derive(Serialize)]
struct SiteCourse<'t> {
    file: &'t str,
    line: u32,
    size_bytes: u64,
    owner: String,
    n_live: &'t [Option<u64>],
}

#[derive(Serialize)]
struct PoolCourse<'t> {
    name: std::borrow::Cow<'t, str>,
    unit: &'static str,
    allocated: Vec<Option<u64>>,
}

/// Both documents in data blocks that a browser does not execute.
pub(super) fn blocks(view: &ReportView<'_>, table: &SiteTable<'_>) -> io::Result<Markup> {
    let report = json::report::compact(view.observation, view.report, view.short)?;
    let series = json::compact("series", &document(view.observation, table))?;
    Ok(html! {
        script #data type="application/json" { (PreEscaped(enclosed(&report))) }
        script #series type="application/json" { (PreEscaped(enclosed(&series))) }
    })
}

/// Escapes the characters that could end the script block; in JSON they occur in strings only.
fn enclosed(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn document<'t>(observation: &'t Observation, table: &'t SiteTable<'t>) -> SeriesDocument<'t> {
    let mut uuids = BTreeMap::new();
    for uuid in observation.events.iter().filter_map(|event| event.uuid) {
        uuids.insert(uuid, 0);
    }
    uuids.values_mut().enumerate().for_each(|(n, index)| *index = n);
    let sites = table.rows.iter().map(|(key, change)| SiteCourse {
        file: &key.file,
        line: key.line,
        size_bytes: key.size,
        owner: labels::holder(key),
        n_live: &change.course,
    });
    SeriesDocument {
        samples: table.samples.iter().map(|sample| moment(sample)).collect(),
        sites: sites.collect(),
        pools: pools(&table.samples),
        events: observation.events.iter().map(|event| row(event, &uuids)).collect(),
        uuids: uuids.into_keys().map(|uuid| uuid.to_string()).collect(),
        event_columns: COLUMNS,
    }
}

fn moment(sample: &Sample) -> SampleMoment {
    let stage = text::stage_key(sample.moment.stage);
    SampleMoment { stage, iteration: sample.moment.iteration }
}

fn pools<'t>(samples: &[&'t Sample]) -> Vec<PoolCourse<'t>> {
    let sample_pools = |sample: &&'t Sample| sample.pools.value();
    let Some(last) = samples.iter().rev().find_map(sample_pools) else { return Vec::new() };
    let course = |pool: &'t Pool| {
        let allocated_in = |sample: &&Sample| {
            let is_same = |other: &&Pool| other.kind == pool.kind;
            sample.pools.value()?.iter().find(is_same)?.allocated
        };
        PoolCourse {
            name: pool.kind.label(),
            unit: text::pool_unit(pool.unit),
            allocated: samples.iter().map(allocated_in).collect(),
        }
    };
    last.iter().map(course).collect()
}

fn row(event: &Event, uuids: &BTreeMap<Uuid, usize>) -> EventRow {
    let kind = match &event.kind {
        EventKind::Open => "open".to_owned(),
        EventKind::Close => "close".to_owned(),
        EventKind::Invoke => "invoke".to_owned(),
        EventKind::Map => "map".to_owned(),
        EventKind::Unmap => "unmap".to_owned(),
        EventKind::Step(name) => format!("step {name}"),
        EventKind::Note(number) => format!("note {number}"),
    };
    (
        event.seq,
        event.iteration,
        kind,
        event.session,
        event.opener,
        event.instance,
        event.uuid.and_then(|uuid| uuids.get(&uuid).copied()),
        event.cmd,
        event.code(),
        event.by.as_ref().map(|by| by.pid),
        event.time.map(|time| time.ns),
    )
}
