//! A folder of ring files, one for each traced process.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Result;
use rustix::{
    io::Errno,
    process::{Resource, geteuid, getrlimit},
};

use super::{RingFile, process};
use crate::source::Sink;

/// Most rings that are open at a time, unless half of the descriptors that this process may have are fewer.
const MOST_RINGS: u64 = 512;

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
        let files = match self.files() {
            // New rings are looked for the next time.
            Err(error) if lacks_descriptors(&error) => Vec::new(),
            files => files?,
        };
        files.into_iter().for_each(|path| self.meet(path));
        // Check processes before reading: one that has ended has written everything.
        let liveness: HashMap<PathBuf, bool> =
            self.rings.iter().map(|(path, followed)| (path.clone(), followed.is_alive())).collect();
        for (path, followed) in &mut self.rings {
            let Some(ring) = &mut followed.ring else { continue };
            let has_ended = liveness.get(path) == Some(&false);
            let read = ring.poll(has_ended, sink);
            let read =
                if last && !has_ended { read.and_then(|()| ring.finish(sink)) } else { read };
            if has_ended || is_cut(&read) {
                followed.ring = None;
            }
            if is_cut(&read) {
                self.unreadable += 1;
            } else {
                read?;
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
        let n_open = self.rings.values().filter(|followed| followed.ring.is_some()).count();
        let has_room = (n_open as u64) < most_rings();
        match RingFile::open(&path) {
            Ok(Some(ring)) if has_room && is_of_its_process(&ring) => {
                self.rings.insert(path, FollowedRing { ring: Some(ring) });
            }
            Ok(Some(_)) => {
                self.unreadable += 1;
                self.rings.insert(path, FollowedRing { ring: None });
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

/// Whether a ring is shorter than its head says: somebody cut it.
fn is_cut(read: &Result<()>) -> bool {
    let error = read.as_ref().err().and_then(|error| error.downcast_ref::<io::Error>());
    error.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}

fn lacks_descriptors(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
}

fn most_rings() -> u64 {
    let descriptors = getrlimit(Resource::Nofile).current;
    descriptors.map_or(MOST_RINGS, |most| (most / 2).min(MOST_RINGS))
}

/// Whether the file belongs to root, to this user, or to a user of the process that it names, if that still
/// runs: in a folder where everybody may write, others could speak in its name.
fn is_of_its_process(ring: &RingFile) -> bool {
    let Ok(owner) = ring.owner() else { return false };
    let users = process::users(Path::new("/proc"), ring.head().pid);
    owner == 0 || owner == geteuid().as_raw() || users.is_none_or(|users| users.contains(&owner))
}

impl FollowedRing {
    /// Whether the process still runs. After an exec it uses another ring, and this one is read to
    /// its end once the process has ended.
    fn is_alive(&self) -> bool {
        let proc = Path::new("/proc");
        self.ring.as_ref().is_some_and(|ring| process::runs(proc, ring.head().pid))
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::Path};

    use super::{RingFolder, lacks_descriptors};
    use crate::source::live::Discard;

    #[test]
    fn a_folder_that_is_gone_is_an_error_and_a_lack_of_descriptors_is_none() {
        assert!(RingFolder::new(Path::new("/no-such-folder")).poll(&mut Discard).is_err());
        assert!(lacks_descriptors(&io::Error::from_raw_os_error(24)));
        assert!(!lacks_descriptors(&io::Error::from_raw_os_error(2)));
    }
}
