//! Regions of each TA before the first iteration and after the last, side by side.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use teeleak_analysis::{
    model::{Completeness, Instance, Observation, Region, Sample, Stage},
    text::{access, count, moment, number},
};
use teeleak_proto::Uuid;

use super::scale::Px;

/// Width of a drawing, and of its row labels.
const WIDTH: f64 = 960.0;
const NAME: f64 = 76.0;

/// Maximum number of regions drawn separately; beyond that, neighbours are merged.
const DRAWN: usize = 240;

/// Maximum number of instances drawn; changed ones come first.
const INSTANCES: usize = 24;

/// Maximum rows of a table.
const ROWS: usize = 100;

/// Change of a region between the two snapshots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RegionFate {
    Kept,
    Gained,
    Gone,
}

/// The regions of a TA instance.
struct RegionChart {
    id: u32,
    uuid: Uuid,
    /// Number of regions; `None` if the instance was missing or not observed.
    before: Option<usize>,
    after: Option<usize>,
    regions: BTreeMap<Region, RegionFate>,
}

/// All TA instances.
pub(super) struct RegionCharts<'t> {
    maps: Vec<RegionChart>,
    both: Option<(&'t Sample, &'t Sample)>,
}

impl<'t> RegionCharts<'t> {
    pub(super) fn new(observation: &'t Observation) -> Self {
        let ends = ends(&observation.samples);
        let mut maps = ends.map_or_else(Vec::new, |(before, after)| maps(before, after));
        let n_changed = |map: &RegionChart| {
            map.regions.values().filter(|fate| **fate != RegionFate::Kept).count()
        };
        maps.sort_by_key(|map| (std::cmp::Reverse(n_changed(map)), map.id));
        Self { maps, both: ends }
    }

    pub(super) fn len(&self) -> usize {
        self.maps.len()
    }
}

/// The last snapshot with instances before the first iteration, and the last one of the run.
fn ends(samples: &[Sample]) -> Option<(&Sample, &Sample)> {
    let shows = |sample: &&Sample| sample.instances.value().is_some();
    let is_measured = |sample: &Sample| sample.moment.stage == Stage::Measured;
    let begin = samples.iter().position(is_measured).unwrap_or(0);
    let base = samples[..begin].iter().rev().find(shows).or(samples.iter().find(shows))?;
    let last = samples.iter().rposition(is_measured).map_or(samples, |last| &samples[..=last]);
    Some((base, last.iter().rev().find(shows)?))
}

fn maps(before: &Sample, after: &Sample) -> Vec<RegionChart> {
    let by_id = |sample: &Sample| -> BTreeMap<u32, Instance> {
        let instances = sample.instances.value().into_iter().flatten();
        instances.map(|instance| (instance.id, instance.clone())).collect()
    };
    let (before, after) = (by_id(before), by_id(after));
    let ids: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    ids.into_iter().filter_map(|id| map(id, before.get(&id), after.get(&id))).collect()
}

fn map(id: u32, before: Option<&Instance>, after: Option<&Instance>) -> Option<RegionChart> {
    let uuid = after.or(before)?.uuid;
    let region_set = |instance: Option<&Instance>| {
        let regions = instance.and_then(|instance| instance.regions.value());
        regions.map(|regions| regions.iter().copied().collect::<BTreeSet<_>>())
    };
    let (before, after) = (region_set(before), region_set(after));
    let mut regions = BTreeMap::new();
    for region in before.iter().flatten() {
        regions.insert(*region, if after.is_some() { RegionFate::Gone } else { RegionFate::Kept });
    }
    for region in after.iter().flatten() {
        let fate = if before.is_some() { RegionFate::Gained } else { RegionFate::Kept };
        regions.entry(*region).and_modify(|fate| *fate = RegionFate::Kept).or_insert(fate);
    }
    let len = |regions: Option<BTreeSet<_>>| regions.map(|regions| regions.len());
    Some(RegionChart { id, uuid, before: len(before), after: len(after), regions })
}

