//! Which OP-TEE OS tree to build: Debian's, or the user's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::cache::{Cache, Key, files_below};
use crate::deb::unpack_source;
use crate::error::{LabError, Result};
use crate::packages::versioned_name;

/// Names a tree of the user's own.
const OVERRIDE: &str = "OPTEE_OS_SRC";

/// A pristine tree; nothing is ever written to it.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// Its name in messages and of its build folder.
    pub(super) name: String,
    /// What distinguishes its content from another's.
    pub(super) id: String,
    /// Where it is.
    pub(super) dir: PathBuf,
}

/// The tree that `OPTEE_OS_SRC` names, or else Debian's.
pub(super) fn optee_os(cache: &Cache, dsc: &Path) -> Result<Tree> {
    match std::env::var_os(OVERRIDE) {
        Some(dir) if !dir.is_empty() => own(Path::new(&dir)),
        _ => unpacked(cache, dsc),
    }
}

/// The source package `dsc`, unpacked in the cache.
pub(super) fn unpacked(cache: &Cache, dsc: &Path) -> Result<Tree> {
    let name = versioned_name(dsc);
    let dir = cache
        .made(&format!("sources/{name}"), |dir| unpack_source(cache, dsc, &dir.join("tree")))?;
    Ok(Tree { id: name.clone(), name, dir: dir.join("tree") })
}

fn own(dir: &Path) -> Result<Tree> {
    if !dir.join("mk/config.mk").exists() {
        return Err(LabError::Unusable(format!(
            "{OVERRIDE} is {}, which is no optee_os tree (it has no mk/config.mk)",
            dir.display()
        )));
    }
    let dir = fs::canonicalize(dir).map_err(LabError::io("resolve", dir))?;
    let mut key = Key::new().with("dir", dir.display().to_string());
    for file in own_files(&dir)? {
        key = key.with(&file.display().to_string(), stamp(&dir.join(&file))?);
    }
    let place = Key::new().with("dir", dir.display().to_string()).finish();
    Ok(Tree { name: format!("own-{place}"), id: key.finish(), dir })
}

/// Size and time of a file: enough to see a change without reading it all.
fn stamp(path: &Path) -> Result<String> {
    let meta = fs::symlink_metadata(path).map_err(LabError::io("look at", path))?;
    let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(format!("{} {:?}", meta.len(), modified))
}

/// The files of a tree that belong to its source.
pub(super) fn own_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = files_below(dir)?;
    files.retain(|file| !file.starts_with(".git") && !file.starts_with("out"));
    Ok(files)
}
