//! `teeleak suggest`

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use teeleak_analysis::suggest::{self, Suggestion};

use super::diff::load;
use crate::{env::Env, exit::Exit};

/// Arguments of `teeleak suggest`.
#[derive(Args, Debug)]
#[command(after_help = "\
A value that one command returns and others take is a handle: the command that comes first acquires it, and
the one that comes last releases it. The proposal is a protocol file with its support and its exceptions in
comments; edit it before you use it. In a log, lines with the same words and recurring numbers are the steps:
--rules-file writes the rules that turn them into these.

Examples:
  teeleak suggest loop.tlk > proposed.toml; teeleak report --protocol proposed.toml new.tlk
  teeleak suggest --rules-file rules.toml uart.log > proposed.toml")]
pub(crate) struct Arguments {
    /// A capture that `teeleak run -o` wrote, or a log.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the rules for the lines of a log to this file.
    #[arg(long, value_name = "FILE")]
    rules_file: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let suggestions = match load(&arguments.file) {
        Ok(observation) => suggest::suggest(&observation),
        Err(error) if is_capture(&arguments.file) => return Err(error),
        Err(_) => from_log(arguments)?,
    };
    if suggestions.is_empty() {
        writeln!(env.err, "teeleak: nothing recurs in pairs in {}", arguments.file.display())?;
    } else {
        write!(env.out, "{}", suggest::write(&suggestions))?;
    }
    Ok(Exit::Clean)
}

fn is_capture(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tlk")
}

fn from_log(arguments: &Arguments) -> Result<Vec<Suggestion>> {
    let path = &arguments.file;
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let (rules, suggestion) = suggest::suggest_for_lines(text.lines());
    if let Some(path) = arguments.rules_file.as_ref().filter(|_| suggestion.is_some()) {
        fs::write(path, rules).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(suggestion.into_iter().collect())
}
