//! Putting PTAs into an OP-TEE tree.
//!
//! `ta/pta` mirrors optee_os: its `core` and `lib`, where it has them, are
//! copied over the tree, then `patches/*.patch` are applied in the order of
//! their names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cache::Key;
use crate::error::{LabError, Result};
use crate::packages::file_name;
use crate::tree;

/// Folders of `ta/pta` that go into the tree as they are.
const MIRRORED: [&str; 2] = ["core", "lib"];
const PATCHES: &str = "patches";
/// Lines of context that `patch` may ignore: enough for neighbours that came
/// or went, too little for another function.
const FUZZ: &str = "--fuzz=2";

/// Adds everything that [`apply`] would use to a key.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn key(mut key: Key, pta: &Path) -> Result<Key> {
    for folder in MIRRORED.into_iter().chain([PATCHES]).filter(|name| pta.join(name).exists()) {
        key = key.with_tree(folder, &pta.join(folder))?;
    }
    Ok(key)
}

/// Copies the PTA over `tree` and patches it; `name` is the tree's name in
/// messages.
///
/// # Errors
/// When a patch doesn't apply: which one, to which file and hunk.
pub(crate) fn apply(pta: &Path, tree: &Path, name: &str) -> Result<()> {
    for folder in MIRRORED.into_iter().filter(|name| pta.join(name).exists()) {
        tree::copy(&pta.join(folder), &tree.join(folder))?;
    }
    for patch in patches(pta)? {
        apply_one(&patch, tree, name)?;
    }
    Ok(())
}

fn patches(pta: &Path) -> Result<Vec<PathBuf>> {
    let dir = pta.join(PATCHES);
    let mut found = Vec::new();
    if dir.exists() {
        for entry in fs::read_dir(&dir).map_err(LabError::io("list", &dir))? {
            found.push(entry.map_err(LabError::io("list", &dir))?.path());
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    found.sort();
    Ok(found)
}

fn apply_one(patch: &Path, tree: &Path, name: &str) -> Result<()> {
    let input = fs::File::open(patch).map_err(LabError::io("open", patch))?;
    let answer = Command::new("patch")
        .args(["-p1", "--forward", "--batch", "--no-backup-if-mismatch", FUZZ])
        .args(["--reject-file=-"])
        .env("LC_ALL", "C")
        .current_dir(tree)
        .stdin(Stdio::from(input))
        .output()
        .map_err(LabError::io("run patch for", patch))?;
    if answer.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.stdout) + String::from_utf8_lossy(&answer.stderr);
    Err(LabError::Patch {
        patch: file_name(patch),
        tree: name.to_owned(),
        details: refusals(&said),
    })
}

/// Files and hunks that `patch` refused, from what it printed.
fn refusals(said: &str) -> String {
    let mut file = "";
    let mut found = Vec::new();
    for line in said.lines() {
        if let Some(name) = line.strip_prefix("patching file ") {
            file = name;
        } else if line.contains("FAILED") || line.contains("previously applied") {
            found.push(format!("  {file}: {line}"));
        } else if line.contains("can't find file") || line.contains("malformed") {
            found.push(format!("  {line}"));
        }
    }
    if found.is_empty() { said.trim().to_owned() } else { found.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "--- a/mk/config.mk\n+++ b/mk/config.mk\n@@ -1,6 +1,7 @@\n \
        a\n b\n c\n+new\n d\n e\n f\n";

    fn pta(dir: &Path) {
        fs::create_dir_all(dir.join("pta/core/pta")).unwrap();
        fs::create_dir_all(dir.join("pta/patches")).unwrap();
        fs::write(dir.join("pta/core/pta/x.c"), "x").unwrap();
        fs::write(dir.join("pta/patches/0001-a.patch"), PATCH).unwrap();
        fs::create_dir_all(dir.join("tree/mk")).unwrap();
    }

    #[test]
    fn files_are_copied_and_patches_applied() {
        let dir = tempfile::tempdir().unwrap();
        pta(dir.path());
        let config = dir.path().join("tree/mk/config.mk");
        fs::write(&config, "moved\na\nb\nc\nd\ne\nf\n").unwrap();
        apply(&dir.path().join("pta"), &dir.path().join("tree"), "t").unwrap();
        assert_eq!(fs::read_to_string(config).unwrap(), "moved\na\nb\nc\nnew\nd\ne\nf\n");
        assert!(dir.path().join("tree/core/pta/x.c").exists());
    }

    #[test]
    fn a_patch_that_does_not_fit_names_file_and_hunk() {
        let dir = tempfile::tempdir().unwrap();
        pta(dir.path());
        fs::write(
            dir.path().join("tree/mk/config.mk"),
            "quite\nanother\nfile\nthan\nthe\npatch\nwas\nmade\nfor\n",
        )
        .unwrap();
        let error = apply(&dir.path().join("pta"), &dir.path().join("tree"), "optee-os 9");
        let text = error.unwrap_err().to_string();
        for part in ["0001-a.patch", "optee-os 9", "mk/config.mk: Hunk #1 FAILED", "OPTEE_OS_SRC"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_gone_is_named() {
        let dir = tempfile::tempdir().unwrap();
        pta(dir.path());
        let error = apply(&dir.path().join("pta"), &dir.path().join("tree"), "t").unwrap_err();
        assert!(error.to_string().contains("find file to patch"), "{error}");
    }
}
