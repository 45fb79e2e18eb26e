//! All events as a timeline: one lane per process and TA, with the findings marked.

use std::collections::HashMap;

use maud::{Markup, html};
use teeleak_analysis::{
    audit::{self, Report},
    model::{Event, EventKind, Evidence, Origin},
    text::{count, number},
};
use teeleak_proto::Uuid;

use super::scale::{Px, Scale};
use crate::render::{place, view::ReportView};

/// Width of the drawing and of a lane's name; height of the space above the lanes and of a lane.
const WIDTH: f64 = 1000.0;
const NAME: f64 = 250.0;
const TOP: f64 = 50.0;
const LANE: f64 = 34.0;

/// Maximum characters of a lane's name.
const LETTERS: usize = 36;

/// Columns of a lane; with more events, each column stands for several.
const COLUMNS: usize = 240;

/// Maximum number of lanes, by first appearance.
const LANES: usize = 24;

/// Maximum number of marked findings, and rows of their numbers.
const MARKS: usize = 60;
const ROWS: usize = 3;

/// Owner of a lane.
#[derive(Clone, PartialEq, Eq, Hash)]
enum LaneOwner {
    /// A process of the normal world.
    Process(u32, String),
    /// An unknown process of the normal world.
    NormalWorld,
    /// A TA as a client.
    Client(u32),
    /// A TA or PTA that is called, or that maps memory.
    Served(u32, Option<Uuid>),
}

impl LaneOwner {
    /// Lane of the caller.
    fn caller(event: &Event) -> Option<Self> {
        let is_mapping = matches!(event.kind, EventKind::Map | EventKind::Unmap);
        match &event.by {
            Some(by) => Some(Self::Process(by.pid, by.comm.to_string())),
            None if is_mapping => None,
            None if event.opener == 0 => Some(Self::NormalWorld),
            None => Some(Self::Client(event.opener)),
        }
    }

    /// Lane of the called TA or PTA.
    fn callee(event: &Event) -> Option<Self> {
        let is_known = event.instance != 0 || event.uuid.is_some();
        is_known.then_some(Self::Served(event.instance, event.uuid))
    }

    fn name(&self) -> String {
        match self {
            Self::Process(pid, comm) => format!("{comm} pid {pid}"),
            Self::NormalWorld => "normal world, process unknown".to_owned(),
            Self::Client(instance) => format!("TA instance {instance} as a client"),
            Self::Served(0, Some(uuid)) => short(*uuid),
            Self::Served(instance, Some(uuid)) => {
                format!("TA {} (instance {instance})", short(*uuid))
            }
            Self::Served(instance, None) => format!("instance {instance}"),
        }
    }
}

/// The first part of a UUID.
fn short(uuid: Uuid) -> String {
    let text = uuid.to_string();
    format!("{}…", text.split('-').next().unwrap_or(&text))
}

/// A lane with its number of events and of failed events by column.
struct Lane {
    whose: LaneOwner,
    columns: Vec<(u64, u64)>,
}

impl Lane {
    fn sum(&self) -> (u64, u64) {
        self.columns.iter().fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1))
    }
}

/// The section `Timeline`.
pub(super) fn section(view: &ReportView<'_>) -> Markup {
    let events = &view.observation.events;
    html! {
        section #timeline aria-labelledby="timeline-h" {
            h2 #timeline-h { "Timeline" }
            @if events.is_empty() {
                p { "No events were recorded." }
            } @else {
                (drawing(events, view.report))
            }
        }
    }
}

fn drawing(events: &[Event], report: &Report) -> Markup {
    let events_per_column = events.len().div_ceil(COLUMNS).max(1);
    let lanes = lanes(events, events_per_column);
    let (shown, more) = lanes.split_at(lanes.len().min(LANES));
    html! {
        p .dim {
            (count(events.len() as u64, "event")) " in order, "
            @if events_per_column > 1 { (events_per_column) " per column" } @else { "one per column" }
            ", not to scale. One lane per caller and per called TA. \
             Red: failed calls. Marked above: the calls in question of a finding."
        }
        div .scroll tabindex="0" role="region" aria-label="Timeline of all events" {
            (picture(events, events_per_column, shown, report))
        }
        @if !more.is_empty() {
            p { (more.len()) " more lanes not drawn: "
                @for lane in more.iter().take(LANES) { (lane.whose.name()) " (" (lane.sum().0) "); " } }
        }
        (table(shown))
    }
}

fn lanes(events: &[Event], per: usize) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut lane_index: HashMap<LaneOwner, usize> = HashMap::new();
    let columns = events.len().div_ceil(per);
    for (at, event) in events.iter().enumerate() {
        for whose in [LaneOwner::caller(event), LaneOwner::callee(event)].into_iter().flatten() {
            let lane = *lane_index.entry(whose.clone()).or_insert_with(|| {
                lanes.push(Lane { whose, columns: vec![(0, 0); columns] });
                lanes.len() - 1
            });
            let column = &mut lanes[lane].columns[at / per];
            column.0 += 1;
            column.1 += u64::from(event.has_failed());
        }
    }
    // Callers above those who are called; each by first appearance.
    lanes.sort_by_key(|lane| matches!(lane.whose, LaneOwner::Served(..)));
    lanes
}

