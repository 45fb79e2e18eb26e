//! How often each verdict was given, class by class.

use std::path::Path;

use anyhow::Result;
use teeleak_analysis::{
    growth::{Series, judge},
    model::Verdict,
};
use teeleak_bench_growth::{Class, Drawn, Random, Truth, classes, leak_canary};

use crate::{
    demand::Figure,
    parallel,
    python::{self, PEERS},
    shares::Shares,
};

/// Verdicts in the order of the columns.
const VERDICTS: [Verdict; 6] = [
    Verdict::Leak,
    Verdict::Undecided,
    Verdict::WarmUp,
    Verdict::Step,
    Verdict::Oscillation,
    Verdict::Clean,
];

/// Standard errors that a slope must be above zero to count as a leak that has to be found.
const CLEAR: f64 = 5.0;

/// What was said of the series of one class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// How many series count: leaks only if their slope is clear.
    pub(crate) series: usize,
    /// By verdict.
    pub(crate) said: [usize; 6],
    canary: usize,
    /// How far off the slopes of the leaks that were found are, as a share of them.
    slope_errors: Vec<f64>,
}

impl Row {
    fn add(&mut self, class: &Class, drawn: &Drawn) {
        if class.truth == Truth::Leak && drawn.clarity() < CLEAR {
            return;
        }
        let judgement = judge(&Series { values: drawn.values.clone(), cohorts: None });
        let column = VERDICTS.iter().position(|other| *other == judgement.verdict).unwrap_or(0);
        self.series += 1;
        self.said[column] += 1;
        self.canary += usize::from(leak_canary(&observed(drawn)));
        if let (Verdict::Leak, Some(rate), true) =
            (judgement.verdict, judgement.rate, drawn.slope > 0.0)
        {
            self.slope_errors.push((rate.value / drawn.slope - 1.0).abs());
        }
    }

    /// Share of the series.
    pub(crate) fn part(&self, n: usize) -> f64 {
        n as f64 / self.series.max(1) as f64
    }

    /// Share that was called bounded.
    pub(crate) fn bounded(&self) -> f64 {
        self.part(self.said[2..].iter().sum())
    }

    /// Share that was called clean.
    pub(crate) fn clean(&self) -> f64 {
        self.part(self.said[5])
    }

    /// Share that was decided.
    pub(crate) fn decided(&self) -> f64 {
        self.part(self.series - self.said[1])
    }

    /// Median of the errors of the slope.
    pub(crate) fn slope_error(&self) -> Option<f64> {
        let mut errors = self.slope_errors.clone();
        errors.sort_unstable_by(f64::total_cmp);
        errors.get(errors.len() / 2).copied()
    }
}

/// What was drawn and said.
pub(crate) struct Table {
    iterations: usize,
    series: usize,
    seed: u64,
    classes: Vec<Class>,
    rows: Vec<Row>,
    /// How many series of each class the peers judged, and how often they said leak.
    peers: Option<(usize, Vec<[usize; PEERS]>)>,
}

impl Table {
    /// Draws `series` series of each class and judges them; the peers judge as many as they are
    /// given.
    pub(crate) fn new(
        iterations: usize,
        series: usize,
        seed: u64,
        peers: Option<(&Path, usize)>,
    ) -> Result<Self> {
        let classes = classes();
        let draw = |at: usize, n: usize| {
            classes[at].draw(&mut Random::new(seed, at as u64, n as u64), iterations)
        };
        let rows = parallel::map(classes.len(), |at| {
            let mut row = Row::default();
            (0..series).for_each(|n| row.add(&classes[at], &draw(at, n)));
            row
        });
        let count = |(python, most): (&Path, usize)| {
            let all = (0..classes.len()).flat_map(|at| (0..most).map(move |n| (at, n)));
            let some: Vec<_> = all.map(|(at, n)| (at, observed(&draw(at, n)))).collect();
            let series = some.iter().map(|(at, values)| (*at, values.as_slice()));
            python::count(python, classes.len(), series).map(|counts| (most, counts))
        };
        let peers = peers.map(count).transpose()?;
        Ok(Self { iterations, series, seed, classes, rows, peers })
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        println!("\n{} iterations, {} series of each class, percent", self.iterations, self.series);
        if let Some((most, _)) = &self.peers {
            println!(
                "OLS, MK (Mann-Kendall), TS (Theil-Sen), CP (change points): the first {most} of each class"
            );
        }
        println!(
            "{:23}| called a leak by                         | other verdicts of ours             | median\n\
             {:23}|  ours canary    OLS     MK     TS     CP | undec.   warm   step   osc.  clean | error of slope",
            "", "class"
        );
        for at in 0..self.classes.len() {
            self.print_row(at);
        }
    }

    fn print_row(&self, at: usize) {
        let (class, row) = (&self.classes[at], &self.rows[at]);
        let sign = match class.truth {
            Truth::Bounded => '-',
            Truth::Leak => '+',
            Truth::Hard => '?',
            Truth::Undecidable => 'u',
        };
        let percent = |share: f64| format!("{:6.1}", 100.0 * share);
        let [mk, ts, ols, cp] = match &self.peers {
            Some((most, counts)) => counts[at].map(|n| percent(n as f64 / *most as f64)),
            None => [(); PEERS].map(|()| "     -".into()),
        };
        let ours = row.said.map(|n| percent(row.part(n)));
        let (canary, others) = (percent(row.part(row.canary)), ours[1..].join(" "));
        let error = row.slope_error().map_or_else(|| "     -".into(), percent);
        println!(
            "{sign} {:20} |{} {canary} {ols} {mk} {ts} {cp} | {others} | {error}",
            class.name, ours[0]
        );
    }

    /// What must hold of it.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let rows = self.classes.iter().zip(&self.rows).collect();
        Shares { iterations: self.iterations, seed: self.seed, rows }.figures()
    }
}

fn observed(drawn: &Drawn) -> Vec<f64> {
    drawn.values.iter().flatten().copied().collect()
}
