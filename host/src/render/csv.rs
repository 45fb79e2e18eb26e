//! All metrics over time as one long CSV table (RFC 4180) for spreadsheets and data frames: one row
//! per metric and snapshot.
//!
//! Invariants: a metric that was not observed has an empty value, never 0; a spreadsheet takes no name
//! for a formula; the same observation and report give the same bytes.

use std::io::Write;

use anyhow::Result;
use csv::{Terminator, Writer, WriterBuilder};
use teeleak_analysis::{
    model::{Clock, Completeness, Moment, PoolUnit, Sample, Time, Verdict},
    text,
};

use super::{
    labels,
    metrics::{self, MetricSeries, MetricSubject, of_pool, sites_of},
};
use crate::{escape::escape_controls, render::view::ReportView};

/// The columns, documented in `host/docs/exports.md`.
const COLUMNS: [&str; 17] = [
    "sample",
    "stage",
    "iteration",
    "time_ns",
    "clock",
    "kind",
    "name",
    "size_bytes",
    "owner",
    "uuid",
    "instance",
    "metric",
    "value",
    "unit",
    "seen",
    "verdict",
    "fingerprint",
];

/// Cells of the columns `sample` to `clock`.
type TimeColumns = [String; 5];

/// Cells of the columns `kind` to `instance`.
type SubjectColumns = [String; 6];

/// Writes the table.
pub(crate) fn write(view: &ReportView<'_>, out: &mut dyn Write) -> Result<()> {
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    table.write_record(COLUMNS)?;
    let series = metrics::all_series(view);
    let cells: Vec<_> =
        series.iter().map(|one| (subject_columns(&one.about), finding_columns(one))).collect();
    for (n, sample) in view.observation.samples.iter().enumerate() {
        let time_cells = time_columns(n.to_string(), sample.moment, sample.time);
        for (one, (what, said)) in series.iter().zip(&cells) {
            let value = one.values.get(n).copied().flatten();
            let figure =
                figure(one.metric, value, one.unit, observed_share(&one.about, sample, value));
            row(&mut table, &time_cells, what, &figure, said)?;
        }
    }
    for gauge in &view.observation.gauges {
        let time_cells = time_columns(String::new(), gauge.moment, None);
        for pool in &gauge.pools {
            let subject = subject_columns(&MetricSubject::Pool(pool.kind.clone()));
            for (metric, unit, value) in of_pool(pool) {
                let share = if value.is_some() { "all" } else { "none" };
                row(
                    &mut table,
                    &time_cells,
                    &subject,
                    &figure(metric, value, unit, share),
                    &said_nothing(),
                )?;
            }
        }
    }
    Ok(table.flush()?)
}

fn row(
    table: &mut Writer<&mut dyn Write>,
    when: &TimeColumns,
    what: &SubjectColumns,
    figure: &[String; 4],
    said: &[String; 2],
) -> Result<()> {
    let parts = [when.as_slice(), what, figure, said];
    Ok(table.write_record(parts.into_iter().flatten())?)
}

fn time_columns(sample: String, moment: Moment, time: Option<Time>) -> TimeColumns {
    let clock = time.map_or("", |time| match time.clock {
        Clock::Counter => "counter",
        Clock::Monotonic => "monotonic",
        Clock::Wall => "wall",
    });
    let ns = time.map_or(String::new(), |time| time.ns.to_string());
    [sample, text::stage_key(moment.stage).into(), moment.iteration.to_string(), ns, clock.into()]
}

fn subject_columns(about: &MetricSubject) -> SubjectColumns {
    let empty = String::new;
    let (uuid, instance) = about.ta();
    let uuid = uuid.map_or(empty(), |uuid| uuid.to_string());
    let (kind, name, size, owner) = match about {
        MetricSubject::Pool(pool) => ("pool", pool.label().into_owned(), empty(), empty()),
        MetricSubject::Site(key) => {
            let name = format!("{}:{}", key.file, key.line);
            ("site", name, key.size.to_string(), labels::holder(key))
        }
        MetricSubject::Regions(..) => ("regions", uuid.clone(), empty(), empty()),
        MetricSubject::Heap(..) => ("heap", uuid.clone(), empty(), empty()),
        MetricSubject::Sessions(..) => ("sessions", uuid.clone(), empty(), empty()),
    };
    let instance = instance.map_or(empty(), |instance| instance.to_string());
    [kind.to_owned(), harmless(&name), size, owner, uuid, instance]
}

fn figure(metric: &str, value: Option<u64>, unit: PoolUnit, seen: &str) -> [String; 4] {
    let value = value.map_or(String::new(), |value| value.to_string());
    [metric.into(), value, text::pool_unit(unit).into(), seen.into()]
}

/// How much of the metric's source was observed: `all`, `part` or `none`.
fn observed_share(about: &MetricSubject, sample: &Sample, value: Option<u64>) -> &'static str {
    fn share<T>(part: &Completeness<T>) -> &'static str {
        match part {
            Completeness::Complete(_) => "all",
            Completeness::Counted(..) | Completeness::Partial(..) => "part",
            Completeness::Unobserved(_) => "none",
        }
    }
    match about {
        _ if value.is_none() => "none",
        MetricSubject::Pool(_) => share(&sample.pools),
        MetricSubject::Site(key) => sites_of(sample, &key.heap).map_or("none", share),
        MetricSubject::Sessions(..) => share(&sample.sessions),
        MetricSubject::Regions(_, id) => {
            let mut instances = sample.instances.value().into_iter().flatten();
            let regions = instances.find(|one| one.id == *id).map(|one| share(&one.regions));
            regions.unwrap_or(share(&sample.instances))
        }
        MetricSubject::Heap(..) => share(&sample.instances),
    }
}

/// Verdict and fingerprint of the finding about this metric.
fn finding_columns(series: &MetricSeries<'_>) -> [String; 2] {
    let Some((_, finding)) = series.finding else { return said_nothing() };
    let verdict = finding.verdict.map_or("", |verdict: Verdict| verdict.name());
    [verdict.to_owned(), harmless(&finding.fingerprint.0)]
}

fn said_nothing() -> [String; 2] {
    [String::new(), String::new()]
}

/// Escapes a name that a spreadsheet would take for a formula or a terminal for an escape sequence:
/// OWASP, "CSV Injection".
fn harmless(name: &str) -> String {
    let text = escape_controls(name);
    let formula = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if text.starts_with(formula) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn formulas_are_text() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("@SUM(1)\t"), "'@SUM(1)\\u{9}");
        assert_eq!(harmless("core/a+b.c:1"), "core/a+b.c:1");
    }
}
