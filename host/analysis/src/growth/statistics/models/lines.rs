//! Even growth that begins or ends within the series, or changes.

use super::{Blocks, Family, Shape, best};

/// Share of the run after a knee that must be left for its growth to count.
const SHORTEST: f64 = 0.2;

/// Blocks likewise.
const FEWEST: usize = 4;

/// Share of the run before a plateau that is usual.
const USUAL: f64 = 0.85;

/// How much less likely what happened just at the end is.
const AT_THE_END: f64 = 3.0;

pub(super) fn shapes(blocks: &Blocks) -> Vec<Shape> {
    let count = blocks.len();
    let knots = || blocks.times[1..count.saturating_sub(1).max(1)].iter().copied();
    let before = |knot: f64| blocks.column(|time| time.min(knot));
    let after = |knot: f64| blocks.column(|time| (time - knot).max(0.0));
    let last = blocks.times[count.saturating_sub(1 + FEWEST)];
    let shortest = ((1.0 - SHORTEST) * blocks.iterations).min(last);
    let growing = || knots().filter(|knot| *knot <= shortest);
    let mut shapes = Vec::new();
    if let Some(knot) = best(blocks, &[], knots(), |knot| [before(knot)]) {
        let handicap = if knot > USUAL * blocks.iterations { AT_THE_END } else { 0.0 };
        shapes.push(
            Shape::new(Family::Plateau, blocks, vec![before(knot)])
                .parameters(1)
                .turn(knot)
                .handicap(handicap)
                .addition(after(knot)),
        );
    }
    if let Some(knot) = best(blocks, &[], growing(), |knot| [after(knot)]) {
        shapes.push(Shape::new(Family::Late, blocks, vec![after(knot)]).parameters(1).turn(knot));
    }
    let beginning = knots().filter(|knot| *knot > shortest);
    if let Some(knot) = best(blocks, &[], beginning, |knot| [after(knot)]) {
        let shape = Shape::new(Family::Beginning, blocks, vec![after(knot)]);
        shapes.push(shape.parameters(1).turn(knot));
    }
    // Beside a line, what a knee explains does not depend on which side of it the column has.
    let line = [blocks.column(|time| time)];
    if let Some(knot) = best(blocks, &line, growing(), |knot| [after(knot)]) {
        let knee = Shape::new(Family::Knee, blocks, vec![before(knot), after(knot)])
            .parameters(1)
            .turn(knot);
        shapes.push(knee);
    }
    shapes
}
