//! Levels that change, alone and beside a line.

use super::{Blocks, Family, Model, Shape, partition::changes};

/// Fewest rises that are high-water marks; fewer are steps.
const FEWEST_MARKS: usize = 3;

/// Most changes of the level.
const MOST: usize = 6;

/// The same beside a line.
const MOST_BESIDE_LINE: usize = 4;

/// Times that the line and the changes beside it are improved in turn.
const ROUNDS: usize = 3;

pub(super) fn shapes(blocks: &Blocks) -> Vec<Shape> {
    let changes = changes(&blocks.values, &blocks.roots, MOST);
    let levels = changes.iter().map(|positions| {
        let shape = Shape::new(Family::Steps, blocks, columns(blocks, positions));
        let last = positions.last().map_or(0.0, |at| blocks.times[*at]);
        let shape = shape.turn(last);
        shape.parameters(2 * positions.len())
    });
    let marks = changes.iter().filter_map(|positions| high_water_marks(blocks, positions));
    let most = MOST_BESIDE_LINE.min(blocks.len() / 6);
    let slope = usual_slope(blocks);
    let beside_line = (1..=most).map(|count| beside_line(blocks, slope, count));
    levels.chain(marks).chain(beside_line).collect()
}

/// Levels that only rise, as the highest of ever more random values does: a higher one comes at iteration t
/// with probability 1 / t (Renyi's theorem on records), so rises at first and ever rarer ones are likelier
/// than others.
fn high_water_marks(blocks: &Blocks, positions: &[usize]) -> Option<Shape> {
    let count = |at: usize| blocks.times[at] + 1.0;
    let none = |at: usize| count(at - 1) / count(at);
    let logarithm = |at: usize| {
        let none = none(at);
        if positions.contains(&at) { (1.0 - none).ln() } else { none.ln() }
    };
    let likelihood: f64 = (1..blocks.len()).map(logarithm).sum();
    let levels = levels(blocks, positions);
    let rises = levels.windows(2).all(|pair| pair[1] > pair[0]);
    (rises && positions.len() >= FEWEST_MARKS).then(|| {
        let shape = Shape::new(Family::HighWater, blocks, columns(blocks, positions));
        let last = positions.last().map_or(0.0, |at| blocks.times[*at]);
        shape.turn(last).handicap(-likelihood)
    })
}

/// The mean before the first change, after it, and so on.
fn levels(blocks: &Blocks, positions: &[usize]) -> Vec<f64> {
    let begins = std::iter::once(0).chain(positions.iter().copied());
    let ends = positions.iter().copied().chain([blocks.len()]);
    let mean = |(begin, end): (usize, usize)| {
        let (values, roots) = (&blocks.values[begin..end], &blocks.roots[begin..end]);
        let weight: f64 = roots.iter().map(|root| root * root).sum();
        values.iter().zip(roots).map(|(value, root)| value * root).sum::<f64>() / weight
    };
    begins.zip(ends).map(mean).collect()
}

fn beside_line(blocks: &Blocks, mut slope: f64, count: usize) -> Shape {
    let mut shape = None;
    for _ in 0..ROUNDS {
        let line = blocks.column(|time| time);
        let rest: Vec<_> =
            blocks.values.iter().zip(&line).map(|(value, time)| value - slope * time).collect();
        let positions = changes(&rest, &blocks.roots, count).pop().unwrap_or_default();
        let mut columns = columns(blocks, &positions);
        columns.push(line);
        let next =
            Shape::new(Family::StepsAndLine, blocks, columns).parameters(2 * positions.len());
        slope = Model::new(blocks, next.clone()).last.coefficient;
        shape = Some(next);
    }
    shape.unwrap_or_else(|| Shape::new(Family::Level, blocks, Vec::new()))
}

fn columns(blocks: &Blocks, positions: &[usize]) -> Vec<Vec<f64>> {
    let column = |at: &usize| {
        let after = |(n, root): (usize, &f64)| if n >= *at { *root } else { 0.0 };
        blocks.roots.iter().enumerate().map(after).collect()
    };
    positions.iter().map(column).collect()
}

/// The median slope from each block to the one a few later, which steps hardly change.
fn usual_slope(blocks: &Blocks) -> f64 {
    let lag = (blocks.len() / 12).max(1);
    let value = |at: usize| blocks.values[at] / blocks.roots[at];
    let mut slopes: Vec<_> = (lag..blocks.len())
        .map(|at| (value(at) - value(at - lag)) / (blocks.times[at] - blocks.times[at - lag]))
        .collect();
    slopes.sort_unstable_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or(0.0)
}
