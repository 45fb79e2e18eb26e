//! Growth as a plot: values by iteration with a trend line, or survivors of each iteration.

use maud::{Markup, html};
use teeleak_analysis::{
    model::{Evidence, Finding, Observation, Stage},
    text::{count, decimal, number, stage_label},
};

use super::scale::{Px, Scale};
use crate::render::plot_points::{PlotPoints, TrendLine};

/// Size of a plot, and its margins: left, top, right, bottom.
const SIZE: (f64, f64) = (640.0, 220.0);
const FREE: (f64, f64, f64, f64) = (74.0, 14.0, 14.0, 38.0);

/// Maximum number of values drawn, to limit the size of the page.
const DRAWN: usize = 500;

/// Plot of a finding's growth; `None` if it has neither values nor survivors.
pub(super) fn growth_figure(
    n: &str,
    finding: &Finding,
    observation: &Observation,
) -> Option<Markup> {
    if let Some(points) = PlotPoints::from_finding(finding, observation) {
        return Some(values(n, &points));
    }
    finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Survivors(left) if !left.is_empty() => Some(bars(n, left)),
        _ => None,
    })
}

/// Both axes of a plot.
#[derive(Clone, Copy)]
struct Axes {
    x: Scale,
    y: Scale,
}

impl Axes {
    fn new(x: (f64, f64), y: (f64, f64)) -> Self {
        let (left, top, right, bottom) = FREE;
        let x = Scale::new(x, (left, SIZE.0 - right));
        Self { x, y: Scale::new(y, (SIZE.1 - bottom, top)) }
    }

    fn draw(self, across: &str, up: &str) -> Markup {
        let (left, top, right, bottom) = FREE;
        let (end, floor) = (Px(SIZE.0 - right), Px(SIZE.1 - bottom));
        html! {
            @for mark in self.y.ticks(4.0) {
                line .grid x1=(left) x2=(end) y1=(self.y.position(mark)) y2=(self.y.position(mark)) {}
                text .end x=(left - 8.0) y=(Px(self.y.position(mark).0 + 4.0)) { (decimal(mark)) }
            }
            @for mark in self.x.ticks(8.0) {
                text .mid x=(self.x.position(mark)) y=(Px(floor.0 + 16.0)) { (decimal(mark)) }
            }
            line .axis x1=(left) x2=(end) y1=(floor) y2=(floor) {}
            text .end x=(end) y=(Px(SIZE.1 - 4.0)) { (across) }
            text .up x=(left + 4.0) y=(Px(top - 2.0)) { (up) }
        }
    }
}

fn values(n: &str, points: &PlotPoints) -> Markup {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (_, value) in points.values() {
        (low, high) = (low.min(value), high.max(value));
    }
    let first = points.values().next().map_or(0.0, |(at, _)| at);
    let end = points.judged.last().map_or(0.0, |(at, _)| *at);
    let room = ((high - low) * 0.06).max(0.5);
    let axes = Axes::new((first, end), (low - room, high + room));
    let values: Vec<_> = points.values().collect();
    let step = values.len().div_ceil(DRAWN).max(1);
    let dots: String = values
        .iter()
        .step_by(step)
        .map(|(at, value)| format!("M{} {}h0", axes.x.position(*at), axes.y.position(*value)))
        .collect();
    html! {
        figure .plot {
            svg viewBox=(format!("0 0 {} {}", SIZE.0, SIZE.1)) role="img"
                aria-labelledby={ "plot-" (n) "-t plot-" (n) "-d" } {
                title id={ "plot-" (n) "-t" } { (points.what) " by iteration" }
                desc id={ "plot-" (n) "-d" } { (caption(points)) }
                (shades(points, axes, first))
                (axes.draw("iteration", points.what))
                @if let Some(line) = points.line { (drawn_line(line, points, axes)) }
                path .dots d=(dots) {}
            }
            figcaption {
                (caption(points))
                @if step > 1 { " Only every " (step) "th of " (values.len()) " values is drawn." }
            }
        }
    }
}

/// Description of the plot.
fn caption(points: &PlotPoints) -> String {
    let (Some(first), Some(last)) = (points.judged.first(), points.judged.last()) else {
        return String::new();
    };
    let [from, to] =
        [first, last].map(|(at, value)| format!("{} after iteration {}", decimal(*value), *at));
    let line = points.line.map_or(String::new(), |line| {
        format!("; the line grows by {:.2} per iteration", line.slope)
    });
    let shading =
        if points.before.is_empty() { "" } else { "; shaded: before the first iteration" };
    format!("{}: {from}, {to}{line}{shading}.", points.what)
}

fn drawn_line(line: TrendLine, points: &PlotPoints, axes: Axes) -> Markup {
    let (Some((from, _)), Some((to, _))) = (points.judged.first(), points.judged.last()) else {
        return Markup::default();
    };
    html! {
        line .fit x1=(axes.x.position(*from)) y1=(axes.y.position(line.value_at(*from)))
            x2=(axes.x.position(*to)) y2=(axes.y.position(line.value_at(*to))) {}
    }
}

