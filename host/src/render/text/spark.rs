//! Growth as a spark line: one character per value.

use teeleak_analysis::{
    model::{Evidence, Finding, Observation},
    text,
};

use super::{line::TextLine, page::TextPage};
use crate::render::plot_points::PlotPoints;

/// Characters from the lowest value to the highest.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// Maximum number of characters; of a longer series only every `n`th value is drawn.
const MOST: usize = 64;

/// Characters on the narrowest page.
const LEAST: usize = 8;

/// Separates the values before the first iteration from the judged ones.
const BEGIN: char = '|';

/// One character per value; the lowest level if all values are equal.
pub(crate) fn letters(values: &[f64], unicode: bool) -> String {
    let scale = if unicode { &BLOCKS } else { &ASCII };
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let steps = (1..scale.len()).map(|step| step as f64 / scale.len() as f64);
    let steps: Vec<_> = steps.map(|part| min + part * (max - min)).collect();
    let level =
        |value: &f64| if max > min { steps.partition_point(|step| value >= step) } else { 0 };
    values.iter().map(|value| scale[level(value)]).collect()
}

/// Spark line of a finding; `|` marks the first iteration.
pub(super) fn spark_line(
    finding: &Finding,
    observation: Option<&Observation>,
    line: TextLine,
    page: &TextPage<'_>,
) -> Option<TextLine> {
    let points = observation
        .and_then(|seen| PlotPoints::from_finding(finding, seen))
        .or_else(|| bare(finding))?;
    // The value after the warm-up belongs to no iteration: it goes left of the first one.
    let is_before = |at: f64| !points.before.is_empty() && at <= 0.0;
    let columns = page.layout().columns.map_or(MOST, |all| all.saturating_sub(line.columns()));
    let room = columns.min(MOST).saturating_sub(1).max(LEAST);
    let all_values: Vec<_> = points.values().collect();
    let step = all_values.len().div_ceil(room);
    // Counted from the end, so that the last value is always drawn.
    let picked_points: Vec<_> = all_values.iter().rev().step_by(step).rev().copied().collect();
    let values: Vec<_> = picked_points.iter().map(|(_, value)| *value).collect();
    let begin = picked_points.iter().filter(|(at, _)| is_before(*at)).count();
    let blocks: Vec<char> = letters(&values, page.layout().unicode).chars().collect();
    let (before, judged) = blocks.split_at(begin);
    let mut line = line.dim(before.iter().collect::<String>());
    if !before.is_empty() {
        line = line.dim(BEGIN);
    }
    line = line.text(judged.iter().collect::<String>());
    let first = points.judged.iter().find(|(at, _)| !is_before(*at))?.0;
    let text =
        format!("  {}, iterations {first} to {}", range(&values, &points), all_values.last()?.0);
    let thinned = if step > 1 {
        format!(", every {} value", text::ordinal(step as u64))
    } else {
        String::new()
    };
    let preface = if begin > 0 { preface(&points) } else { String::new() };
    Some(line.text(text).text(thinned).text(preface))
}

/// Values of the lowest and the highest character: `3 to 23 open sessions`.
fn range(values: &[f64], points: &PlotPoints) -> String {
    let fold = |pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick).unwrap_or(0.0);
    format!(
        "{} to {} {}",
        text::decimal(fold(f64::min)),
        text::decimal(fold(f64::max)),
        points.what
    )
}

/// Points of a finding without an observation.
fn bare(finding: &Finding) -> Option<PlotPoints> {
    let series = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Series(series) if !series.is_empty() => Some(series),
        _ => None,
    })?;
    let values = series.iter().map(|(at, value)| (f64::from(*at), *value)).collect();
    Some(PlotPoints::from_values(finding, values))
}

/// Stages before the first iteration: `; before |: 3 idle, 2 warm-up`.
fn preface(points: &PlotPoints) -> String {
    let texts: Vec<_> = points
        .stretches
        .iter()
        .map(|(stage, from, to)| {
            format!("{} {}", text::decimal(to - from), text::stage_label(*stage))
        })
        .collect();
    format!("; before {BEGIN}: {}", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn the_least_is_low_and_the_most_high() {
        assert_eq!(letters(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], true), "▁▂▃▄▅▆▇█");
        assert_eq!(letters(&[7.0, 0.0, 3.5], false), "#_=");
        assert_eq!(letters(&[5.0, 5.0], true), "▁▁");
        assert_eq!(letters(&[], true), "");
        assert_eq!(letters(&[f64::NAN, 1.0, 2.0], false), "_:#".replace(':', "_"));
    }
}
