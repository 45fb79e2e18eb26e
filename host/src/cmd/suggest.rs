//! `teeleak suggest`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use teeleak_analysis::suggest;

use super::diff::load;
use crate::{env::Env, exit::Exit};

/// Arguments of `teeleak suggest`.
#[derive(Args, Debug)]
#[command(after_help = "\
A value that one command returns and others take is a handle: the command that comes first acquires it, and
the one that comes last releases it. The proposal is a protocol file with its support and its exceptions in
comments; edit it before you use it.

Examples:
  teeleak suggest loop.tlk > proposed.toml; teeleak report --protocol proposed.toml new.tlk")]
pub(crate) struct Arguments {
    /// A capture that `teeleak run -o` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let suggestions = suggest::suggest(&load(&arguments.file)?);
    if suggestions.is_empty() {
        writeln!(env.err, "teeleak: nothing recurs in pairs in {}", arguments.file.display())?;
    } else {
        write!(env.out, "{}", suggest::write(&suggestions))?;
    }
    Ok(Exit::Clean)
}
