//! Rows of a panel, sorted and filtered.

use teeleak_analysis::{
    model,
    text::{self, number, signed_number},
};

use super::{
    facts::{EventFact, Facts, LineFact, PoolFact, SessionFact, SiteFact, TaFact},
    view::{Panel, View},
};
use crate::{
    escape::shown,
    render::text::{Tone, spark},
};

/// Widths of a trend and of a gauge, in characters.
const TREND: usize = 14;
const GAUGE: u64 = 10;

/// A column. If room is short, columns with the highest `goes` are dropped first; 0 stays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) right: bool,
    pub(super) goes: u8,
}

const fn left(head: &'static str, goes: u8) -> Column {
    Column { head, right: false, goes }
}

const fn right(head: &'static str, goes: u8) -> Column {
    Column { head, right: true, goes }
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    /// Sort keys, the largest value first; after the last key, rows are sorted by name.
    pub(super) keys: Vec<i64>,
    pub(super) tone: Tone,
}

/// A panel's rows.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: &'static [Column],
    pub(super) rows: Vec<Row>,
    /// Number of rows before filtering.
    pub(super) all: usize,
}

const POOLS: [Column; 8] = [
    left("pool", 0),
    left("in use", 1),
    right("%", 0),
    right("used", 2),
    right("size", 5),
    right("least free", 3),
    right("failed", 0),
    left("trend", 4),
];
const SITES: [Column; 6] = [
    left("site", 0),
    right("growth", 0),
    right("bytes", 1),
    right("count", 3),
    left("trend", 4),
    left("owner", 5),
];
const TAS: [Column; 6] = [
    left("TA", 0),
    right("regions", 0),
    right("growth", 0),
    right("bytes", 2),
    right("sessions", 1),
    left("trend", 4),
];
const SESSIONS: [Column; 5] =
    [left("to", 0), right("session", 0), right("snapshots", 1), left("from", 2), left("login", 3)];
const EVENTS: [Column; 6] = [
    right("event", 1),
    left("what", 0),
    left("who", 0),
    right("session", 3),
    left("result", 0),
    left("TA", 4),
];
const ALARMS: [Column; 2] = [right("ago", 0), left("message", 0)];

/// The rows of a panel.
pub(super) fn of(panel: Panel, facts: &Facts, view: &View) -> Table {
    let (columns, mut rows): (&'static [Column], Vec<Row>) = match panel {
        Panel::Pools => (&POOLS, facts.pools.iter().map(|one| pool(one, facts, view)).collect()),
        Panel::Sites => (&SITES, facts.sites.iter().map(|one| site(one, view)).collect()),
        Panel::Tas => {
            (&TAS, facts.tas.iter().map(|(uuid, one)| ta(&uuid.to_string(), one, view)).collect())
        }
        Panel::Sessions => (&SESSIONS, facts.sessions.iter().map(session).collect()),
        Panel::Events => (&EVENTS, facts.events.iter().rev().map(event).collect()),
        Panel::Alarms => (&ALARMS, facts.lines.iter().rev().map(|one| line(one, facts)).collect()),
    };
    let all = rows.len();
    let filter = view.filter.to_lowercase();
    rows.retain(|row| row.cells.iter().any(|cell| cell.to_lowercase().contains(&filter)));
    sort(&mut rows, view.sort(panel));
    Table { columns, rows, all }
}

/// Events and lines have no sort keys: they stay in order, the newest first.
fn sort(rows: &mut [Row], by: usize) {
    match rows.first() {
        Some(row) if !row.keys.is_empty() && by < row.keys.len() => {
            rows.sort_by(|a, b| b.keys[by].cmp(&a.keys[by]).then_with(|| a.cells.cmp(&b.cells)));
        }
        Some(row) if !row.keys.is_empty() => rows.sort_by(|a, b| a.cells.cmp(&b.cells)),
        _ => {}
    }
}

fn key(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn known(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), text::number)
}

fn trend(values: &[f64], view: &View) -> String {
    spark::letters(values, view.unicode)
}

