//! Finds the configuration files.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::NAME;

/// Where configuration files are looked for.
#[derive(Clone, Default, Debug)]
pub struct Places {
    /// The current folder; it and its parents, up to a repository or the user's home, may contain the
    /// project's file.
    pub folder: Option<PathBuf>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The folder of the user's configurations (XDG Base Directory Specification 0.8).
    pub user: Option<PathBuf>,
}

impl Places {
    /// The places of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let absolute =
            |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let user = absolute("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
        Self { folder: env::current_dir().ok(), home, user }
    }

    /// The user's and the project's file if they exist, and those of them that are world-writable.
    pub(super) fn find(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let user = self.user.as_ref().map(|folder| folder.join("teeleak").join(NAME));
        let project = self.folder.as_ref().and_then(|folder| self.above(folder));
        let there = user.into_iter().chain(project).filter(|path| path.is_file());
        there.partition(|path| is_trusted(path))
    }

    fn above(&self, folder: &Path) -> Option<PathBuf> {
        for folder in folder.ancestors() {
            let file = folder.join(NAME);
            if file.is_file() {
                return Some(file);
            }
            if folder.join(".git").exists() || self.home.as_deref() == Some(folder) {
                return None;
            }
        }
        None
    }
}

/// Whether neither the file nor its folder is world-writable: teeleak often runs as root in a folder
/// of another user, but should not follow a file in `/tmp`.
fn is_trusted(file: &Path) -> bool {
    let closed = |path: &Path| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o002 == 0)
    };
    closed(file) && file.parent().is_some_and(closed)
}
