//! The host tool `teeleak`: observes a TEE or re-reads a capture, and reports leaks.
//!
//! ```text
//! source (device | capture) ── frames ──> parse ── Observation ──> analysis ──> render
//!                                └─────> capture file
//! ```
//!
//! Invariants:
//! - A live run and its capture go through the same [`teeleak_analysis::parse::capture`]: every report
//!   of a run can be reproduced from the file.
//! - Without the feature `live` nothing links against libteec; commands that need a TEE say so.
//! - Standard output carries the report and nothing else.
#![forbid(unsafe_code)]

pub mod capture;
mod cli;
mod cmd;
mod compare;
mod config;
mod diagnose;
mod dump;
mod env;
mod error;
pub(crate) mod escape;
mod exit;
mod render;
pub mod source;
mod terminal;
pub mod tui;
mod watch;
mod whole_file;
mod window;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser as _};
use config::Configuration;
pub use config::Places;
pub use env::Env;
pub use error::{NotObservable, TeeError, TeeOperation};
pub use exit::Exit;
/// For the fuzz target of archives.
#[doc(hidden)]
pub use source::text::read_archive;
use terminal::capabilities::{Color, Colors};
pub use terminal::{broken_pipe::PipeWriter, capabilities::Screen, signals::Interrupt};

/// Runs the command line `args`, the first of which is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>, env: &mut Env<'_>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = cli::Cli::try_parse_from(&args);
    let color = cli.as_ref().map_or_else(|_| Color::from_arguments(&args), |cli| cli.color);
    let mut out = Colors::new(&mut *env.out, color.is_enabled(env.screen.color));
    let mut err = Colors::new(&mut *env.err, color.is_enabled(env.screen.err_color));
    let mut env = Env {
        out: &mut out,
        err: &mut err,
        interrupt: env.interrupt.clone(),
        preload: env.preload.clone(),
        idle: env.idle.clone(),
        github_summary: env.github_summary.clone(),
        root: env.root.clone(),
        places: env.places.clone(),
        ..*env
    };
    match cli {
        Ok(cli) => command(cli, args, &mut env),
        Err(error) => explain(&error, &mut env),
    }
}

fn command(cli: cli::Cli, args: Vec<OsString>, env: &mut Env<'_>) -> Exit {
    match run_configured(cli, args, env) {
        Ok(exit) => exit,
        Err(error) => {
            // There is nowhere left to report that this failed, too.
            let _ = writeln!(env.err, "teeleak: {error:#}");
            Exit::of_error(&error)
        }
    }
}

/// Runs the command with the defaults of the configuration files.
fn run_configured(cli: cli::Cli, args: Vec<OsString>, env: &mut Env<'_>) -> anyhow::Result<Exit> {
    let command = cli::Cli::command();
    let configuration = Configuration::read(&cli.config, &env.places, &command)?;
    for path in &configuration.left_alone {
        let path = path.display();
        writeln!(
            env.err,
            "teeleak: {path} ignored because it is world-writable; load it with --config"
        )?;
    }
    let cli = if configuration.is_empty() {
        cli
    } else {
        match configuration.apply(command).try_get_matches_from(args) {
            Ok(matches) => cli::Cli::from_arg_matches(&matches)?,
            Err(error) => return Ok(explain(&error, env)),
        }
    };
    let exit = cmd::run(&cli.command, cli::Cli::command(), &configuration, env)?;
    env.out.flush()?;
    Ok(exit)
}

fn explain(error: &clap::Error, env: &mut Env<'_>) -> Exit {
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        let _ = env.err.write_all(text.as_bytes());
        return Exit::Usage;
    }
    match env.out.write_all(text.as_bytes()).and_then(|()| env.out.flush()) {
        Ok(()) => Exit::Clean,
        Err(error) => {
            let _ = writeln!(env.err, "teeleak: cannot write the help: {error}");
            Exit::Usage
        }
    }
}
