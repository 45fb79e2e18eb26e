//! Showing a file while it grows.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// A file and how much of it was shown.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    shown: u64,
}

impl Tail {
    /// Nothing of the file was shown yet; it need not be there yet.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { path, shown: 0 }
    }

    /// Shows what has come since. The whole output is kept in its file, so
    /// that a reader who went away is no error.
    pub(super) fn copy_to(&mut self, out: &mut impl Write) {
        let Ok(mut file) = File::open(&self.path) else { return };
        if file.seek(SeekFrom::Start(self.shown)).is_ok() {
            self.shown += io::copy(&mut file, out).unwrap_or(0);
            let _ = out.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let mut tail = Tail::of(path.clone());
        let mut out = Vec::new();
        tail.copy_to(&mut out);
        std::fs::write(&path, "one").unwrap();
        tail.copy_to(&mut out);
        std::fs::write(&path, "one two").unwrap();
        tail.copy_to(&mut out);
        tail.copy_to(&mut out);
        assert_eq!(out, b"one two");
    }
}
