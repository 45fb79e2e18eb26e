//! The directory of one run: consoles, control socket and share.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{LabError, Result};

/// Set to keep the directories of runs that went well, too.
const KEEP: &str = "TEELEAK_KEEP_RUNS";

/// A directory that goes away with this, unless the run failed.
#[derive(Debug)]
pub(super) struct RunDir {
    path: PathBuf,
    keep: Cell<bool>,
}

impl RunDir {
    /// A new one below the system's temporary directory: the path of a socket
    /// may not be longer than some 100 bytes, so not in the cache.
    pub(super) fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("teeleak-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        crate::cache::remove_dir(&path)?;
        fs::create_dir_all(&path).map_err(LabError::io("create", &path))?;
        Ok(Self { path, keep: Cell::new(std::env::var_os(KEEP).is_some()) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder in it.
    pub(super) fn make(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).map_err(LabError::io("create", &path))?;
        Ok(path)
    }

    /// The secure console.
    pub(super) fn secure_log(&self) -> PathBuf {
        self.path.join("secure.log")
    }

    /// Lets the guest read the secure console while it grows, as a device does that has it on a
    /// serial port: QEMU writes to one name of the file, the guest reads the other.
    pub(super) fn share_console(&self) -> Result<()> {
        let (log, name) = (self.secure_log(), self.path.join("share/console"));
        fs::File::create(&log).map_err(LabError::io("create", &log))?;
        fs::hard_link(&log, &name).map_err(LabError::io("link", &name))
    }

    /// Keeps it for somebody to look at.
    pub(super) fn keep(&self) {
        self.keep.set(true);
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if !self.keep.get() {
            // What cannot be removed now is the temporary directory's matter.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
