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
mod suggest;
mod trace;
mod watch;

use anyhow::Result;
use clap::{Command, Subcommand};

use crate::{config::Configuration, env::Env, exit::Exit};

/// The subcommands.
#[derive(Subcommand, Debug)]
pub(crate) enum TeeleakCommand {
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
    /// Propose a protocol from the commands that recur in pairs.
    Suggest(suggest::Arguments),
    /// Record and print TEE client calls per process.
    Trace(trace::Arguments),
    /// Print the JSON Schema of the output of --json.
    Schema(schema::Arguments),
    /// Print a shell completion script.
    Completions(manual::Completions),
    /// Write the manual pages.
    Man(manual::Man),
    /// Do nothing, as an idle iteration of a run does.
    #[command(hide = true)]
    Idle,
}

/// Runs a subcommand of the `program`.
pub(crate) fn run(
    command: &TeeleakCommand,
    program: Command,
    configuration: &Configuration,
    env: &mut Env<'_>,
) -> Result<Exit> {
    match command {
        TeeleakCommand::Analyze(arguments) => analyze::run(arguments, env),
        TeeleakCommand::Doctor(arguments) => doctor::run(arguments, configuration, env),
        TeeleakCommand::Snapshot(arguments) => snapshot::run(arguments, env),
        TeeleakCommand::Diff(arguments) => diff::run(arguments, env),
        TeeleakCommand::Run(arguments) => run::run(arguments, env),
        TeeleakCommand::Report(arguments) => report::run(arguments, env),
        TeeleakCommand::Suggest(arguments) => suggest::run(arguments, env),
        TeeleakCommand::Trace(arguments) => trace::run(arguments, env),
        TeeleakCommand::Dump(arguments) => dump::run(arguments, env),
        TeeleakCommand::Watch(arguments) => watch::run(arguments, env),
        TeeleakCommand::Completions(arguments) => manual::completions(arguments, program, env),
        TeeleakCommand::Schema(arguments) => schema::run(arguments, env),
        TeeleakCommand::Man(arguments) => manual::man(arguments, program),
        TeeleakCommand::Idle => Ok(Exit::Clean),
    }
}
