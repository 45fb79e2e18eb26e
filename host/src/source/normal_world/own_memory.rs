//! Memory of teeleak itself: rings that recorded processes still have, and what it keeps of its records.
//!
//! Rings are files in memory, so the kernel counts them as shared memory and as cache, like anything
//! that the workload keeps there; records are anonymous memory, like that of any process.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Bytes of a block of `stat`, see stat(2).
const BLOCK_BYTES: u64 = 512;

/// Folders of rings: `teeleak-PID-N`.
const FOLDER: &str = "teeleak-";

/// Rings, and marks of processes without calls.
const FILES: [&str; 2] = ["ring-", "idle-"];

/// Bytes of all rings in memory below `root`.
pub(super) fn ring_bytes(root: &Path) -> u64 {
    let folders = entries(&root.join("dev/shm"), &[FOLDER]).into_iter();
    let files = folders.flat_map(|folder| entries(&folder, &FILES));
    let blocks = files.filter_map(|file| Some(fs::symlink_metadata(file).ok()?.blocks()));
    blocks.sum::<u64>().saturating_mul(BLOCK_BYTES)
}

/// Bytes of anonymous memory of this process; `root` is the root of the file system.
pub(super) fn anonymous_bytes(root: &Path) -> u64 {
    let status = fs::read_to_string(root.join("proc/self/status")).unwrap_or_default();
    let figure = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = figure.and_then(|figure| figure.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0).saturating_mul(1024)
}

/// Whether this is the path of a mapped ring, as `/proc/PID/maps` has it.
pub(super) fn is_ring(path: &str) -> bool {
    let mut parts = path.trim_end_matches(" (deleted)").rsplit('/');
    let is_file = parts.next().is_some_and(|file| file.starts_with(FILES[0]));
    is_file && parts.next().is_some_and(|folder| folder.starts_with(FOLDER))
}

fn entries(folder: &Path, prefixes: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_named = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
    };
    entries.filter(is_named).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use crate::source::normal_world::own_memory::*;

    #[test]
    fn rings_and_nothing_else_are_counted() {
        let root = std::env::temp_dir().join(format!("own-memory-{}", std::process::id()));
        let (ours, other) = (root.join("dev/shm/teeleak-7-0"), root.join("dev/shm/frames"));
        for folder in [&ours, &other] {
            fs::create_dir_all(folder).unwrap();
        }
        assert_eq!(ring_bytes(&root), 0);
        for file in [ours.join("ring-8-1"), ours.join("notes"), other.join("ring-8-1")] {
            fs::write(file, [1; 65536]).unwrap();
        }
        assert_eq!(ring_bytes(&root), 65536);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn anonymous_memory_of_this_process_is_read() {
        assert!(anonymous_bytes(Path::new("/")) > 0);
        assert_eq!(anonymous_bytes(Path::new("/no-such-root")), 0);
    }

    #[test]
    fn a_mapped_ring_is_known() {
        assert!(is_ring("/dev/shm/teeleak-812-0/ring-815-00000000000000ff"));
        assert!(is_ring("/tmp/teeleak-812-0/ring-815-00000000000000ff (deleted)"));
        assert!(!is_ring("/dev/shm/frames/ring-1") && !is_ring("/memfd:ring-1") && !is_ring(""));
    }
}
