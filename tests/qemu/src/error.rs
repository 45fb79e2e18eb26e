//! What can go wrong in the lab, in sentences that say what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Shorthand for results of this crate.
pub type Result<T, E = LabError> = std::result::Result<T, E>;

/// An error of the lab.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The operating system refused something.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted, with the path.
        what: String,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// A tool that the lab runs ended badly.
    #[error("{what} failed ({status})\n{tail}\nwhole log: {log}\n{hint}")]
    Step {
        /// The step, such as "build OP-TEE (default)".
        what: String,
        /// Exit status of the tool.
        status: String,
        /// The last lines of its output.
        tail: String,
        /// Where all of its output is.
        log: PathBuf,
        /// What to do about it.
        hint: String,
    },
    /// The PTA cannot be woven into the tree.
    #[error(
        "{tree} is refused by ta/pta/port.py\n{details}\n\
         do what it says, or point OPTEE_OS_SRC at another tree"
    )]
    Port {
        /// The tree.
        tree: String,
        /// What is missing, as the program says.
        details: String,
    },
    /// The guest did not do what it was asked to, with both consoles' ends.
    #[error(
        "{what}\n--- end of the normal world's console\n{normal}\n\
         --- end of the secure world's console\n{secure}\n--- run directory: {dir}"
    )]
    Guest {
        /// What happened.
        what: String,
        /// The last lines of the normal world's console.
        normal: String,
        /// The last lines of the secure world's console.
        secure: String,
        /// Where the run's files are.
        dir: PathBuf,
    },
    /// The machine lacks something, or the input is not usable.
    #[error("{0}")]
    Unusable(String),
}

impl LabError {
    /// For `map_err`: an I/O error with what was attempted on which path.
    pub fn io(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = format!("cannot {what} {}", path.display());
        move |source| Self::Io { what, source }
    }
}

/// The last `n` lines of a text.
#[must_use]
pub(crate) fn tail(text: &str, n: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}

/// The last `n` lines of a file that may not be UTF-8, or may be absent.
#[must_use]
pub(crate) fn tail_of_file(path: &Path, n: usize) -> String {
    match std::fs::read(path) {
        Ok(bytes) => tail(&String::from_utf8_lossy(&bytes), n),
        Err(error) => format!("({} cannot be read: {error})", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_keeps_the_last_lines() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("a", 5), "a");
        assert_eq!(tail("", 5), "");
    }
}
