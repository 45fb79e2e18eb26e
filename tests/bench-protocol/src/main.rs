//! `cargo xtask bench protocol`: events per second of CPU time that protocols are checked at.

mod ours;
mod peers;
mod random;
mod trace;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use ours::{Texts, Typed};
use trace::Verdict;

/// Events per second that are asked for: typed ones, and ones that are lines of a log.
const TYPED: f64 = 10e6;
const TEXT: f64 = 3e6;

/// Lines of one text: of longer ones the middle is not kept.
const LINES: usize = 30_000;

/// Rounds of the peer that is not far slower, of which the best counts.
const PEER_ROUNDS: u32 = 5;

/// Checks a random trace of a player on one core and prints events per second.
#[derive(Parser)]
struct Cli {
    /// Events of the trace
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    /// Events of it that RTLola gets, which takes tens of microseconds for each
    #[arg(long, default_value_t = 100_000)]
    rtlola_events: usize,
    /// Short random traces that RTLola's verdicts are compared on
    #[arg(long, default_value_t = 100)]
    rtlola_traces: u64,
    /// Rounds, of which the best counts
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// What the random numbers start from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave the peers out
    #[arg(long)]
    alone: bool,
}

/// A line of the table.
struct Row {
    name: &'static str,
    events: usize,
    seconds: f64,
    verdict: Verdict,
}

impl Row {
    fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let steps = trace::steps(cli.events, cli.seed);
    let mut rows = Vec::from(ours(&cli, &steps)?);
    if !cli.alone {
        rows.extend(beside(&cli, &steps)?);
        let (n, broken) = (cli.rtlola_traces, random::compare(cli.rtlola_traces, cli.seed)?);
        println!("RTLola says the same of {n} short random traces: {broken} broken rules\n");
    }
    print(&rows);
    let met = [(&rows[0], TYPED), (&rows[1], TEXT)].map(|(row, asked)| {
        let met = row.rate() >= asked;
        let verdict = if met { "met" } else { "MISSED" };
        println!(
            "{}: {:.1} M/s, required {} M/s: {verdict}",
            row.name,
            row.rate() / 1e6,
            asked / 1e6
        );
        met
    });
    Ok(if met == [true; 2] { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Typed events and lines of logs in turn, since a shared machine has slower and faster seconds; the
/// lines in as many texts as the trace is long, each of which must say what its typed events do.
fn ours(cli: &Cli, steps: &[trace::Step]) -> Result<[Row; 2]> {
    let n = cli.events.div_ceil(LINES);
    let traces: Vec<_> = (0..n as u64).map(|n| trace::steps(LINES, cli.seed ^ (n << 32))).collect();
    let typed = Typed::new(steps)?;
    let texts = Texts::new(traces.iter().map(|steps| trace::log(steps)).collect())?;
    let (mut verdicts, mut best) = ((Verdict::default(), Vec::new()), [f64::INFINITY; 2]);
    for _ in 0..cli.rounds {
        let (of_typed, of_texts) = (typed.check()?, texts.check()?);
        best = [best[0].min(of_typed.1), best[1].min(of_texts.1)];
        verdicts = (of_typed.0, of_texts.0);
    }
    let mut sum = Verdict::default();
    for (steps, verdict) in traces.iter().zip(verdicts.1) {
        let (typed, _) = Typed::new(steps)?.check()?;
        ensure!(typed == verdict, "typed events say {typed:?}, their text {verdict:?}");
        sum.add(verdict);
    }
    let row = |name, events, seconds, verdict| Row { name, events, seconds, verdict };
    Ok([
        row("teeleak, typed events", steps.len(), best[0], verdicts.0),
        row("teeleak, lines of a log", n * LINES, best[1], sum),
    ])
}

/// The peers on the same trace, or on the beginning of it; all must say the same.
fn beside(cli: &Cli, steps: &[trace::Step]) -> Result<[Row; 2]> {
    let part = &steps[..cli.rtlola_events.min(steps.len())];
    let row = |name, steps: &[trace::Step], (verdict, seconds)| -> Result<Row> {
        let (ours, _) = Typed::new(steps)?.check()?;
        ensure!(ours == verdict, "teeleak says {ours:?}, {name} {verdict:?}");
        Ok(Row { name, events: steps.len(), seconds, verdict })
    };
    Ok([
        row("Python dict", steps, fastest(&trace::csv(steps))?)?,
        row("RTLola interpreter", part, peers::rtlola(&trace::csv(part))?)?,
    ])
}

/// What a Python dict says, the best of some rounds.
fn fastest(csv: &str) -> Result<(Verdict, f64)> {
    let mut best = peers::dict(csv)?;
    for _ in 1..PEER_ROUNDS {
        best.1 = best.1.min(peers::dict(csv)?.1);
    }
    Ok(best)
}

fn print(rows: &[Row]) {
    println!(
        "{:24} {:>9} {:>13} {:>9}  {:>11} {:>9}",
        "", "events", "events/s", "slower by", "late unmap", "late map"
    );
    for row in rows {
        let Row { name, events, verdict, .. } = row;
        let ratio = rows[0].rate() / row.rate();
        println!(
            "{name:24} {events:>9} {:>13.0} {ratio:>8.1}x  {:>11} {:>9}",
            row.rate(),
            verdict.late_unmap,
            verdict.late_map
        );
    }
}
