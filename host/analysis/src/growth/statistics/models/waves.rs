//! Sine waves of few cycles; those of more are removed before.

use super::{Blocks, Family, Shape, refine};

/// Longest period of a swing that must not be called a leak, in iterations; longer ones count if the
/// series is long enough to show them.
const SWING: f64 = 75.0;

/// Longest period as a multiple of the run that is usual.
const USUAL: f64 = 1.25;

/// Longest period as a multiple of the run.
const LONGEST: f64 = 3.0;

/// How much less likely longer periods than usual are.
const UNUSUAL: f64 = 3.0;

/// Longest period beside a line: slower ones bend it, no more.
const LONGEST_BESIDE_LINE: f64 = 0.9;

/// Most cycles.
const CYCLES: f64 = 12.0;

pub(super) fn shapes(blocks: &Blocks) -> Vec<Shape> {
    let n = blocks.iterations;
    if blocks.len() < 8 {
        return Vec::new();
    }
    let line = blocks.column(|time| time);
    let shortest = (n / CYCLES).max(4.0);
    let periods = (shortest, LONGEST * n, 60);
    let period = refine(blocks, &[], periods, |period| wave(blocks, period));
    let usual = SWING.max(USUAL * n);
    let handicap = if period > usual { UNUSUAL } else { 0.0 };
    let [cosine, sine] = wave(blocks, period);
    let tangents = vec![times_time(blocks, &cosine), times_time(blocks, &sine)];
    let alone = Shape::new(Family::Wave, blocks, vec![cosine, sine]);
    let periods = (shortest, LONGEST_BESIDE_LINE * n, 60);
    let period =
        refine(blocks, std::slice::from_ref(&line), periods, |period| wave(blocks, period));
    let [cosine, sine] = wave(blocks, period);
    let beside_line = Shape::new(Family::WaveAndLine, blocks, vec![cosine, sine, line]);
    vec![alone.parameters(1).handicap(handicap).tangents(tangents), beside_line.parameters(1)]
}

fn wave(blocks: &Blocks, period: f64) -> [Vec<f64>; 2] {
    let turn = std::f64::consts::TAU / period;
    [blocks.column(|time| (turn * time).cos()), blocks.column(|time| (turn * time).sin())]
}

fn times_time(blocks: &Blocks, column: &[f64]) -> Vec<f64> {
    column.iter().zip(&blocks.times).map(|(value, time)| value * time).collect()
}
