//! How often each verdict was given, class by class.

use std::path::Path;

use anyhow::Result;
use teeleak_analysis::{
    growth::{Series, judge},
    model::Verdict,
};
use teeleak_bench_growth::{CLASSES, Class, Random, Truth, leak_canary};

use crate::python;

/// Verdicts in the order of the columns.
const VERDICTS: [Verdict; 6] = [
    Verdict::Leak,
    Verdict::Undecided,
    Verdict::WarmUp,
    Verdict::Step,
    Verdict::Oscillation,
    Verdict::Clean,
];

/// Most false positives, in series per series.
const FALSE: f64 = 0.02;

/// Fewest true positives where there are iterations enough.
const TRUE: f64 = 0.98;

/// Iterations that are enough to demand them.
const ENOUGH: usize = 60;

/// What was drawn and said.
pub(crate) struct Table {
    iterations: usize,
    series: usize,
    /// By class, then by verdict.
    said: Vec<[usize; 6]>,
    canary: Vec<usize>,
    peers: Option<Vec<[usize; 3]>>,
}

impl Table {
    /// Draws `series` series of each class and judges them.
    pub(crate) fn new(
        iterations: usize,
        series: usize,
        seed: u64,
        peers: Option<&Path>,
    ) -> Result<Self> {
        let drawn: Vec<_> = (0..CLASSES.len())
            .flat_map(|class| (0..series).map(move |n| (class, draw(class, n, seed, iterations))))
            .collect();
        let (mut said, mut canary) = (vec![[0; 6]; CLASSES.len()], vec![0; CLASSES.len()]);
        for (class, values) in &drawn {
            let verdict = judge(&Series::gauge(values.iter().copied())).verdict;
            let column = VERDICTS.iter().position(|other| *other == verdict).unwrap_or(0);
            said[*class][column] += 1;
            canary[*class] += usize::from(leak_canary(values));
        }
        let peers = peers.map(|python| python::count(python, CLASSES.len(), &drawn));
        Ok(Self { iterations, series, said, canary, peers: peers.transpose()? })
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        println!("\n{} iterations, {} series of each class, percent", self.iterations, self.series);
        println!(
            "{:23}| called a leak by                  | other verdicts of ours\n\
             {:23}|  ours canary    OLS     MK     TS | undec.   warm   step   osc.  clean",
            "", "class"
        );
        for (at, class) in CLASSES.iter().enumerate() {
            self.row(at, class);
        }
    }

    fn row(&self, at: usize, class: &Class) {
        let sign = match class.truth {
            Truth::Bounded => '-',
            Truth::Leak => '+',
            Truth::Hard => '?',
        };
        let percent = |n: usize| format!("{:6.1}", 100.0 * n as f64 / self.series as f64);
        let peers = self.peers.as_ref().map(|peers| peers[at]);
        let [mk, ts, ols] =
            peers.map_or_else(|| [(); 3].map(|()| "     -".into()), |peers| peers.map(percent));
        let ours = self.said[at].map(percent);
        let (canary, others) = (percent(self.canary[at]), ours[1..].join(" "));
        println!("{sign} {:20} |{} {canary} {ols} {mk} {ts} | {others}", class.name, ours[0]);
    }

    /// What falls short of what is asked for.
    pub(crate) fn shortfalls(&self) -> Vec<String> {
        let judged = CLASSES.iter().zip(&self.said);
        let short = judged.filter_map(|(class, said)| {
            let rate = said[0] as f64 / self.series as f64;
            let short = match class.truth {
                Truth::Bounded => rate > FALSE,
                Truth::Leak => self.iterations >= ENOUGH && rate < TRUE,
                Truth::Hard => false,
            };
            let percent = 100.0 * rate;
            short.then(|| format!("{}, {} iterations: {percent:.1} %", class.name, self.iterations))
        });
        short.collect()
    }
}

fn draw(class: usize, series: usize, seed: u64, iterations: usize) -> Vec<f64> {
    let mut random = Random::new(seed, class as u64, series as u64);
    CLASSES[class].draw(&mut random, iterations)
}
