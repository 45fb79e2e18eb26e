//! `teeleak completions` and `teeleak man`: files that a package installs along with the program.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Command};
use clap_complete::Shell;

use crate::{env::Env, exit::Exit};

/// Arguments of `teeleak completions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  teeleak completions bash > teeleak.bash
  teeleak completions zsh > _teeleak")]
pub(crate) struct Completions {
    /// Shell to print the script for.
    shell: Shell,
}

/// Arguments of `teeleak man`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  teeleak man man1")]
pub(crate) struct Man {
    /// Directory to write a page for teeleak and one for each command to; created if missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints the completion script of a shell.
pub(crate) fn completions(
    arguments: &Completions,
    mut program: Command,
    env: &mut Env<'_>,
) -> Result<Exit> {
    // `generate` panics when it can't write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "teeleak", &mut script);
    env.out.write_all(&script)?;
    Ok(Exit::Clean)
}

/// Writes the manual pages.
pub(crate) fn man(arguments: &Man, program: Command) -> Result<Exit> {
    let folder = &arguments.folder;
    let cannot = || format!("cannot write manual pages into {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    clap_mangen::generate_to(program, folder).with_context(cannot)?;
    Ok(Exit::Clean)
}
