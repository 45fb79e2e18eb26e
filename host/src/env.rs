//! What the program gets from its surroundings, so that tests can replace it.

use std::{ffi::OsString, io::Write, path::PathBuf};

use crate::{
    config::Places,
    source,
    terminal::{capabilities::Screen, signals::Interrupt},
    tui,
};

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
    pub console: &'e dyn Fn() -> anyhow::Result<Box<dyn tui::TuiConsole>>,
    /// Access to the TEE.
    pub world: &'e dyn source::live::World,
    /// Whether the program was asked to end.
    pub interrupt: Interrupt,
    /// The library that records the calls of the processes it is loaded into, if installed.
    pub preload: Option<PathBuf>,
    /// A program that does nothing, for idle iterations of a run.
    pub idle: Vec<OsString>,
    /// The file of the GitHub Actions step summary.
    pub github_summary: Option<PathBuf>,
    /// Root of the file system that is searched.
    pub root: PathBuf,
    /// Where configuration files are looked for.
    pub places: Places,
}
