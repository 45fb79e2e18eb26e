//! Growth after each fall: a buffer that is emptied now and then, or a process that restarts.

use super::{Blocks, Family, Shape, refine};

/// How many times the usual change a fall must be.
const FALL: f64 = 6.0;

/// Share of the range that a fall must be at least.
const LEAST: f64 = 0.1;

/// Most falls per value.
const MOST: f64 = 0.34;

/// Most falls that are restarts, between which growth counts; more are teeth, across which it does.
const FEW: usize = 3;

/// How much higher than ever before a rise must be that no limit is known for.
const BEYOND: f64 = 1.7;

/// Iterations since the last fall, for each block.
#[derive(Clone, Debug)]
pub(in super::super) struct Ages {
    /// Mean of the block.
    ages: Vec<f64>,
    /// Share of the block that lies before the first fall.
    before: Vec<f64>,
    /// Number of falls.
    falls: usize,
    /// How much higher the last rise is than the highest before it.
    beyond: f64,
}

impl Ages {
    /// `None` if the values do not fall now and then.
    pub(in super::super) fn new(points: &[(usize, f64)], blocks: &Blocks) -> Option<Self> {
        let falls = falls(points, blocks.range);
        if falls.is_empty() || falls.len() as f64 > MOST * points.len() as f64 {
            return None;
        }
        let age = |time: f64| {
            let count = falls.partition_point(|fall| *fall as f64 <= time);
            count.checked_sub(1).map_or(time, |n| time - falls[n] as f64)
        };
        let first = falls[0] as f64;
        Some(Self {
            ages: mean(points, blocks, age),
            before: mean(points, blocks, |time| if time < first { 1.0 } else { 0.0 }),
            falls: falls.len(),
            beyond: beyond(points, &falls)?,
        })
    }
}

/// How much higher the last value is than the highest before a fall, both above the lowest after one.
fn beyond(points: &[(usize, f64)], falls: &[usize]) -> Option<f64> {
    let index = |fall: &usize| points.partition_point(|(at, _)| at < fall);
    let after = falls.iter().map(|fall| points[index(fall)].1).fold(f64::MAX, f64::min);
    let before = falls.iter().map(|fall| points[index(fall) - 1].1).fold(f64::MIN, f64::max);
    let step = (before - after) / longest(points, falls).max(1) as f64;
    Some((points.last()?.1 - after) / (before - after + step))
}

/// Iterations of the longest rise before a fall.
fn longest(points: &[(usize, f64)], falls: &[usize]) -> usize {
    let begins = std::iter::once(points.first().map_or(0, |point| point.0));
    begins
        .chain(falls.iter().copied())
        .zip(falls)
        .map(|(begin, end)| end - begin)
        .max()
        .unwrap_or(1)
}

/// The iterations of values that are far lower than those before.
fn falls(points: &[(usize, f64)], range: f64) -> Vec<usize> {
    let changes: Vec<_> = points.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    let usual = median(changes.clone());
    let spread = median(changes.iter().map(|change| (change - usual).abs()).collect());
    let limit = (FALL * spread).max(LEAST * range);
    let fallen = changes.iter().zip(&points[1..]).filter(|(change, _)| **change - usual < -limit);
    fallen.map(|(_, point)| point.0).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Means of a function of time within each block, times the roots of their weights.
fn mean(points: &[(usize, f64)], blocks: &Blocks, value: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut points = points.iter();
    let mean = |root: &f64| {
        let count = (root * root).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let block = points.by_ref().take(count as usize);
        block.map(|(time, _)| value(*time as f64)).sum::<f64>() / root
    };
    blocks.roots.iter().map(mean).collect()
}

pub(super) fn shapes(blocks: &Blocks, ages: &Ages) -> Vec<Shape> {
    let line = blocks.column(|time| time);
    let (rise, before) = (ages.ages.clone(), ages.before.clone());
    let falls = ages.falls.min(4);
    if ages.beyond > BEYOND && ages.falls <= 2 {
        let shape = Shape::new(Family::Restart, blocks, vec![before, rise]);
        return vec![shape.parameters(falls)];
    }
    let bounded = Shape::new(Family::Teeth, blocks, vec![before.clone(), rise.clone()]);
    let mut shapes = vec![bounded.parameters(falls)];
    // After each fall it warms up.
    let age = |constant: f64| {
        let value = |(age, root): (&f64, &f64)| root * (-age / root / constant).exp();
        ages.ages.iter().zip(&blocks.roots).map(value).collect::<Vec<_>>()
    };
    let constants = (0.5, blocks.iterations / 6.0, 15);
    let constant =
        refine(blocks, std::slice::from_ref(&before), constants, |constant| [age(constant)]);
    let columns = vec![before.clone(), age(constant)];
    shapes.push(Shape::new(Family::Teeth, blocks, columns).parameters(falls + 1));
    if ages.falls >= 2 {
        let age = rise.iter().zip(&line).map(|(age, time)| age - time).collect();
        let shape = Shape::new(Family::TeethAndLine, blocks, vec![before, rise, line]);
        let since_fall = (ages.falls <= FEW).then_some(age);
        shapes.push(Shape { since_fall, ..shape.parameters(falls) });
    }
    shapes
}