/// The section `Regions of TAs`.
pub(super) fn section(maps: &RegionCharts<'_>) -> Markup {
    html! {
        section #regions aria-labelledby="regions-h" {
            h2 #regions-h { "Regions of TAs" }
            @match maps.both {
                None => p { "No snapshot contains TA regions." },
                Some((before, after)) => {
                    p .dim {
                        "By address, not to scale: before (" (moment(before.moment)) ") and after ("
                        (moment(after.moment)) "). Gained regions are taller."
                    }
                    (legend())
                    @for map in maps.maps.iter().take(INSTANCES) { (instance(map)) }
                    @if maps.maps.len() > INSTANCES {
                        p { (number((maps.maps.len() - INSTANCES) as u64)) " more instances not drawn." }
                    }
                    (gaps(after))
                }
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        ul .legend {
            @for (class, name) in [("kept", "kept"), ("gained", "gained"), ("gone", "gone")] {
                li {
                    svg viewBox="0 0 14 14" aria-hidden="true" {
                        rect class=(class) x="1" y="1" width="12" height="12" {}
                    }
                    (name)
                }
            }
        }
    }
}

/// Instances whose regions were not completely observed in the last snapshot.
fn gaps(after: &Sample) -> Markup {
    let instances = after.instances.value().into_iter().flatten();
    html! {
        @for (instance, gap) in instances.filter_map(|one| Some((one, Completeness::gap(&one.regions)?))) {
            p { "TA " code { (instance.uuid) } " not completely observed: " (gap.reason) "." }
        }
    }
}

fn instance(map: &RegionChart) -> Markup {
    let total = |fate| {
        let regions = map.regions.iter().filter(|(_, of)| **of == fate);
        regions.fold((0_u64, 0_u64), |(n, bytes), (region, _)| {
            (n + 1, bytes.saturating_add(region.size))
        })
    };
    let (gained, gone) = (total(RegionFate::Gained), total(RegionFate::Gone));
    let count_text = |n: Option<usize>| n.map_or("not observed".to_owned(), |n| number(n as u64));
    let caption = format!(
        "{} regions before, {} after; {} bytes gained in {}, {} bytes gone",
        count_text(map.before),
        count_text(map.after),
        number(gained.1),
        count(gained.0, "region"),
        number(gone.0)
    );
    html! {
        figure .map {
            h3 { "TA " code { (map.uuid) } " " span .dim { "instance " (map.id) } }
            @if !map.regions.is_empty() {
                div .scroll tabindex="0" role="region" aria-label={ "Regions of instance " (map.id) } {
                    (picture(map, &caption))
                }
            }
            figcaption { (caption) "." }
            @if gained.0 + gone.0 > 0 { (table(map)) }
        }
    }
}

/// A region of the drawing, or merged neighbours with the same change.
struct RegionCell {
    va: u64,
    end: u64,
    fate: RegionFate,
    n: u64,
    weight: f64,
    /// Whether it starts at the end of the previous cell.
    joined: bool,
}

fn cells(map: &RegionChart) -> Vec<RegionCell> {
    let group_size = map.regions.len().div_ceil(DRAWN).max(1) as u64;
    let mut cells: Vec<RegionCell> = Vec::new();
    for (region, fate) in &map.regions {
        let end = region.va.saturating_add(region.size);
        let weight = 1.0 + (region.size as f64 / 4096.0).max(1.0).log2() * 0.35;
        let is_adjacent = cells.last().is_some_and(|last| last.end == region.va);
        match cells.last_mut() {
            Some(last) if is_adjacent && last.fate == *fate && last.n < group_size => {
                (last.end, last.n) = (end, last.n + 1);
            }
            _ => cells.push(RegionCell {
                va: region.va,
                end,
                fate: *fate,
                n: 1,
                weight,
                joined: is_adjacent,
            }),
        }
    }
    cells
}

fn picture(map: &RegionChart, caption: &str) -> Markup {
    let cells = cells(map);
    let free = |cell: &RegionCell| if cell.joined { 0.0 } else { 0.6 };
    let sum: f64 = cells.iter().map(|cell| cell.weight + free(cell)).sum();
    let unit = ((WIDTH - NAME) / sum.max(1.0)).min(24.0);
    let mut x = NAME;
    let places: Vec<_> = cells
        .iter()
        .map(|cell| {
            let cell_x = x + free(cell) * unit;
            x = cell_x + cell.weight * unit;
            (cell_x, cell.weight * unit)
        })
        .collect();
    html! {
        svg .regions viewBox=(format!("0 0 {WIDTH} 104")) width=(WIDTH) height="104" role="img"
            aria-labelledby={ "map-" (map.id) } {
            title id={ "map-" (map.id) } { (caption) }
            text x="0" y="27" { "before" }
            text x="0" y="67" { "after" }
            (row(&cells, &places, 12.0, &[RegionFate::Kept, RegionFate::Gone]))
            (row(&cells, &places, 52.0, &[RegionFate::Kept, RegionFate::Gained]))
            (addresses(&cells, &places))
        }
    }
}

/// One SVG path per fate, to keep the page small.
fn row(cells: &[RegionCell], places: &[(f64, f64)], top: f64, fates: &[RegionFate]) -> Markup {
    let path = |fate: RegionFate| -> String {
        let high = if fate == RegionFate::Gained { 29 } else { 22 };
        let matches = cells.iter().zip(places).filter(|(cell, _)| cell.fate == fate);
        matches
            .map(|(_, (left, wide))| {
                let wide = Px((wide - 0.8).max(0.6));
                format!("M{} {top}h{wide}v{high}h-{wide}z", Px(*left))
            })
            .collect()
    };
    html! {
        @for fate in fates {
            @let class = match fate {
                RegionFate::Kept => "kept",
                RegionFate::Gained => "gained",
                RegionFate::Gone => "gone",
            };
            path class=(class) d=(path(*fate)) {}
        }
    }
}

/// Address labels where ranges start or the fate changes, as far as there is room.
fn addresses(cells: &[RegionCell], places: &[(f64, f64)]) -> Markup {
    let mut free = 0.0;
    let mut labels = Vec::new();
    let mut fate = None;
    for (cell, (left, _)) in cells.iter().zip(places) {
        let is_start = !cell.joined || fate != Some(cell.fate);
        fate = Some(cell.fate);
        if is_start && *left >= free {
            free = left + 92.0;
            labels.push((*left, cell.va));
        }
    }
    html! {
        @for (left, va) in labels.into_iter().filter(|(left, _)| left + 80.0 < WIDTH) {
            line .tick x1=(Px(left)) x2=(Px(left)) y1="82" y2="88" {}
            text .small x=(Px(left)) y="99" { (format!("{va:#x}")) }
        }
    }
}

/// Gained and gone regions; similar neighbours share a row.
fn table(map: &RegionChart) -> Markup {
    let changes: Vec<_> =
        map.regions.iter().filter(|(_, fate)| **fate != RegionFate::Kept).collect();
    let is_same_run = |a: &(&Region, &RegionFate), b: &(&Region, &RegionFate)| {
        a.0.va.checked_add(a.0.size) == Some(b.0.va)
            && (a.0.size, a.0.access, a.1) == (b.0.size, b.0.access, b.1)
    };
    let rows: Vec<_> = changes.chunk_by(is_same_run).collect();
    html! {
        details {
            summary { "Changed regions: " (count(changes.len() as u64, "region")) }
            table {
                thead { tr { @for name in ["From", "To", "Regions", "Bytes each", "Access", ""] {
                    th scope="col" { (name) }
                } } }
                tbody { @for run in rows.iter().take(ROWS) { (table_row(run)) } }
            }
            @if rows.len() > ROWS { p { (number((rows.len() - ROWS) as u64)) " more rows not shown." } }
        }
    }
}

fn table_row(run: &[(&Region, &RegionFate)]) -> Markup {
    let ((first, fate), (last, _)) = (run[0], run[run.len() - 1]);
    html! {
        tr {
            td { code { (format!("{:#x}", first.va)) } }
            td { code { (format!("{:#x}", last.va.saturating_add(last.size))) } }
            td .num { (number(run.len() as u64)) }
            td .num { (number(first.size)) }
            td { code { (access(first.access)) } }
            td { @if *fate == RegionFate::Gone { "gone" } @else { "gained" } }
        }
    }
}
