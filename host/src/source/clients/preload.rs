//! Processes that run with the preload library, each with a ring file in a private folder of this
//! run.

use std::{
    env,
    ffi::OsString,
    fs::{self, Permissions},
    hash::{BuildHasher as _, RandomState},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::RingFolder;

/// Variables that the preload library reads (`settings.rs` of teeleak-preload).
const DIR: &str = "TEELEAK_TRACE_DIR";
const STACK: &str = "TEELEAK_TRACE_STACK";
const FDS: &str = "TEELEAK_TRACE_FDS";
/// Variable that the dynamic loader reads, see ld.so(8).
const PRELOAD: &str = "LD_PRELOAD";

/// What to record besides the calls.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Extra {
    /// Call stacks.
    pub(crate) stacks: bool,
    /// File descriptors.
    pub(crate) fds: bool,
}

/// A private folder of this run, and the library that fills it.
pub(crate) struct Tracing {
    library: PathBuf,
    path: PathBuf,
    extra: Extra,
    folder: RingFolder,
}

impl Tracing {
    /// Creates the folder.
    pub(crate) fn new(library: PathBuf, extra: Extra) -> Result<Self> {
        let path = create_folder(&place())?;
        // A workload may change its user: a folder created by root is open to all, like /tmp.
        let mode = if rustix::process::geteuid().is_root() { 0o1777 } else { 0o700 };
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        Ok(Self { library, folder: RingFolder::new(&path), path, extra })
    }

    /// Sets up a command, and its child processes, for recording.
    pub(crate) fn apply(&self, command: &mut Command) {
        let mut preload = OsString::from(&self.library);
        if let Some(others) = env::var_os(PRELOAD).filter(|others| !others.is_empty()) {
            preload.push(":");
            preload.push(others);
        }
        command.env(PRELOAD, preload).env(DIR, &self.path);
        let flag = |yes: bool| if yes { "1" } else { "0" };
        command.env(STACK, flag(self.extra.stacks)).env(FDS, flag(self.extra.fds));
    }

    /// The folder of ring files.
    pub(crate) fn folder(&mut self) -> &mut RingFolder {
        &mut self.folder
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        // This removes the ring files of running processes, too; they keep them mapped.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Creates a folder of a name that nobody can have taken: it may lie where everybody may write.
fn create_folder(place: &Path) -> Result<PathBuf> {
    let begin = format!("teeleak-{}-", std::process::id());
    let random = || RandomState::new().hash_one(());
    let path = place.join(format!("{begin}{:016x}", random()));
    fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(path)
}

/// The best place for ring files: in memory, so that writing never waits for a disk.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { env::temp_dir() }
}
