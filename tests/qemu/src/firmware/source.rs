//! Which OP-TEE OS tree to build: Debian's, or the user's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use crate::cache::{Cache, Key, files_below};
use crate::command::output;
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
    /// The release that it is: what the core says at boot, and reports say.
    pub(super) release: String,
    /// What distinguishes its content from another's.
    pub(super) id: String,
    /// Where it is.
    pub(super) dir: PathBuf,
    /// The key that its core has to trust, if that is not the tree's own.
    pub(super) key: Option<PathBuf>,
}

/// The tree that `OPTEE_OS_SRC` names, or else Debian's.
pub(super) fn optee_os(cache: &Cache, dsc: &Path) -> Result<Tree> {
    match std::env::var_os(OVERRIDE) {
        Some(dir) if !dir.is_empty() => {
            // TAs are built and signed once, with Debian's kit.
            let key = unpacked(cache, dsc)?.dir.join("keys/default_ta.pem");
            // A link there, which would be exported as it is.
            let key = fs::canonicalize(&key).map_err(LabError::io("find", &key))?;
            Ok(Tree { key: Some(key), ..own(Path::new(&dir))? })
        }
        _ => unpacked(cache, dsc),
    }
}

/// The source package `dsc`, unpacked in the cache.
pub(super) fn unpacked(cache: &Cache, dsc: &Path) -> Result<Tree> {
    let name = versioned_name(dsc);
    let dir = cache
        .made(&format!("sources/{name}"), |dir| unpack_source(cache, dsc, &dir.join("tree")))?;
    Ok(Tree { id: name.clone(), release: name.clone(), name, dir: dir.join("tree"), key: None })
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
    let release = release(&dir)?;
    key = key.with("release", &release);
    Ok(Tree { name: format!("own-{place}"), release, id: key.finish(), dir, key: None })
}

/// The release that a tree of the user's own says it is: Debian's package, the state of its git
/// repository, or the revision in its configuration.
fn release(dir: &Path) -> Result<String> {
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap_or_default();
    if let Some(package) = package(&read("debian/changelog")) {
        return Ok(package);
    }
    if let Some(state) = git_state(dir) {
        return Ok(state);
    }
    revision(&read("mk/config.mk")).ok_or_else(|| {
        LabError::Unusable(format!(
            "{OVERRIDE} is {}, whose mk/config.mk has no CFG_OPTEE_REVISION_MAJOR and _MINOR",
            dir.display()
        ))
    })
}

/// `optee-os (4.10.0-2) unstable; urgency=medium` is `optee-os_4.10.0-2`.
fn package(changelog: &str) -> Option<String> {
    let (name, rest) = changelog.lines().next()?.split_once(" (")?;
    Some(format!("{name}_{}", rest.split_once(')')?.0))
}

/// As OP-TEE's own makefile names it. Only of a repository that begins here: the tree may lie in another
/// one.
fn git_state(dir: &Path) -> Option<String> {
    if !dir.join(".git").exists() {
        return None;
    }
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(["describe", "--always", "--dirty=-dev"]);
    Some(output(&mut command).ok()?.trim().to_owned()).filter(|state| !state.is_empty())
}

/// `4.10.0`, from its parts.
fn revision(config: &str) -> Option<String> {
    let part = |name: &str| {
        let lines = config.lines().filter_map(|line| line.strip_prefix(name));
        let mut values = lines.filter_map(|rest| rest.trim_start().strip_prefix("?="));
        values.next().map(|value| value.trim().to_owned())
    };
    let [major, minor] = ["MAJOR", "MINOR"].map(|name| part(&format!("CFG_OPTEE_REVISION_{name}")));
    let extra = part("CFG_OPTEE_REVISION_EXTRA").unwrap_or_default();
    Some(format!("{}.{}{extra}", major?, minor?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_keeps_the_name_of_its_release() {
        let changelog = "optee-os (4.10.0-2) unstable; urgency=medium\n\n  * New\n";
        assert_eq!(package(changelog).unwrap(), "optee-os_4.10.0-2");
        assert_eq!(package(""), None);
        let config = "CFG_OPTEE_REVISION_MAJOR ?= 4\nCFG_OPTEE_REVISION_MINOR ?= 10\n\
                      CFG_OPTEE_REVISION_EXTRA ?= .1\n";
        assert_eq!(revision(config).unwrap(), "4.10.1");
        assert_eq!(revision("CFG_OPTEE_REVISION_MAJOR ?= 4\n"), None);
    }
}
