//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::{
    cmd::{analyze, diff, doctor, dump, manual, report, run, schema, snapshot, trace, watch},
    config::Choice,
    screen::Color,
};

/// Finds leaks in OP-TEE's secure world: what grows, by how much, who caused it, and which call
/// came in the wrong order.
#[derive(Parser, Debug)]
#[command(name = "teeleak", version, about, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) config: Choice,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Use colours: by itself on a terminal, unless NO_COLOR is set or TERM is dumb.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: Color,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  observed, and nothing found
  1  something leaks
  2  wrong usage or bad input
  3  could not observe what was asked for
  4  steps in the wrong order, with or without a leak

Examples:
  teeleak doctor
  teeleak run -n 20 -- ./switch-channel.sh
  teeleak run -n 20 -o loop.tlk --json -- ./switch-channel.sh
  teeleak report loop.tlk
  teeleak analyze uart.log";

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Say what can be seen here, and which build flag unlocks the rest.
    Doctor(doctor::Arguments),
    /// Take a census of everything that is alive in the secure world now.
    Snapshot(snapshot::Arguments),
    /// Compare what was alive at the end of two captures.
    Diff(diff::Arguments),
    /// Run a workload again and again and find what it leaves behind.
    Run(run::Arguments),
    /// Watch for days: keep a window on disk, and dump it when something is wrong.
    Watch(watch::Arguments),
    /// Take everything now, and say which pool of secure memory ran out.
    Dump(dump::Arguments),
    /// Find leaks in nothing but logs: what OP-TEE printed, from wherever.
    Analyze(analyze::Arguments),
    /// Analyse a capture again.
    Report(report::Arguments),
    /// Record which process calls what in the TEE, and print it.
    Trace(trace::Arguments),
    /// Print the JSON Schema of what --json prints.
    Schema(schema::Arguments),
    /// Print the script that has a shell complete arguments.
    Completions(manual::Completions),
    /// Write manual pages.
    Man(manual::Man),
}

/// How to say it.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}
