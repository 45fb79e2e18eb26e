//! `teeleak.toml`: what options are where the command line does not give them.
//!
//! ```toml
//! protocol = ["drm.toml"]             # of every command that has the option
//! fail-on = ["leak", "order"]
//!
//! [run]                               # of one command
//! iterations = 50
//!
//! [run.max-bytes-per-iter]
//! "core/mm/mobj.c" = 64
//! ```
//!
//! Options have the names that they have on the command line, and its parser reads their values: a
//! file can't say anything that could not be typed. A file that is found rather than named may be
//! somebody else's, so there is no option in it that writes a file or runs a program.

mod apply;
mod find;
mod read;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
pub use find::Places;

/// What the files are called.
const NAME: &str = "teeleak.toml";

/// Where defaults of options come from.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct Choice {
    /// Take defaults of options from this file, and from no teeleak.toml that would be found.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Take defaults of options from no file.
    #[arg(long, global = true, conflicts_with = "config")]
    no_config: bool,
}

/// What one option is by default.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Setting {
    /// Of which command; `None` for all that have the option.
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

/// What is said about files, too, that were not taken.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// The user's own file, then the project's, whose settings go first.
    files: Vec<File>,
    /// Files that were found and are not trusted.
    pub(crate) left_alone: Vec<PathBuf>,
}

impl Configuration {
    /// Reads the files that count; `command` is the command line that they are for.
    ///
    /// # Errors
    /// When the file that was named can't be read, or one has mistakes.
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

    /// Each file with what it sets.
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
