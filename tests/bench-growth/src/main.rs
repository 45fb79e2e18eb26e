//! `cargo xtask bench growth`: how often the growth verdicts are right, beside the usual tests.

mod course;
mod demand;
mod parallel;
mod python;
mod shares;
mod speed;
mod table;

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use clap::Parser;
use demand::Figures;
use table::Table;
use teeleak_bench_growth::classes;

/// Judges series of known nature and prints how often the verdicts are right.
#[derive(Parser)]
struct Cli {
    /// Iterations of the series; can be given several times
    #[arg(long, default_values_t = [60, 20, 200, 1000])]
    iterations: Vec<usize>,
    /// Series of each class
    #[arg(long, default_value_t = 1000)]
    series: usize,
    /// What the random numbers start from; can be given several times. The first one's tables are
    /// printed; what must hold must hold with each. By default 1 and one that changes with the day
    #[arg(long)]
    seed: Vec<u64>,
    /// Let Mann-Kendall, Theil-Sen, least squares and change points judge the same series; fetches
    /// pymannkendall, scipy and ruptures into a virtual environment of its own
    #[arg(long)]
    peers: bool,
    /// Series of each class that these judge, with the first seed: they take a millisecond each
    #[arg(long, default_value_t = 200)]
    peer_series: usize,
    /// Series of each class that are judged again and again as they grow longer
    #[arg(long, default_value_t = 20)]
    course_series: usize,
    /// Judge 100 series of each class with one seed, without peers
    #[arg(long)]
    fast: bool,
    /// Print the ranges of the classes' parameters, too
    #[arg(long)]
    ranges: bool,
}

impl Cli {
    fn series(&self) -> usize {
        if self.fast { self.series.min(100) } else { self.series }
    }

    fn course_series(&self) -> usize {
        if self.fast { self.course_series.min(2) } else { self.course_series }
    }

    fn seeds(&self) -> Vec<u64> {
        match (&self.seed[..], self.fast) {
            ([], true) => vec![1],
            ([], false) => vec![1, today()],
            (seeds, _) => seeds.to_vec(),
        }
    }
}

/// Days since 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() / 86_400)
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    if cli.ranges {
        for class in classes() {
            println!("{:21} {}", class.name, class.ranges);
        }
    }
    let python = (cli.peers && !cli.fast).then(python::fetch).transpose()?;
    let peers = python.as_deref().map(|python| (python, cli.peer_series.min(cli.series())));
    let seeds = cli.seeds();
    let mut figures = Figures::default();
    for (at, &seed) in seeds.iter().enumerate() {
        for &iterations in &cli.iterations {
            let peers = peers.filter(|_| at == 0);
            let table = Table::new(iterations.max(1), cli.series(), seed, peers)?;
            if at == 0 {
                table.print();
            }
            figures.extend(table.figures());
        }
        figures.extend(course::figures(cli.course_series(), seed));
    }
    let seed = seeds.first().copied().unwrap_or_default();
    figures.extend(speed::figures(seed, python.as_deref())?);
    figures.print();
    Ok(if figures.are_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