/// Shades the values that do not count: before the workload, idle and warm-up.
fn shades(points: &PlotPoints, axes: Axes, from: f64) -> Markup {
    let (top, height) = (FREE.1, SIZE.1 - FREE.1 - FREE.3);
    html! {
        @for (stage, begin, end) in &points.stretches {
            @let left = axes.x.position(begin.max(from));
            @let wide = Px(axes.x.position(*end).0 - left.0);
            @let class = if *stage == Stage::Warmup { "warm" } else { "idle" };
            @let name = match stage {
                Stage::Warmup | Stage::Idle => stage_label(*stage),
                _ => "",
            };
            @if wide.0 > 0.0 {
                rect class=(class) x=(left) y=(top) width=(wide) height=(height) {}
                @if wide.0 > 40.0 || (*stage == Stage::Warmup && wide.0 > 16.0) {
                    text .shade x=(Px(left.0 + 3.0)) y=(top + 12.0) { (name) }
                }
            }
        }
    }
}

/// Bars of the survivors of each iteration.
fn bars(n: &str, left: &[(u32, u64)]) -> Markup {
    let (Some((from, _)), Some((to, _))) = (left.first(), left.last()) else {
        return Markup::default();
    };
    let max = left.iter().map(|(_, n)| *n).max().unwrap_or(0) as f64;
    let x = (f64::from(*from) - 0.5, f64::from(*to) + 0.5);
    let axes = Axes::new(x, (0.0, max * 1.1));
    let wide = Px(((axes.x.position(x.1).0 - axes.x.position(x.0).0) / (x.1 - x.0) * 0.7).max(1.0));
    let floor = axes.y.position(0.0).0;
    let d: String = left
        .iter()
        .step_by(left.len().div_ceil(DRAWN).max(1))
        .map(|(at, n)| {
            let x = Px(axes.x.position(f64::from(*at)).0 - wide.0 / 2.0);
            format!("M{x} {}h{wide}V{}h-{wide}z", Px(floor), axes.y.position(*n as f64))
        })
        .collect();
    let sum: u64 = left.iter().map(|(_, n)| n).sum();
    let iterations = count(left.len() as u64, "iteration");
    let text =
        format!("{} outstanding, acquired in {iterations} from {from} to {to}.", number(sum));
    html! {
        figure .plot {
            svg viewBox=(format!("0 0 {} {}", SIZE.0, SIZE.1)) role="img"
                aria-labelledby={ "plot-" (n) "-t plot-" (n) "-d" } {
                title id={ "plot-" (n) "-t" } { "outstanding objects by iteration" }
                desc id={ "plot-" (n) "-d" } { (text) }
                (axes.draw("acquired in iteration", "never released"))
                path .bars d=(d) {}
            }
            figcaption { (text) }
        }
    }
}

/// A series as a small line; empty with fewer than two values.
pub(super) fn spark(course: &[Option<u64>]) -> Markup {
    let observed_values: Vec<_> =
        course.iter().enumerate().filter_map(|(at, n)| Some((at as f64, (*n)? as f64))).collect();
    let (Some(first), Some(last)) = (observed_values.first(), observed_values.last()) else {
        return Markup::default();
    };
    if observed_values.len() < 2 {
        return Markup::default();
    }
    let values = || observed_values.iter().map(|(_, value)| *value);
    let span = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let (x, y) = (Scale::new((first.0, last.0), (1.0, 79.0)), Scale::new(span, (17.0, 1.0)));
    let step = observed_values.len().div_ceil(40).max(1);
    let mut d = String::new();
    let mut previous_y = None;
    for (at, value) in observed_values.iter().step_by(step).chain([last]) {
        // A level is one segment: most series are flat or rise in steps.
        let (x, y) = (x.position(*at), y.position(*value));
        match previous_y {
            None => d.push_str(&format!("M{x} {y}")),
            Some(same) if same == y => d.push_str(&format!("H{x}")),
            Some(_) => d.push_str(&format!("L{x} {y}")),
        }
        previous_y = Some(y);
    }
    html! {
        svg .spark viewBox="0 0 80 18" aria-hidden="true" { path d=(merge_levels(&d)) {} }
    }
}

/// Merges consecutive segments along one level.
fn merge_levels(d: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = d;
    while let Some(end) = rest[1.min(rest.len())..].find(['H', 'L']).map(|at| at + 1) {
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts.push(rest);
    let level = |part: &&str| part.starts_with('H');
    let keep = |n: usize| !(level(&parts[n]) && parts.get(n + 1).is_some_and(level));
    (0..parts.len()).filter(|n| keep(*n)).map(|n| parts[n]).collect()
}

#[cfg(test)]
mod tests {
    use super::spark;

    #[test]
    fn a_level_is_drawn_once() {
        let flat = spark(&[Some(3); 20]).into_string();
        assert!(flat.contains("d=\"M1 9H79\""), "{flat}");
        let rises = spark(&[Some(1), Some(1), None, Some(2), Some(2)]).into_string();
        assert!(rises.contains("d=\"M1 17H20.5L59.5 1H79\""), "{rises}");
    }
}
