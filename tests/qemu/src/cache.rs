//! The cache directory: keys, locks and all-or-nothing publication.
//!
//! Everything slow lies in a directory whose name holds a hash of what it was
//! made from. It is built beside its place and renamed into it when complete,
//! under a lock file, so an interrupted or a second run never sees half of it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::error::{LabError, Result};
use crate::progress;

/// Length of a key in hexadecimal digits.
const KEY_DIGITS: usize = 16;
/// The file whose time says when a directory was used last.
const USED: &str = "used";

/// No run lasts this long, so what was used last before it is used no more.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// The root of the lab's cache.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Cache {
    /// The user's cache: `$XDG_CACHE_HOME/teeleak` or `~/.cache/teeleak`.
    ///
    /// # Errors
    /// When neither variable is set or the directory cannot be made.
    pub(crate) fn of_user() -> Result<Self> {
        let base = root_from(
            std::env::var_os("XDG_CACHE_HOME").as_deref(),
            std::env::var_os("HOME").as_deref(),
        );
        let root = base.ok_or_else(|| {
            LabError::Unusable("neither XDG_CACHE_HOME nor HOME is set: set one of them".into())
        })?;
        Self::at(root)
    }

    /// A cache in a directory of the caller's choice.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub(crate) fn at(root: PathBuf) -> Result<Self> {
        fs::create_dir_all(&root).map_err(LabError::io("create", &root))?;
        Ok(Self { root })
    }

    /// A directory of the cache, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn dir(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(name);
        fs::create_dir_all(&path).map_err(LabError::io("create", &path))?;
        Ok(path)
    }

    /// Where the log of a step goes.
    ///
    /// # Errors
    /// When the folder of the logs cannot be made.
    pub(crate) fn log(&self, name: &str) -> Result<PathBuf> {
        Ok(self.dir("logs")?.join(format!("{name}.log")))
    }

    /// Takes the lock `name`, waiting for another process that has it.
    ///
    /// # Errors
    /// When the lock file cannot be made or locked.
    pub(crate) fn lock(&self, name: &str) -> Result<Lock> {
        let path = self.dir("locks")?.join(name);
        let file = File::create(&path).map_err(LabError::io("create", &path))?;
        if file.try_lock().is_err() {
            // Threads of one run meet here for moments; that is no news.
            thread::sleep(Duration::from_millis(300));
        }
        if file.try_lock().is_err() {
            let waiting = progress::step(&format!("wait for another run that has {name}"));
            file.lock().map_err(LabError::io("lock", &path))?;
            waiting.done("");
        }
        Ok(Lock { _file: file })
    }

    /// The directory `name`, made by `build` if it is not there yet.
    ///
    /// `build` gets an empty directory to fill; it becomes `name` only when
    /// `build` succeeds.
    ///
    /// # Errors
    /// What `build` says, and I/O errors.
    pub(crate) fn made(
        &self,
        name: &str,
        build: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let place = self.root.join(name);
        if place.exists() {
            return Ok(place);
        }
        let _lock = self.lock(&name.replace('/', "-"))?;
        if place.exists() {
            return Ok(place);
        }
        let partial = self.root.join(format!("{name}.partial"));
        remove_dir(&partial)?;
        fs::create_dir_all(&partial).map_err(LabError::io("create", &partial))?;
        build(&partial)?;
        fs::rename(&partial, &place).map_err(LabError::io("rename", &partial))?;
        Ok(place)
    }
}

fn root_from(xdg: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    let xdg = xdg.map(Path::new).filter(|path| path.is_absolute());
    let home = home.filter(|home| !home.is_empty()).map(Path::new);
    let base = xdg.map(Path::to_path_buf).or_else(|| Some(home?.join(".cache")))?;
    Some(base.join("teeleak"))
}

/// Removes a directory and all in it; one that is not there is fine.
///
/// # Errors
/// When it is there and cannot be removed.
pub(crate) fn remove_dir(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LabError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Notes that `dir` was used now, and removes those of its neighbours whose
/// name is `prefix` and a key, but for the `kept` last used ones and those
/// that somebody else may be using at this moment.
///
/// # Errors
/// When something cannot be written, listed or removed.
pub(crate) fn drop_unused(dir: &Path, prefix: &str, kept: usize) -> Result<()> {
    let stamp = dir.join(USED);
    fs::write(&stamp, "").map_err(LabError::io("write", &stamp))?;
    let Some(parent) = dir.parent() else { return Ok(()) };
    let mut others = Vec::new();
    for entry in fs::read_dir(parent).map_err(LabError::io("list", parent))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_key = |key: &str| key.len() == KEY_DIGITS;
        let used = fs::metadata(entry.path().join(USED)).and_then(|meta| meta.modified());
        if let (Ok(used), true) = (used, name.strip_prefix(prefix).is_some_and(is_key)) {
            others.push((used, entry.path()));
        }
    }
    others.sort();
    for (used, path) in others.iter().rev().skip(kept) {
        if used.elapsed().is_ok_and(|age| age < IDLE) {
            continue;
        }
        progress::say(&format!("remove {}, long unused", path.display()));
        remove_dir(path)?;
    }
    Ok(())
}

