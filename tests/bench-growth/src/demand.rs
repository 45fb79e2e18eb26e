//! What is asked of the verdicts.

use teeleak_bench_growth::{Class, Truth};

use crate::table::Row;

/// Most leaks where there is none, as a share of the series.
const FALSE: f64 = 0.01;

/// Most leaks that are called bounded.
const MISSED: f64 = 0.002;

/// Most verdicts where nobody can know.
const GUESSED: f64 = 0.02;

/// Highest median error of the slope.
const SLOPE: f64 = 0.05;

/// Iterations, and the share of the leaks that must be found within them: of all, and of each class.
const FOUND: [(usize, f64, f64); 2] = [(60, 0.95, 0.9), (200, 0.99, 0.9)];

/// What falls short.
pub(crate) fn shortfalls<'a>(
    iterations: usize,
    rows: impl Iterator<Item = (&'a Class, &'a Row)> + Clone,
) -> Vec<String> {
    let of_class = rows.clone().flat_map(|(class, row)| {
        let what = of_class(iterations, class.truth, row);
        what.into_iter().map(|what| format!("{}, {iterations} iterations: {what}", class.name))
    });
    let mut short: Vec<_> = of_class.collect();
    let leaks = rows.filter(|(class, row)| class.truth == Truth::Leak && row.series > 0);
    let found: Vec<_> = leaks.map(|(_, row)| row.part(row.said[0])).collect();
    let mean = found.iter().sum::<f64>() / found.len().max(1) as f64;
    if demanded(iterations).is_some_and(|(all, _)| mean < all) {
        short.push(format!(
            "{iterations} iterations: only {:.1} % of all leaks found",
            100.0 * mean
        ));
    }
    short
}

/// Shares that must be found in so many iterations: of all leaks, and of those of each class.
fn demanded(iterations: usize) -> Option<(f64, f64)> {
    let row = FOUND.iter().rev().find(|(least, ..)| iterations >= *least)?;
    Some((row.1, row.2))
}

fn of_class(iterations: usize, truth: Truth, row: &Row) -> Vec<String> {
    let (leak, bounded) = (row.part(row.said[0]), row.bounded());
    let limit = |share: f64, most: f64, what: &str| {
        (share > most).then(|| format!("{:.2} % {what}", 100.0 * share))
    };
    let least = demanded(iterations).map_or(0.0, |(_, each)| each);
    let slope = row.slope_error().unwrap_or(0.0);
    let short = match truth {
        Truth::Bounded => [limit(leak, FALSE, "called a leak"), None, None],
        Truth::Undecidable => [limit(leak + bounded, GUESSED, "decided"), None, None],
        Truth::Hard => [None, None, None],
        Truth::Leak => [
            limit(bounded, MISSED, "called bounded"),
            (leak < least && row.series > 0).then(|| format!("only {:.1} % found", 100.0 * leak)),
            limit(slope, SLOPE, "error of the slope").filter(|_| least > 0.0),
        ],
    };
    short.into_iter().flatten().collect()
}
