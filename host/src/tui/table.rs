//! Rows of a panel, sorted and filtered.

use teeleak_analysis::{
    model,
    text::{self, number, signed_number},
};

use super::{
    facts::{EventFact, LineFact, PoolFact, ScreenFacts, SessionFact, SiteFact, TaFact},
    view::{Panel, View},
};
use crate::{
    escape::escape_controls,
    render::text::{Tone, spark},
};

/// Widths of a trend and of a gauge, in characters.
const TREND: usize = 14;
const GAUGE: u64 = 10;

/// A column. If room is short, columns with the highest `goes` are dropped first; 0 stays.
#[derive(Clone, Copy, Debug)]
pub(super) struct PanelColumn {
    pub(super) head: &'static str,
    pub(super) right: bool,
    pub(super) goes: u8,
}

const fn left_column(head: &'static str, goes: u8) -> PanelColumn {
    PanelColumn { head, right: false, goes }
}

const fn right_column(head: &'static str, goes: u8) -> PanelColumn {
    PanelColumn { head, right: true, goes }
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct PanelRow {
    pub(super) cells: Vec<String>,
    /// Sort keys, the largest value first; after the last key, rows are sorted by name.
    pub(super) keys: Vec<i64>,
    pub(super) tone: Tone,
}

/// A panel's rows.
#[derive(Debug)]
pub(super) struct PanelTable {
    pub(super) columns: &'static [PanelColumn],
    pub(super) rows: Vec<PanelRow>,
    /// Number of rows before filtering.
    pub(super) all: usize,
}

const POOLS: [PanelColumn; 8] = [
    left_column("pool", 0),
    left_column("in use", 1),
    right_column("%", 0),
    right_column("used", 2),
    right_column("size", 5),
    right_column("least free", 3),
    right_column("failed", 0),
    left_column("trend", 4),
];
const SITES: [PanelColumn; 6] = [
    left_column("site", 0),
    right_column("growth", 0),
    right_column("bytes", 1),
    right_column("count", 3),
    left_column("trend", 4),
    left_column("owner", 5),
];
const TAS: [PanelColumn; 6] = [
    left_column("TA", 0),
    right_column("regions", 0),
    right_column("growth", 0),
    right_column("bytes", 2),
    right_column("sessions", 1),
    left_column("trend", 4),
];
const SESSIONS: [PanelColumn; 5] = [
    left_column("to", 0),
    right_column("session", 0),
    right_column("snapshots", 1),
    left_column("from", 2),
    left_column("login", 3),
];
const EVENTS: [PanelColumn; 6] = [
    right_column("event", 1),
    left_column("what", 0),
    left_column("who", 0),
    right_column("session", 3),
    left_column("result", 0),
    left_column("TA", 4),
];
const ALARMS: [PanelColumn; 2] = [right_column("ago", 0), left_column("message", 0)];

/// The rows of a panel.
pub(super) fn panel_table(panel: Panel, facts: &ScreenFacts, view: &View) -> PanelTable {
    let (columns, mut rows): (&'static [PanelColumn], Vec<PanelRow>) = match panel {
        Panel::Pools => (&POOLS, facts.pools.iter().map(|one| pool(one, facts, view)).collect()),
        Panel::Sites => (&SITES, facts.sites.iter().map(|one| site(one, view)).collect()),
        Panel::Tas => {
            (&TAS, facts.tas.iter().map(|(uuid, one)| ta(&uuid.to_string(), one, view)).collect())
        }
        Panel::Sessions => (&SESSIONS, facts.sessions.iter().map(session).collect()),
        Panel::Events => (&EVENTS, facts.events.iter().rev().map(event).collect()),
        Panel::Alarms => (&ALARMS, facts.lines.iter().rev().map(|one| line(one, facts)).collect()),
    };
    let row_count = rows.len();
    let filter = view.filter.to_lowercase();
    rows.retain(|row| row.cells.iter().any(|cell| cell.to_lowercase().contains(&filter)));
    sort(&mut rows, view.sort(panel));
    PanelTable { columns, rows, all: row_count }
}

/// Events and lines have no sort keys: they stay in order, the newest first.
fn sort(rows: &mut [PanelRow], by: usize) {
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

fn number_or_unknown(number: Option<u64>) -> String {
    number.map_or_else(|| "?".to_owned(), text::number)
}

fn trend(values: &[f64], view: &View) -> String {
    spark::letters(values, view.unicode)
}

fn pool(pool: &PoolFact, facts: &ScreenFacts, view: &View) -> PanelRow {
    let percent = pool.percent();
    let low = percent.is_some_and(|percent| 100 - percent.min(100) < facts.low_water.into());
    let tone = match (low, pool.failures) {
        (true, _) => Tone::Bad,
        (false, Some(1..)) => Tone::Warn,
        _ => Tone::Plain,
    };
    PanelRow {
        cells: vec![
            escape_controls(&pool.kind.label()),
            percent.map_or_else(String::new, |percent| gauge(percent, view)),
            percent.map_or_else(|| "?".to_owned(), |percent| percent.to_string()),
            format!(
                "{} {}",
                number_or_unknown(pool.used),
                if pool.unit == model::PoolUnit::Bytes { "B" } else { "" }
            )
            .trim_end()
            .to_owned(),
            number_or_unknown(pool.size),
            number_or_unknown(pool.least_free),
            number_or_unknown(pool.failures),
            trend(&pool.history.last(TREND), view),
        ],
        keys: vec![percent.map_or(-1, key), pool.failures.map_or(-1, key)],
        tone,
    }
}

fn gauge(percent: u64, view: &View) -> String {
    let (full, free) = if view.unicode { ('█', '░') } else { ('#', '.') };
    let full_cells = (percent.min(100) * GAUGE).div_ceil(100);
    (0..GAUGE).map(|n| if n < full_cells { full } else { free }).collect()
}

fn growth_tone(more: i64) -> Tone {
    if more > 0 { Tone::Warn } else { Tone::Plain }
}

fn site(site: &SiteFact, view: &View) -> PanelRow {
    PanelRow {
        cells: vec![
            site.name.clone(),
            signed_number(site.grown),
            number(site.bytes),
            number(site.count),
            trend(&site.history.last(TREND), view),
            site.owner.clone(),
        ],
        keys: vec![site.grown, key(site.bytes), key(site.count)],
        tone: growth_tone(site.grown),
    }
}

fn ta(name: &str, ta: &TaFact, view: &View) -> PanelRow {
    let regions = ta.regions.map(|(n, _)| n);
    let bytes = ta.regions.map(|(_, bytes)| bytes);
    let of_pta = ta.instances == 0;
    let unless_pta = |text: String| if of_pta { "-".to_owned() } else { text };
    PanelRow {
        cells: vec![
            name.to_owned(),
            unless_pta(number_or_unknown(regions)),
            unless_pta(signed_number(ta.grown.0)),
            unless_pta(number_or_unknown(bytes)),
            format!("{} ({})", number(ta.sessions), signed_number(ta.grown.1)),
            if ta.panicked { "panicked".to_owned() } else { trend(&ta.history.last(TREND), view) },
        ],
        keys: vec![
            ta.grown.0.saturating_add(ta.grown.1),
            key(bytes.unwrap_or(0)),
            key(ta.sessions),
        ],
        tone: if ta.panicked { Tone::Bad } else { growth_tone(ta.grown.0.max(ta.grown.1)) },
    }
}

fn session(fact: &SessionFact) -> PanelRow {
    let session = &fact.session;
    let opener = match session.opener {
        0 => "normal world".to_owned(),
        instance => format!("TA instance {instance}"),
    };
    PanelRow {
        cells: vec![
            session.uuid.to_string(),
            session.id.to_string(),
            fact.censuses.to_string(),
            opener,
            session.login.map_or_else(String::new, text::login),
        ],
        keys: vec![key(fact.censuses)],
        tone: Tone::Plain,
    }
}

fn event(event: &EventFact) -> PanelRow {
    PanelRow {
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

fn line(line: &LineFact, facts: &ScreenFacts) -> PanelRow {
    PanelRow {
        cells: vec![text::age(facts.elapsed_since(line.at)), line.text.clone()],
        keys: Vec::new(),
        tone: if line.alarm { Tone::Bad } else { Tone::Plain },
    }
}
