//! A folder of ring files, one for each traced process.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{RingFile, process};
use crate::source::Sink;

/// A folder of ring files.
pub(crate) struct RingFolder {
    path: PathBuf,
    rings: HashMap<PathBuf, FollowedRing>,
    unreadable: u64,
}

/// A known ring file; `ring` is `None` after its process ended or if it can't be read.
struct FollowedRing {
    ring: Option<RingFile>,
}

impl RingFolder {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), rings: HashMap::new(), unreadable: 0 }
    }

    /// Number of unreadable files.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Passes on the new records of all rings.
    pub(crate) fn poll(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.look(false, sink)
    }

    /// Passes on all remaining records, also of processes that still run.
    pub(crate) fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.look(true, sink)
    }

    /// Removes the fully read files of ended processes.
    pub(crate) fn clear_ended(&mut self) {
        self.rings.retain(|path, followed| {
            // Keep a file that can't be removed, so that it is not read again.
            followed.ring.is_some() || fs::remove_file(path).is_err()
        });
    }

    fn look(&mut self, last: bool, sink: &mut dyn Sink) -> Result<()> {
        for path in self.files()? {
            self.meet(path);
        }
        // Check processes before reading: one that has ended has written everything.
        let liveness: HashMap<PathBuf, bool> =
            self.rings.iter().map(|(path, followed)| (path.clone(), followed.is_alive())).collect();
        for (path, followed) in &mut self.rings {
            let Some(ring) = &mut followed.ring else { continue };
            let has_ended = liveness.get(path) == Some(&false);
            ring.poll(has_ended, sink)?;
            if has_ended {
                followed.ring = None;
            } else if last {
                ring.finish(sink)?;
            }
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_ring = name
                .to_str()
                .is_some_and(|name| name.starts_with("ring-") || name.starts_with("idle-"));
            if is_ring && !self.rings.contains_key(&entry.path()) {
                files.push(entry.path());
            }
        }
        // By process ID and start time, for a deterministic order.
        files.sort();
        Ok(files)
    }

    fn meet(&mut self, path: PathBuf) {
        match RingFile::open(&path) {
            Ok(Some(ring)) => {
                self.rings.insert(path, FollowedRing { ring: Some(ring) });
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(_) => {
                self.unreadable += 1;
                self.rings.insert(path, FollowedRing { ring: None });
            }
        }
    }
}

impl FollowedRing {
    /// Whether the process still runs. After an exec it uses another ring, and this one is read to
    /// its end once the process has ended.
    fn is_alive(&self) -> bool {
        let proc = Path::new("/proc");
        self.ring.as_ref().is_some_and(|ring| process::runs(proc, ring.head().pid))
    }
}