fn pool(pool: &PoolFact, facts: &Facts, view: &View) -> Row {
    let percent = pool.percent();
    let low = percent.is_some_and(|percent| 100 - percent.min(100) < facts.low_water.into());
    let tone = match (low, pool.failures) {
        (true, _) => Tone::Bad,
        (false, Some(1..)) => Tone::Warn,
        _ => Tone::Plain,
    };
    Row {
        cells: vec![
            shown(&pool.kind.label()),
            percent.map_or_else(String::new, |percent| gauge(percent, view)),
            percent.map_or_else(|| "?".to_owned(), |percent| percent.to_string()),
            format!(
                "{} {}",
                known(pool.used),
                if pool.unit == model::PoolUnit::Bytes { "B" } else { "" }
            )
            .trim_end()
            .to_owned(),
            known(pool.size),
            known(pool.least_free),
            known(pool.failures),
            trend(&pool.history.last(TREND), view),
        ],
        keys: vec![percent.map_or(-1, key), pool.failures.map_or(-1, key)],
        tone,
    }
}

fn gauge(percent: u64, view: &View) -> String {
    let (full, free) = if view.unicode { ('█', '░') } else { ('#', '.') };
    let filled = (percent.min(100) * GAUGE).div_ceil(100);
    (0..GAUGE).map(|n| if n < filled { full } else { free }).collect()
}

fn grown(more: i64) -> Tone {
    if more > 0 { Tone::Warn } else { Tone::Plain }
}

fn site(site: &SiteFact, view: &View) -> Row {
    Row {
        cells: vec![
            site.name.clone(),
            signed_number(site.grown),
            number(site.bytes),
            number(site.count),
            trend(&site.history.last(TREND), view),
            site.owner.clone(),
        ],
        keys: vec![site.grown, key(site.bytes), key(site.count)],
        tone: grown(site.grown),
    }
}

fn ta(name: &str, ta: &TaFact, view: &View) -> Row {
    let regions = ta.regions.map(|(n, _)| n);
    let bytes = ta.regions.map(|(_, bytes)| bytes);
    let of_pta = ta.instances == 0;
    let unless_pta = |text: String| if of_pta { "-".to_owned() } else { text };
    Row {
        cells: vec![
            name.to_owned(),
            unless_pta(known(regions)),
            unless_pta(signed_number(ta.grown.0)),
            unless_pta(known(bytes)),
            format!("{} ({})", number(ta.sessions), signed_number(ta.grown.1)),
            if ta.panicked { "panicked".to_owned() } else { trend(&ta.history.last(TREND), view) },
        ],
        keys: vec![
            ta.grown.0.saturating_add(ta.grown.1),
            key(bytes.unwrap_or(0)),
            key(ta.sessions),
        ],
        tone: if ta.panicked { Tone::Bad } else { grown(ta.grown.0.max(ta.grown.1)) },
    }
}

fn session(fact: &SessionFact) -> Row {
    let session = &fact.session;
    let from = match session.opener {
        0 => "normal world".to_owned(),
        instance => format!("TA instance {instance}"),
    };
    Row {
        cells: vec![
            session.uuid.to_string(),
            session.id.to_string(),
            fact.censuses.to_string(),
            from,
            session.login.map_or_else(String::new, text::login),
        ],
        keys: vec![key(fact.censuses)],
        tone: Tone::Plain,
    }
}

fn event(event: &EventFact) -> Row {
    Row {
        cells: vec![
            format!("#{}", event.seq),
            event.kind.to_owned(),
            event.who.clone(),
            event.session.map_or_else(String::new, |session| session.to_string()),
            event.result.clone(),
            event.uuid.map_or_else(String::new, |uuid| uuid.to_string()),
        ],
        keys: Vec::new(),
        tone: if event.failed { Tone::Warn } else { Tone::Plain },
    }
}

fn line(line: &LineFact, facts: &Facts) -> Row {
    Row {
        cells: vec![text::age(facts.since(line.at)), line.text.clone()],
        keys: Vec::new(),
        tone: if line.alarm { Tone::Bad } else { Tone::Plain },
    }
}
