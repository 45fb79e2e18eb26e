//! `cargo xtask bench protocol`: events per second of CPU time that protocols are checked at.

mod clock;
mod ours;
mod peers;
mod random;
mod trace;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use trace::Verdict;

/// Events per second that are asked for: typed ones, and ones that are lines of a log.
const TYPED: f64 = 10e6;
const TEXT: f64 = 3e6;

/// Lines of one text: of longer ones the middle is not kept.
const LINES: usize = 30_000;

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
    #[arg(long, default_value_t = 7)]
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
    let observation = ours::typed(&steps);
    let (verdict, seconds) = ours::check_typed(&observation, cli.rounds)?;
    drop(observation);
    let typed = Row { name: "teeleak, typed events", events: steps.len(), seconds, verdict };
    let text = from_text(&cli)?;
    let mut rows = vec![typed, text];
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

/// Lines of logs, in as many texts as the trace is long; each is checked against its typed events.
fn from_text(cli: &Cli) -> Result<Row> {
    let n = cli.events.div_ceil(LINES);
    let traces: Vec<_> = (0..n as u64).map(|n| trace::steps(LINES, cli.seed ^ (n << 32))).collect();
    let texts: Vec<_> = traces.iter().map(|steps| trace::log(steps)).collect();
    let (verdicts, seconds) = ours::check_text(&texts, cli.rounds)?;
    let mut sum = Verdict::default();
    for (steps, verdict) in traces.iter().zip(&verdicts) {
        let (typed, _) = ours::check_typed(&ours::typed(steps), 1)?;
        ensure!(typed == *verdict, "typed events say {typed:?}, their text {verdict:?}");
        sum.add(*verdict);
    }
    Ok(Row { name: "teeleak, lines of a log", events: n * LINES, seconds, verdict: sum })
}

/// The peers on the same trace, or on the beginning of it; all must say the same.
fn beside(cli: &Cli, steps: &[trace::Step]) -> Result<[Row; 2]> {
    let part = &steps[..cli.rtlola_events.min(steps.len())];
    let row = |name, steps: &[trace::Step], (verdict, seconds)| -> Result<Row> {
        let (ours, _) = ours::check_typed(&ours::typed(steps), 1)?;
        ensure!(ours == verdict, "teeleak says {ours:?}, {name} {verdict:?}");
        Ok(Row { name, events: steps.len(), seconds, verdict })
    };
    Ok([
        row("Python dict", steps, peers::dict(&trace::csv(steps))?)?,
        row("RTLola interpreter", part, peers::rtlola(&trace::csv(part))?)?,
    ])
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
