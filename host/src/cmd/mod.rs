//! One file per subcommand: arguments → configuration → engine → rendering.

mod analyze;
pub(crate) mod args;
mod diff;
mod doctor;
mod dump;
mod manual;
mod report;
mod run;
mod schema;
mod snapshot;
mod trace;
mod watch;

use anyhow::Result;
use clap::Subcommand;

use crate::{Env, Exit, config::Configuration};

/// The subcommands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Check what teeleak can observe here and how to enable the rest.
    Doctor(doctor::Arguments),
    /// Take a snapshot of everything that is live in the secure world now.
    Snapshot(snapshot::Arguments),
    /// Compare what was live at the end of two captures.
    Diff(diff::Arguments),
    /// Run a workload repeatedly and find what it leaks.
    Run(run::Arguments),
    /// Watch for days: keep a rolling window on disk, and dump it when something goes wrong.
    Watch(watch::Arguments),
    /// Dump everything available now, and show which pool of secure memory ran out.
    Dump(dump::Arguments),
    /// Find leaks from console logs alone (any OP-TEE release).
    Analyze(analyze::Arguments),
    /// Analyse a capture again.
    Report(report::Arguments),
    /// Record and print TEE client calls per process.
    Trace(trace::Arguments),
    /// Print the JSON Schema of the output of --json.
    Schema(schema::Arguments),
    /// Print a shell completion script.
    Completions(manual::Completions),
    /// Write the manual pages.
    Man(manual::Man),
}

pub(crate) fn run(
    command: &Command,
    configuration: &Configuration,
    env: &mut Env<'_>,
) -> Result<Exit> {
    match command {
        Command::Analyze(arguments) => analyze::run(arguments, env),
        Command::Doctor(arguments) => doctor::run(arguments, configuration, env),
        Command::Snapshot(arguments) => snapshot::run(arguments, env),
        Command::Diff(arguments) => diff::run(arguments, env),
        Command::Run(arguments) => run::run(arguments, env),
        Command::Report(arguments) => report::run(arguments, env),
        Command::Trace(arguments) => trace::run(arguments, env),
        Command::Dump(arguments) => dump::run(arguments, env),
        Command::Watch(arguments) => watch::run(arguments, env),
        Command::Completions(arguments) => manual::completions(arguments, env),
        Command::Schema(arguments) => schema::run(arguments, env),
        Command::Man(arguments) => manual::man(arguments),
    }
}
