//! Growth that becomes ever slower or ever faster.

use super::{Blocks, Family, Shape, refine};

/// Longest time constant of a warm-up that must not be called a leak, in iterations; longer ones
/// count if the series is long enough to show them.
const WARM_UP: f64 = 27.0;

/// Longest time constant as a share of the run.
const SLOWEST: f64 = 0.45;

/// The same beside a line: slower ones bend so little that they equal a line.
const SLOWEST_BESIDE_LINE: f64 = 0.25;

pub(super) fn shapes(blocks: &Blocks) -> Vec<Shape> {
    let n = blocks.iterations;
    let saturation =
        |constant: f64| move |blocks: &Blocks| blocks.column(|time| (-time / constant).exp());
    let line = blocks.column(|time| time);
    let slowest = if n < 40.0 { 3.0 * n } else { WARM_UP.max(SLOWEST * n) };
    let mut shapes = Vec::new();
    let constant = refine(blocks, &[], (0.3, slowest, 40), |c| [saturation(c)(blocks)]);
    let curve = saturation(constant)(blocks);
    let tangent = blocks.column(|time| time * (-time / constant).exp());
    let shape = Shape::new(Family::Saturation, blocks, vec![curve]);
    shapes.push(shape.parameters(1).tangents(vec![tangent]));
    let beside_line = (0.3, SLOWEST_BESIDE_LINE * n, 30);
    let constant =
        refine(blocks, std::slice::from_ref(&line), beside_line, |c| [saturation(c)(blocks)]);
    let columns = vec![saturation(constant)(blocks), line];
    shapes.push(Shape::new(Family::SaturationAndLine, blocks, columns).parameters(1));
    let high_water = |scale: f64| move |blocks: &Blocks| blocks.column(|t| (1.0 + t / scale).ln());
    let scale = refine(blocks, &[], (0.3, n / 8.0, 12), |s| [high_water(s)(blocks)]);
    let tangent = blocks.column(|time| time / (time + scale));
    let shape = Shape::new(Family::HighWater, blocks, vec![high_water(scale)(blocks)]);
    shapes.push(shape.parameters(1).tangents(vec![tangent]));
    // The coefficient of the second is the growth at the end.
    let bend = blocks.column(|time| time - time * time / (2.0 * n));
    let square = blocks.column(|time| time * time / (2.0 * n));
    shapes.push(Shape::new(Family::Accelerating, blocks, vec![bend, square]));
    shapes
}
