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

/// Most leaks where there is none, and most leaks that are called bounded, per series.
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
    /// How many series of each class the peers judged, and how often they said leak.
    peers: Option<(usize, Vec<[usize; 3]>)>,
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
        let drawn: Vec<_> = (0..CLASSES.len())
            .flat_map(|class| {
                (0..series).map(move |n| (class, n, draw(class, n, seed, iterations)))
            })
            .collect();
        let (mut said, mut canary) = (vec![[0; 6]; CLASSES.len()], vec![0; CLASSES.len()]);
        for (class, _, values) in &drawn {
            let verdict = judge(&Series::gauge(values.iter().copied())).verdict;
            let column = VERDICTS.iter().position(|other| *other == verdict).unwrap_or(0);
            said[*class][column] += 1;
            canary[*class] += usize::from(leak_canary(values));
        }
        let count = |(python, most): (&Path, usize)| {
            let some: Vec<_> = drawn.iter().filter(|(_, n, _)| *n < most).collect();
            let series = some.iter().map(|(class, _, values)| (*class, values.as_slice()));
            python::count(python, CLASSES.len(), series).map(|counts| (most, counts))
        };
        Ok(Self { iterations, series, said, canary, peers: peers.map(count).transpose()? })
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        println!("\n{} iterations, {} series of each class, percent", self.iterations, self.series);
        if let Some((most, _)) = &self.peers {
            println!("OLS, MK (Mann-Kendall) and TS (Theil-Sen): the first {most} of each class");
        }
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
        let percent = |n: usize, of: usize| format!("{:6.1}", 100.0 * n as f64 / of as f64);
        let [mk, ts, ols] = match &self.peers {
            Some((most, counts)) => counts[at].map(|n| percent(n, *most)),
            None => [(); 3].map(|()| "     -".into()),
        };
        let ours = self.said[at].map(|n| percent(n, self.series));
        let (canary, others) = (percent(self.canary[at], self.series), ours[1..].join(" "));
        println!("{sign} {:20} |{} {canary} {ols} {mk} {ts} | {others}", class.name, ours[0]);
    }

    /// What falls short of what is asked for.
    pub(crate) fn shortfalls(&self) -> Vec<String> {
        let judged = CLASSES.iter().zip(&self.said);
        let short = judged.filter_map(|(class, said)| {
            let part = |n: usize| n as f64 / self.series as f64;
            let (leak, bounded) = (part(said[0]), part(said[2..].iter().sum()));
            let (short, what, rate) = match class.truth {
                Truth::Bounded => (leak > FALSE, "called a leak", leak),
                Truth::Leak if bounded > FALSE => (true, "called bounded", bounded),
                Truth::Leak => (self.iterations >= ENOUGH && leak < TRUE, "found", leak),
                Truth::Hard => (false, "", leak),
            };
            let (percent, n) = (100.0 * rate, self.iterations);
            short.then(|| format!("{}, {n} iterations: {percent:.1} % {what}", class.name))
        });
        short.collect()
    }
}

fn draw(class: usize, series: usize, seed: u64, iterations: usize) -> Vec<f64> {
    let mut random = Random::new(seed, class as u64, series as u64);
    CLASSES[class].draw(&mut random, iterations)
}
