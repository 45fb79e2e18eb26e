//! The figures of one table: how often verdicts are right.

use teeleak_bench_growth::{Class, Truth};

use crate::{
    demand::{Figure, Limit},
    table::Row,
};

/// Most leaks where there is none, in percent of the series of a class.
const FALSE: Limit = Limit::AtMost(1.0);

/// Most leaks that are called clean, or bounded in any way.
const CLEAN: Limit = Limit::AtMost(0.2);

/// Most verdicts where nobody can know.
const GUESSED: Limit = Limit::AtMost(2.0);

/// Highest median error of the slope.
const SLOPE: Limit = Limit::AtMost(5.0);

/// Iterations, and the share of the leaks that must be found in so many: of all, and of each class.
const FOUND: [(usize, f64, f64); 2] = [(60, 95.0, 90.0), (200, 99.0, 90.0)];

/// What must hold of a table.
pub(crate) struct Shares<'a> {
    pub(crate) iterations: usize,
    pub(crate) seed: u64,
    pub(crate) rows: Vec<(&'a Class, &'a Row)>,
}

impl Shares<'_> {
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let leak = |row: &Row| row.part(row.said[0]);
        let most =
            |truth, name, share: &dyn Fn(&Row) -> f64, limit| self.worst(truth, name, share, limit);
        let mut figures = vec![
            most(Truth::Bounded, "called a leak though bounded, worst class", &leak, FALSE),
            most(
                Truth::Undecidable,
                "decided though undecidable, worst class",
                &Row::decided,
                GUESSED,
            ),
            most(Truth::Leak, "called clean though leaking, worst class", &Row::clean, CLEAN),
        ];
        figures.extend(self.of_all(
            "called bounded though leaking, all classes",
            &Row::bounded,
            CLEAN,
        ));
        if let Some((_, all, each)) = FOUND.iter().rev().find(|row| self.iterations >= row.0) {
            figures.extend(self.of_all("leaks found, all classes", &leak, Limit::AtLeast(*all)));
            let each = Limit::AtLeast(*each);
            figures.push(most(Truth::Leak, "leaks found, worst class", &leak, each));
            let error = |row: &Row| row.slope_error().unwrap_or(0.0);
            figures.push(most(
                Truth::Leak,
                "median error of the slope, worst class",
                &error,
                SLOPE,
            ));
        }
        figures
    }

    /// The class of this nature that is furthest from the limit.
    fn worst(&self, truth: Truth, name: &str, share: &dyn Fn(&Row) -> f64, limit: Limit) -> Figure {
        let sign = if matches!(limit, Limit::AtMost(_)) { -1.0 } else { 1.0 };
        let shares = self.of(truth).map(|(class, row)| (share(row), class.name));
        let worst = shares.min_by(|a, b| (sign * a.0).total_cmp(&(sign * b.0)));
        let (share, class) = worst.unwrap_or((0.0, "none"));
        Figure::share(self.name(name), share, format!("{class}, {}", self.place()), limit)
    }

    /// The mean of the leaks of all classes.
    fn of_all(&self, name: &str, share: &dyn Fn(&Row) -> f64, limit: Limit) -> Option<Figure> {
        let shares: Vec<_> = self.of(Truth::Leak).map(|(_, row)| share(row)).collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        (!shares.is_empty()).then(|| Figure::share(self.name(name), mean, self.place(), limit))
    }

    /// Classes of this nature of which any series counts.
    fn of(&self, truth: Truth) -> impl Iterator<Item = (&Class, &Row)> {
        let rows =
            self.rows.iter().filter(move |(class, row)| class.truth == truth && row.series > 0);
        rows.map(|(class, row)| (*class, *row))
    }

    fn name(&self, name: &str) -> String {
        format!("{name}, {} iterations", self.iterations)
    }

    fn place(&self) -> String {
        format!("seed {}", self.seed)
    }
}
