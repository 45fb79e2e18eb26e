//! The files by number, and their sizes.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::FILES_MAX;

/// Prefix and suffix of a file name.
const NAME: (&str, &str) = ("push-", ".tlk");

/// Digits of a number.
const DIGITS: usize = 10;

/// A folder and its files.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    cap: u64,
    /// Bytes of each file.
    files: BTreeMap<u64, u64>,
}

impl Folder {
    pub(super) fn new(path: PathBuf, cap: u64) -> Self {
        Self { path, cap, files: BTreeMap::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn cap(&self) -> u64 {
        self.cap
    }

    /// Lists the files, since others may have removed some.
    pub(super) fn scan(&mut self) -> io::Result<()> {
        // Leak data is private to the owner.
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        self.files.clear();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Some(number) = entry.file_name().to_str().and_then(number) else { continue };
            // Skip links, and files removed meanwhile.
            match entry.metadata() {
                Ok(known) if known.is_file() => drop(self.files.insert(number, known.len())),
                _ => {}
            }
        }
        Ok(())
    }

    /// The last file and its bytes.
    pub(super) fn newest(&self) -> Option<(u64, u64)> {
        self.files.last_key_value().map(|(number, bytes)| (*number, *bytes))
    }

    /// Records the size of a file.
    pub(super) fn set(&mut self, number: u64, bytes: u64) {
        self.files.insert(number, bytes);
    }

    /// Deletes the oldest files until `bytes` more fit under the cap; keeps the file `spare`.
    pub(super) fn make_room(&mut self, bytes: u64, spare: Option<u64>) -> io::Result<()> {
        let n_new = usize::from(spare.is_none());
        loop {
            let used_bytes: u64 = self.files.values().sum();
            if used_bytes.saturating_add(bytes) <= self.cap && self.files.len() + n_new <= FILES_MAX
            {
                return Ok(());
            }
            let oldest = self.files.keys().copied().find(|number| Some(*number) != spare);
            let Some(oldest) = oldest else { return Err(io::ErrorKind::StorageFull.into()) };
            match fs::remove_file(self.file(oldest)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => drop(self.files.remove(&oldest)),
            }
        }
    }

    /// Creates the next file; its directory entry is on disk on return.
    pub(super) fn create(&mut self) -> io::Result<(u64, File)> {
        let number = self.newest().map_or(1, |(number, _)| number.saturating_add(1));
        let file =
            OpenOptions::new().append(true).create_new(true).mode(0o600).open(self.file(number))?;
        File::open(&self.path)?.sync_all()?;
        Ok((number, file))
    }

    /// Opens an existing file for appending.
    pub(super) fn reopen(&self, number: u64) -> io::Result<File> {
        OpenOptions::new().append(true).open(self.file(number))
    }

    /// Removes a file whose head could not be written.
    pub(super) fn remove(&mut self, number: u64) {
        // A leftover empty file is harmless.
        let _ = fs::remove_file(self.file(number));
        self.files.remove(&number);
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path.join(format!("{}{number:0DIGITS$}{}", NAME.0, NAME.1))
    }
}

/// The number in a file's name.
fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(NAME.0)?.strip_suffix(NAME.1)?;
    let is_number = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_have_numbers() {
        assert_eq!(number("push-0000000042.tlk"), Some(42));
        for other in
            ["push-42.tlk", "push-+000000042.tlk", "push-0000000042.tlk~", "window-0000000042.tlk"]
        {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
