//! Putting PTAs into an OP-TEE tree, with the program that puts the auditor's into anybody's.
//!
//! An overlay mirrors optee_os: its folders are copied over the tree, and `port/hooks.json` says what is
//! woven into files of the tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Key;
use crate::error::{LabError, Result};

/// Folders of an overlay that go into the tree, or say what does.
const FOLDERS: [&str; 4] = ["core", "lib", "mk", "port"];
/// The program, from the folder of this crate.
const WEAVER: &str = "../../ta/pta/port.py";

/// Adds everything that [`apply`] would use to a key.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn key(mut key: Key, pta: &Path) -> Result<Key> {
    for folder in FOLDERS.into_iter().filter(|name| pta.join(name).exists()) {
        key = key.with_tree(folder, &pta.join(folder))?;
    }
    let weaver = weaver_path();
    let text = fs::read_to_string(&weaver).map_err(LabError::io("read", &weaver))?;
    Ok(key.with("weaver", text))
}

/// Weaves an overlay into `tree`; `name` is the tree's name in messages.
///
/// # Errors
/// When the tree is refused: what is missing, and where it was looked for.
pub(crate) fn apply(pta: &Path, tree: &Path, name: &str) -> Result<()> {
    let answer = weaver()
        .arg(tree)
        .arg("--pta")
        .arg(pta)
        .output()
        .map_err(LabError::io("run python3 for", pta))?;
    if answer.status.success() {
        return Ok(());
    }
    Err(LabError::Port {
        tree: name.to_owned(),
        details: String::from_utf8_lossy(&answer.stderr).trim().to_owned(),
    })
}

/// The program that weaves, to be given a tree.
#[must_use]
pub fn weaver() -> Command {
    let mut command = Command::new("python3");
    command.arg(weaver_path());
    command
}

fn weaver_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(WEAVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"{
        "marker": "mark",
        "lines": [{"file": "core/sub.mk", "line": "srcs-y += pta/x.c"}]
    }"#;

    fn pta(dir: &Path) {
        fs::create_dir_all(dir.join("pta/core/pta")).unwrap();
        fs::create_dir_all(dir.join("pta/port")).unwrap();
        fs::write(dir.join("pta/core/pta/x.c"), "x").unwrap();
        fs::write(dir.join("pta/port/hooks.json"), TABLE).unwrap();
        fs::create_dir_all(dir.join("tree/mk")).unwrap();
        fs::write(dir.join("tree/mk/config.mk"), "").unwrap();
    }

    #[test]
    fn files_are_copied_and_lines_woven() {
        let dir = tempfile::tempdir().unwrap();
        pta(dir.path());
        fs::create_dir(dir.path().join("tree/core")).unwrap();
        let makefile = dir.path().join("tree/core/sub.mk");
        fs::write(&makefile, "subdirs-y += mm\n").unwrap();
        apply(&dir.path().join("pta"), &dir.path().join("tree"), "t").unwrap();
        let expected = "subdirs-y += mm\nsrcs-y += pta/x.c # mark\n";
        assert_eq!(fs::read_to_string(makefile).unwrap(), expected);
        assert!(dir.path().join("tree/core/pta/x.c").exists());
    }

    #[test]
    fn a_tree_that_does_not_fit_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        pta(dir.path());
        let error = apply(&dir.path().join("pta"), &dir.path().join("tree"), "optee-os 9");
        let text = error.unwrap_err().to_string();
        for part in ["optee-os 9", "core/sub.mk", "OPTEE_OS_SRC"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!dir.path().join("tree/core").exists());
    }
}
