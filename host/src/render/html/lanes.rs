//! The calls that show a finding: one lane per caller, in order from left to right.

use maud::{Markup, html};
use teeleak_analysis::{
    model::{Finding, StepRef, Time},
    text,
};

use super::scale::Px;
use crate::render::{
    place::{self, truncate},
    steps::{self, LaneStep, StepOrder, arrange, parties},
};

/// Width of a step and of the gap between steps; height of a lane, of its name and of a step.
const STEP: f64 = 132.0;
const BETWEEN: f64 = 22.0;
const LANE: f64 = 72.0;
const NAME: f64 = 22.0;
const BOX: f64 = 42.0;

/// Maximum characters of a lane's name.
const LETTERS: usize = 40;
const STEP_LETTERS: usize = 17;

/// The sequence of a finding as a drawing and a table; empty if it has none.
pub(super) fn calls_figure(id: &str, finding: &Finding) -> Markup {
    let Some((steps, expected)) = steps::sequence(finding) else { return Markup::default() };
    let cells = arrange(finding, steps, expected);
    html! {
        h4 { "Calls in question" }
        div .scroll tabindex="0" role="region" aria-label={ "Calls of finding " (id) } {
            (picture(id, &cells))
            (table(&cells, steps))
        }
        @if !expected.is_empty() {
            p .expected { b { "Expected order: " } code { (expected) } }
        }
    }
}

fn picture(id: &str, drawn: &[LaneStep<'_>]) -> Markup {
    let parties = parties(drawn);
    let lane = |one: &LaneStep<'_>| match one {
        LaneStep::Taken(step, _) => {
            let party = place::party(&step.event);
            parties.iter().position(|known| *known == party).unwrap_or(0)
        }
        LaneStep::Missing(_) => 0,
    };
    let wide = (drawn.len() as f64 * (STEP + BETWEEN)).max(300.0);
    let high = parties.len() as f64 * LANE + 4.0;
    let middle = |lane: usize| lane as f64 * LANE + NAME + BOX / 2.0;
    let column_x = |column: usize| 1.5 + column as f64 * (STEP + BETWEEN);
    html! {
        svg .lanes width=(wide) height=(high) viewBox=(format!("0 0 {wide} {high}")) role="img"
            aria-labelledby={ "lanes-" (id) } {
            title id={ "lanes-" (id) } { "calls by process, in order; see the table below" }
            @for (at, party) in parties.iter().enumerate() {
                line .lane x1="0" x2=(wide) y1=(middle(at)) y2=(middle(at)) {}
                text .party x="0" y=(middle(at) - BOX / 2.0 - 8.0) { (truncate(party, LETTERS)) }
            }
            @for (column, pair) in drawn.windows(2).enumerate() {
                path .to d=(format!("M{} {}L{} {}", column_x(column) + STEP, middle(lane(&pair[0])),
                    column_x(column + 1), middle(lane(&pair[1])))) {}
            }
            @for (column, one) in drawn.iter().enumerate() {
                (step_box(one, column_x(column), middle(lane(one)) - BOX / 2.0))
            }
        }
    }
}

fn step_box(one: &LaneStep<'_>, x: f64, y: f64) -> Markup {
    let (class, name, below) = match one {
        LaneStep::Missing(name) => ("missing", *name, "missing".to_owned()),
        LaneStep::Taken(step, stand) => {
            let result = place::short_result(&step.event);
            match stand.words() {
                Some(words) => ("wrong", &*step.step, format!("⚠ {words}")),
                None if step.event.has_failed() => ("failed", &*step.step, result),
                None => ("right", &*step.step, result),
            }
        }
    };
    let middle = Px(x + STEP / 2.0);
    html! {
        g class={ "step " (class) } {
            rect x=(x) y=(y) width=(STEP) height=(BOX) rx="5" {}
            text .mid x=(middle) y=(y + 18.0) { (truncate(name, STEP_LETTERS)) }
            text .mid .small x=(middle) y=(y + 33.0) { (truncate(&below, STEP_LETTERS)) }
        }
    }
}

fn table(drawn: &[LaneStep<'_>], steps: &[StepRef]) -> Markup {
    let first = &steps[0].event;
    let source = &first.place.source;
    let source = Some(source).filter(|one| steps.iter().all(|s| s.event.place.source == **one));
    html! {
        table .calls {
            @if let Some(source) = source { caption { "Where: frame or line of " code { (source) } } }
            thead { tr {
                @for name in ["Event", "After", "Who", "Step", "Keys", "Session", "Command", "Result", "Where"] {
                    th scope="col" { (name) }
                }
            } }
            tbody {
                @for one in drawn {
                    @match one {
                        LaneStep::Taken(step, stand) => (row(step, *stand, first.time, source.is_some())),
                        LaneStep::Missing(name) => tr .missing {
                            td {} td {} td {} td { b { (name) } } td colspan="5" { "missing" }
                        },
                    }
                }
            }
        }
    }
}

/// The location omits its source if it is the `same` for all rows.
fn row(
    StepRef { step, keys, event }: &StepRef,
    stand: StepOrder,
    first: Option<Time>,
    same: bool,
) -> Markup {
    html! {
        tr .wrong[stand != StepOrder::Right] {
            td .num { "#" (event.seq) }
            td .num { (elapsed(first, event.time)) }
            td { (place::party(event)) }
            td {
                b { (step) }
                @if let Some(words) = stand.words() { " " span .tag .bad { (words) } }
            }
            td { (keys) }
            td .num { @if let Some(session) = event.session { (session) } }
            td .num { @if let Some(cmd) = event.cmd { (cmd) } }
            td { (place::result(event)) }
            td { code { @if same { ":" (event.place.at) } @else { (place::short_place(&event.place)) } } }
        }
    }
}

/// Time since the first call; empty if unknown.
fn elapsed(first: Option<Time>, this: Option<Time>) -> String {
    steps::after_ns(first, this).map_or_else(String::new, |ns| text::elapsed(ns, "µs"))
}
