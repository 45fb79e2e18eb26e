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

/// What teeleak is asked to do.
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
