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
mod error;
pub(crate) mod escape;
mod exit;
mod render;
pub mod source;
mod terminal;
pub mod tui;
mod watch;
mod window;

use std::{ffi::OsString, io::Write, path::PathBuf};

use clap::{CommandFactory as _, FromArgMatches as _, Parser as _};
use config::Configuration;
pub use config::Places;
pub use error::{Blind, OPENING_STATS, TeeError};
pub use exit::Exit;
use terminal::capabilities::{Color, Colors};
pub use terminal::{broken_pipe::Quiet, capabilities::Screen, signals::Interrupt};

/// The program's environment: streams, terminal, TEE, file system.
pub struct Env<'e> {
    /// Reports; colours are stripped beforehand if not wanted.
    pub out: &'e mut dyn Write,
    /// Errors and progress.
    pub err: &'e mut dyn Write,
    /// Capabilities of the terminal.
    pub screen: Screen,
    /// Whether `err` is a terminal that can show progress.
    pub progress: bool,
    /// Opens the terminal for a full-screen display.
    pub console: &'e dyn Fn() -> anyhow::Result<Box<dyn tui::Console>>,
    /// Access to the TEE.
    pub world: &'e dyn source::live::World,
    /// Whether the program was asked to end.
    pub interrupt: Interrupt,
    /// The library that records the calls of the processes it is loaded into, if installed.
    pub preload: Option<PathBuf>,
    /// The file of the GitHub Actions step summary.
    pub github_summary: Option<PathBuf>,
    /// Root of the file system that is searched.
    pub root: PathBuf,
    /// Where configuration files are looked for.
    pub places: Places,
}

/// Runs the command line `args`, the first of which is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>, env: &mut Env<'_>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = cli::Cli::try_parse_from(&args);
    let color = cli.as_ref().map_or_else(|_| Color::among(&args), |cli| cli.color);
    let mut out = Colors::new(&mut *env.out, color.wanted(env.screen.color));
    let mut err = Colors::new(&mut *env.err, color.wanted(env.screen.err_color));
    let mut env = Env {
        out: &mut out,
        err: &mut err,
        interrupt: env.interrupt.clone(),
        preload: env.preload.clone(),
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
    match configured(cli, args, env) {
        Ok(exit) => exit,
        Err(error) => {
            // There is nowhere left to report that this failed, too.
            let _ = writeln!(env.err, "teeleak: {error:#}");
            Exit::of_error(&error)
        }
    }
}

/// Runs the command with the defaults of the configuration files.
fn configured(cli: cli::Cli, args: Vec<OsString>, env: &mut Env<'_>) -> anyhow::Result<Exit> {
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
    let exit = cmd::run(&cli.command, &configuration, env)?;
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
