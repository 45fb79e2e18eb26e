//! `cargo xtask bench growth`: how often the growth verdicts are right, beside the usual tests.

mod python;
mod speed;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use table::Table;
use teeleak_bench_growth::CLASSES;

/// Judges series of known nature and prints how often the verdicts are right.
#[derive(Parser)]
struct Cli {
    /// Iterations of the series; can be given several times
    #[arg(long, default_values_t = [60, 20])]
    iterations: Vec<usize>,
    /// Series of each class
    #[arg(long, default_value_t = 1000)]
    series: usize,
    /// What the random numbers start from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Let Mann-Kendall, Theil-Sen and least squares judge the same series; fetches pymannkendall
    /// and scipy into a virtual environment of its own
    #[arg(long)]
    peers: bool,
    /// Print the ranges of the classes' parameters, too
    #[arg(long)]
    ranges: bool,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    if cli.ranges {
        for class in &CLASSES {
            println!("{:21} {}", class.name, class.ranges);
        }
    }
    let python = cli.peers.then(python::fetch).transpose()?;
    let mut shortfalls = Vec::new();
    for &iterations in &cli.iterations {
        let table = Table::new(iterations.max(1), cli.series, cli.seed, python.as_deref())?;
        table.print();
        shortfalls.extend(table.shortfalls());
    }
    shortfalls.extend(speed::print(cli.seed, python.as_deref())?);
    println!();
    for shortfall in &shortfalls {
        println!("falls short: {shortfall}");
    }
    if shortfalls.is_empty() {
        println!("all as asked for: at most 2 % false, at least 98 % true positives");
    }
    Ok(if shortfalls.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
