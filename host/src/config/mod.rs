//! `teeleak.toml`: values of options that the command line does not give.
//!
//! ```toml
//! protocol = ["drm.toml"]             # for every command that has the option
//! fail-on = ["leak", "order"]
//!
//! [run]                               # for one command
//! iterations = 50
//!
//! [run.max-bytes-per-iter]
//! "core/mm/mobj.c" = 64
//! ```
//!
//! Options have the same names as on the command line, and its parser reads their values: a file
//! can't set anything that could not be typed. A file that is found rather than named may belong to
//! another user, so it can't set options that write a file or run a program.

mod apply;
mod find;
mod read;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
pub use find::Places;

/// Name of the configuration files.
const NAME: &str = "teeleak.toml";

/// Where option defaults come from.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct Choice {
    /// Take option defaults from this file, and ignore other teeleak.toml files.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Ignore all configuration files.
    #[arg(long, global = true, conflicts_with = "config")]
    no_config: bool,
}

/// The default of one option.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Setting {
    /// The command that it is for; `None` for all that have the option.
    command: Option<String>,
    /// Its name on the command line, without dashes.
    option: &'static str,
    values: Vec<String>,
}

/// The settings of a file.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    settings: Vec<Setting>,
}

/// The configuration files, and files that were ignored.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// The user's own file, then the project's, whose settings take precedence.
    files: Vec<File>,
    /// Files that were found but are not trusted.
    pub(crate) left_alone: Vec<PathBuf>,
}

impl Configuration {
    /// Reads the configuration files for the command line `command`.
    ///
    /// # Errors
    /// When a file can't be read or has mistakes.
    pub(crate) fn read(choice: &Choice, places: &Places, command: &clap::Command) -> Result<Self> {
        if choice.no_config {
            return Ok(Self::default());
        }
        let (paths, left_alone) = match &choice.config {
            Some(path) => (vec![path.clone()], Vec::new()),
            None => places.find(),
        };
        let files = paths.iter().map(|path| file(path, command)).collect::<Result<_>>()?;
        Ok(Self { files, left_alone })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.iter().all(|file| file.settings.is_empty())
    }

    /// The command line with these defaults.
    pub(crate) fn apply(&self, command: clap::Command) -> clap::Command {
        let settings = self.files.iter().flat_map(|file| &file.settings);
        settings.fold(command, apply::setting)
    }

    /// Each file with its settings.
    pub(crate) fn told(&self) -> Vec<String> {
        let settings = |file: &File| {
            let all: Vec<_> = file.settings.iter().map(ToString::to_string).collect();
            if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
        };
        let file = |file: &File| format!("{} sets {}", file.path.display(), settings(file));
        self.files.iter().map(file).collect()
    }
}

fn file(path: &Path, command: &clap::Command) -> Result<File> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read configuration {name}"))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let settings = read::settings((&name, &text), folder, command)
        .map_err(|mistakes| crate::render::mistake::error("the configuration", &text, &mistakes))?;
    Ok(File { path: path.to_owned(), settings })
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let command = self.command.as_ref().map_or(String::new(), |name| format!("{name} "));
        write!(f, "{command}--{} {}", self.option, self.values.join(" "))
    }
}