/// A hash over named inputs; equal inputs give equal keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key {
    hash: Sha256,
}

impl Key {
    /// A key over nothing.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds one input. Name and value are both part of the key, and where one
    /// ends and the next starts is, too.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        for part in [name.as_bytes(), value.as_ref()] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            self.hash.update(length.to_le_bytes());
            self.hash.update(part);
        }
        self
    }

    /// Adds every file below `dir` with its path and content. A directory
    /// that is not there counts as empty.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn with_tree(mut self, name: &str, dir: &Path) -> Result<Self> {
        for file in files_below(dir)? {
            let content = fs::read(dir.join(&file)).map_err(LabError::io("read", &file))?;
            self = self.with(&format!("{name}/{}", file.display()), content);
        }
        Ok(self)
    }

    /// The key as 16 hexadecimal digits.
    #[must_use]
    pub(crate) fn finish(self) -> String {
        let digest = self.hash.finalize();
        digest[..KEY_DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All files and links below `dir`, relative to it, in a fixed order.
///
/// # Errors
/// When a directory cannot be read.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        let path = dir.join(&folder);
        if !path.exists() {
            continue;
        }
        for entry in fs::read_dir(&path).map_err(LabError::io("list", &path))? {
            let entry = entry.map_err(LabError::io("list", &path))?;
            let kind = entry.file_type().map_err(LabError::io("look at", &path))?;
            let name = folder.join(entry.file_name());
            if kind.is_dir() {
                waiting.push(name);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn keys_depend_on_names_values_and_borders() {
        let key = |pairs: &[(&str, &str)]| {
            let add = |key: Key, (name, value): &(&str, &str)| key.with(name, value);
            pairs.iter().fold(Key::new(), add).finish()
        };
        assert_eq!(key(&[("a", "b")]), key(&[("a", "b")]));
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "b"), ("c", "d")]), key(&[("c", "d"), ("a", "b")]));
        assert_eq!(key(&[]).len(), 16);
    }

    #[test]
    fn tree_keys_see_content_and_names() {
        let dir = tempfile::tempdir().unwrap();
        let key = || Key::new().with_tree("t", dir.path()).unwrap().finish();
        let empty = key();
        fs::create_dir(dir.path().join("sub")).unwrap();
        assert_eq!(empty, key());
        fs::write(dir.path().join("sub/f"), "1").unwrap();
        let one = key();
        assert_ne!(empty, one);
        fs::write(dir.path().join("sub/f"), "2").unwrap();
        assert_ne!(one, key());
        fs::rename(dir.path().join("sub/f"), dir.path().join("g")).unwrap();
        assert_ne!(one, key());
    }

    #[test]
    fn only_the_last_used_of_a_kind_stay() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        let use_then = |name: &str, days: u64| {
            fs::create_dir(place(name)).unwrap();
            let age = Duration::from_secs(days * 24 * 60 * 60);
            let stamp = File::create(place(name).join(USED)).unwrap();
            stamp.set_modified(SystemTime::now() - age).unwrap();
        };
        let names: Vec<String> = (0..5).map(|n| format!("a-{n:016x}")).collect();
        for (name, days) in names.iter().zip([9, 8, 7, 6, 0]) {
            use_then(name, days);
        }
        use_then("b-0000000000000000", 9);
        use_then("a-x-1", 9);
        drop_unused(&place(&names[4]), "a-", 2).unwrap();
        let there = |name: &String| place(name).exists();
        assert_eq!(names.iter().map(there).collect::<Vec<_>>(), [false, false, false, true, true]);
        assert!(place("b-0000000000000000").exists() && place("a-x-1").exists());
        drop_unused(&place(&names[3]), "a-", 1).unwrap();
        assert!(place(&names[4]).exists(), "used today, perhaps right now");
    }

    #[test]
    fn root_prefers_an_absolute_xdg_directory() {
        let root = |xdg: Option<&str>, home: Option<&str>| {
            root_from(xdg.map(OsStr::new), home.map(OsStr::new))
        };
        assert_eq!(root(Some("/x"), Some("/h")), Some("/x/teeleak".into()));
        assert_eq!(root(Some("x"), Some("/h")), Some("/h/.cache/teeleak".into()));
        assert_eq!(root(None, None), None);
    }

    #[test]
    fn a_failed_build_leaves_nothing_and_a_good_one_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("c")).unwrap();
        let fail = |_: &Path| Err(LabError::Unusable("no".into()));
        assert!(cache.made("x/y", fail).is_err());
        assert!(!dir.path().join("c/x/y").exists());
        let place =
            cache.made("x/y", |p| fs::write(p.join("f"), "1").map_err(LabError::io("write", p)));
        assert_eq!(fs::read_to_string(place.unwrap().join("f")).unwrap(), "1");
        assert!(cache.made("x/y", fail).is_ok());
    }
}
