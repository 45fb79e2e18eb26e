//! Running tools with their output in a log.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{LabError, Result, tail_of_file};
use crate::progress;

/// How much of a failed tool's log an error shows.
const TAIL_LINES: usize = 25;

/// A tool to run as one step.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    /// Name of the step, for progress and errors.
    pub name: &'a str,
    /// Where all output goes.
    pub log: &'a Path,
    /// What to do when it fails.
    pub hint: &'a str,
}

impl Job<'_> {
    /// Runs the tool to its end, showing progress.
    ///
    /// # Errors
    /// When it cannot be started or ends with anything but success; the error
    /// carries the end of the log.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let step = progress::step(self.name);
        self.run_quietly(command)?;
        step.done("");
        Ok(())
    }

    /// The same without progress, for tools that take no time.
    ///
    /// # Errors
    /// As [`Job::run`].
    pub(crate) fn run_quietly(&self, command: &mut Command) -> Result<()> {
        let out = File::create(self.log).map_err(LabError::io("create", self.log))?;
        let err = out.try_clone().map_err(LabError::io("open", self.log))?;
        let status = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .status()
            .map_err(|source| cannot_start(command, source))?;
        if status.success() {
            return Ok(());
        }
        Err(LabError::Step {
            what: self.name.to_owned(),
            status: status.to_string(),
            tail: tail_of_file(self.log, TAIL_LINES),
            log: self.log.to_path_buf(),
            hint: self.hint.to_owned(),
        })
    }
}

fn cannot_start(command: &Command, source: std::io::Error) -> LabError {
    let tool = command.get_program().to_string_lossy();
    LabError::Io {
        what: format!("cannot start {tool} (is it installed? `cargo xtask setup` installs it)"),
        source,
    }
}

/// Runs a tool and returns its standard output.
///
/// # Errors
/// When it cannot be started or fails; its standard error is in the message.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let answer =
        command.stdin(Stdio::null()).output().map_err(|source| cannot_start(command, source))?;
    if answer.status.success() {
        return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
    }
    let tool = command.get_program().to_string_lossy();
    let said = String::from_utf8_lossy(&answer.stderr);
    Err(LabError::Unusable(format!("{tool} failed ({}): {}", answer.status, said.trim())))
}
