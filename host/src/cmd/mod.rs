//! One file per subcommand: arguments → configuration → engine → rendering.

pub(crate) mod analyze;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod dump;
mod known;
pub(crate) mod manual;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod snapshot;
pub(crate) mod trace;
pub(crate) mod watch;

pub(crate) use report::mistaken;

use anyhow::Result;

use crate::{Env, Exit, cli::Command, config::Configuration};

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
