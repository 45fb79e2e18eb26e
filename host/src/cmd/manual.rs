//! `teeleak completions` and `teeleak man`: files that a package installs along with the program.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Command};
use clap_complete::Shell;

use crate::{cmd::args::named_file::BuiltIn, env::Env, exit::Exit};

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
    let script = with_files(arguments.shell, String::from_utf8_lossy(&script).into_owned());
    env.out.write_all(script.as_bytes())?;
    Ok(Exit::Clean)
}

/// Completes file names beside the names of what is built in: clap's scripts know one or the other.
fn with_files(shell: Shell, script: String) -> String {
    let add_files = |script: String, built_in: BuiltIn| {
        let names = built_in.names();
        let (first, all) = (names.first().copied().unwrap_or_default(), names.join(" "));
        let (names_only, with_files) = match shell {
            Shell::Bash => (format!("compgen -W \"{all}\""), format!("compgen -f -W \"{all}\"")),
            Shell::Zsh => (format!(":FILE:({all})"), format!(":FILE:{{compadd -- {all}; _files}}")),
            Shell::Fish => (format!("-r -f -a \"{first}\\t''"), format!("-r -F -a \"{first}\\t''")),
            _ => return script,
        };
        script.replace(&names_only, &with_files)
    };
    BuiltIn::ALL.into_iter().fold(script, add_files)
}

/// Writes the manual pages.
pub(crate) fn man(arguments: &Man, program: Command) -> Result<Exit> {
    let folder = &arguments.folder;
    let cannot = || format!("cannot write manual pages into {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    clap_mangen::generate_to(program, folder).with_context(cannot)?;
    Ok(Exit::Clean)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap_complete::Shell;

    use super::with_files;
    use crate::{cli::Cli, cmd::args::named_file::BuiltIn};

    #[test]
    fn names_and_files_are_completed() {
        for (shell, mark) in [
            (Shell::Bash, "compgen -f -W \"sessions"),
            (Shell::Zsh, ":FILE:{compadd -- sessions"),
            (Shell::Fish, "-r -F -a \"sessions"),
        ] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "teeleak", &mut script);
            let script = with_files(shell, String::from_utf8(script).unwrap());
            assert!(script.contains(mark), "{shell}");
            assert!(BuiltIn::Rules.names().iter().all(|name| script.contains(name)), "{shell}");
        }
    }
}