fn picture(events: &[Event], per: usize, lanes: &[Lane], report: &Report) -> Markup {
    let high = TOP + lanes.len() as f64 * LANE + 26.0;
    let scale = Scale::new((0.0, events.len() as f64), (NAME, WIDTH));
    let wide = (scale.position(per as f64).0 - NAME).max(1.0);
    html! {
        svg .timeline viewBox=(format!("0 0 {WIDTH} {high}")) width=(WIDTH) height=(high)
            role="group" aria-labelledby="timeline-t" {
            title #timeline-t {
                (count(lanes.len() as u64, "lane")) " of events by process and TA, in order"
            }
            (iterations(events, scale, high))
            (marks(events, scale, high, report))
            @for (n, lane) in lanes.iter().enumerate() {
                (drawn_lane(lane, TOP + n as f64 * LANE, wide))
            }
        }
    }
}

fn drawn_lane(lane: &Lane, top: f64, wide: f64) -> Markup {
    let max = lane.columns.iter().map(|(all, _)| *all).max().unwrap_or(1).max(1) as f64;
    let floor = top + LANE - 6.0;
    let path = |of: fn(&(u64, u64)) -> u64| -> String {
        let columns = lane.columns.iter().enumerate().filter(|(_, n)| of(n) > 0);
        let bar = columns.map(|(at, n)| {
            let x = Px(NAME + at as f64 * wide);
            let high = Px((of(n) as f64 / max * (LANE - 12.0)).max(2.0));
            format!("M{x} {floor}v-{high}h{}v{high}z", Px((wide * 0.85).max(0.8)))
        });
        bar.collect()
    };
    html! {
        text x="0" y=(floor - 5.0) { (place::truncate(&lane.whose.name(), LETTERS)) }
        line .axis x1=(NAME) x2=(WIDTH) y1=(floor) y2=(floor) {}
        path .events d=(path(|n| n.0)) {}
        path .failures d=(path(|n| n.1)) {}
    }
}

/// Starts of iterations, numbered as far as there is room.
fn iterations(events: &[Event], scale: Scale, high: f64) -> Markup {
    let mut starts = Vec::new();
    let mut last = None;
    for (at, event) in events.iter().enumerate() {
        if event.iteration.is_some() && event.iteration != last {
            starts.push((at, event.iteration.unwrap_or(0)));
            last = event.iteration;
        }
    }
    let step = starts.len().div_ceil(25).max(1);
    html! {
        @for (at, iteration) in starts.iter().step_by(step) {
            @let x = scale.position(*at as f64);
            line .grid x1=(x) x2=(x) y1=(TOP - 6.0) y2=(high - 20.0) {}
            text .mid .small x=(x) y=(high - 8.0) { (iteration) }
        }
        @if !starts.is_empty() { text .small x="0" y=(high - 8.0) { "iteration" } }
    }
}

/// The calls in question of each finding, with its number.
fn marks(events: &[Event], scale: Scale, high: f64, report: &Report) -> Markup {
    let mut places: HashMap<(Origin, u64), usize> = HashMap::new();
    for (at, event) in events.iter().enumerate() {
        places.entry((event.origin, event.seq)).or_insert(at);
    }
    let mut sequences = report.counted().iter().filter_map(|finding| {
        let steps = finding.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Sequence(steps) => Some(steps),
            _ => None,
        })?;
        let positions =
            steps.iter().filter_map(|step| places.get(&(step.event.origin, step.event.seq)));
        let (first, last) = (positions.clone().min()?, positions.max()?);
        let story = audit::story(finding, &report.findings);
        Some((report.number(&story.fingerprint)?, *first, *last + 1))
    });
    let mut free = [0.0; ROWS];
    let marks: Vec<_> = sequences
        .by_ref()
        .take(MARKS)
        .map(|(n, first, last)| {
            let (left, right) = (scale.position(first as f64).0, scale.position(last as f64).0);
            let middle = f64::midpoint(left, right);
            let row = free.iter().position(|free| *free <= middle - 14.0).unwrap_or(ROWS - 1);
            free[row] = middle + 14.0;
            (n, Px(left), Px((right - left).max(2.0)), Px(middle), 12.0 + row as f64 * 14.0)
        })
        .collect();
    let n_hidden = sequences.count();
    html! {
        @if n_hidden > 0 {
            text .small x="0" y="12" { (number(n_hidden as u64)) " more findings not marked" }
        }
        @for (_, left, wide, _, y) in &marks {
            rect .mark x=(left) y=(y + 2.0) width=(wide) height=(high - 22.0 - y) {}
        }
        @for (n, _, _, middle, y) in &marks {
            a href={ "#finding-" (n) } aria-label={ "finding " (n) } {
                text .mid x=(middle) y=(y) { "▼" (n) }
            }
        }
    }
}

/// The lanes as a table.
fn table(lanes: &[Lane]) -> Markup {
    html! {
        details {
            summary { "As a table" }
            table {
                thead { tr {
                    th scope="col" { "Lane" } th scope="col" { "Events" } th scope="col" { "Failed" }
                } }
                tbody {
                    @for lane in lanes {
                        tr {
                            td {
                                (lane.whose.name())
                                @if let LaneOwner::Served(_, Some(uuid)) = lane.whose {
                                    " " code { (uuid) }
                                }
                            }
                            td .num { (number(lane.sum().0)) }
                            td .num { (number(lane.sum().1)) }
                        }
                    }
                }
            }
        }
    }
}
