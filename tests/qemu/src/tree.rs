//! Source trees: copying, and making one tree equal to another while leaving
//! alone what is equal already, so that make rebuilds only what changed.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::cache::files_below;
use crate::error::{LabError, Result};

/// Copies every file and link below `from` over `to`.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in files_below(from)? {
        copy_one(&from.join(&file), &to.join(&file))?;
    }
    Ok(())
}

/// Makes `to` equal to `from`, touching only files that differ. Top-level
/// names in `keep` are left alone. Returns how many files were written.
///
/// # Errors
/// When a file cannot be read, written or removed.
pub(crate) fn sync(from: &Path, to: &Path, keep: &[&str]) -> Result<usize> {
    let wanted = files_below(from)?;
    let names: HashSet<&PathBuf> = wanted.iter().collect();
    let kept = |file: &Path| keep.iter().any(|name| file.starts_with(name));
    for file in files_below(to)?.iter().filter(|file| !kept(file) && !names.contains(file)) {
        let path = to.join(file);
        fs::remove_file(&path).map_err(LabError::io("remove", &path))?;
    }
    let mut written = 0;
    for file in &wanted {
        let (source, place) = (from.join(file), to.join(file));
        if !same(&source, &place)? {
            copy_one(&source, &place)?;
            written += 1;
        }
    }
    Ok(written)
}

fn same(one: &Path, other: &Path) -> Result<bool> {
    let Ok(there) = fs::symlink_metadata(other) else {
        return Ok(false);
    };
    let here = fs::symlink_metadata(one).map_err(LabError::io("look at", one))?;
    if here.is_symlink() || there.is_symlink() {
        return Ok(here.is_symlink()
            && there.is_symlink()
            && fs::read_link(one).ok() == fs::read_link(other).ok());
    }
    if here.len() != there.len() {
        return Ok(false);
    }
    let read = |path: &Path| fs::read(path).map_err(LabError::io("read", path));
    Ok(read(one)? == read(other)?)
}

/// Copies one file or link, replacing what is there.
///
/// # Errors
/// When it cannot be read or written.
pub(crate) fn copy_one(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(LabError::io("create", parent))?;
    }
    if fs::symlink_metadata(to).is_ok() {
        fs::remove_file(to).map_err(LabError::io("replace", to))?;
    }
    let kind = fs::symlink_metadata(from).map_err(LabError::io("look at", from))?;
    if kind.is_symlink() {
        let target = fs::read_link(from).map_err(LabError::io("read", from))?;
        return symlink(target, to).map_err(LabError::io("link", to));
    }
    fs::copy(from, to).map(drop).map_err(LabError::io("copy", from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn sync_writes_what_differs_and_removes_what_is_gone() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(from.path(), &[("same", "1"), ("a/changed", "new"), ("b/added", "3")]);
        write(to.path(), &[("same", "1"), ("a/changed", "old"), ("gone", "4"), ("out/o", "5")]);
        symlink("same", from.path().join("link")).unwrap();
        assert_eq!(sync(from.path(), to.path(), &["out"]).unwrap(), 3);
        assert_eq!(fs::read_to_string(to.path().join("a/changed")).unwrap(), "new");
        assert_eq!(fs::read_link(to.path().join("link")).unwrap(), Path::new("same"));
        assert!(!to.path().join("gone").exists());
        assert!(to.path().join("out/o").exists());
        assert_eq!(sync(from.path(), to.path(), &["out"]).unwrap(), 0);
    }
}
