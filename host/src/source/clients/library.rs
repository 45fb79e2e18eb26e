//! Finds the preload library.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Its file name.
const NAME: &str = "libteeleak_preload.so";

/// Environment variable with its path.
const VARIABLE: &str = "TEELEAK_PRELOAD";

/// Where packages install it, relative to the folder of the program.
const FROM_PROGRAM: [&str; 3] = [".", "../lib/teeleak", "../lib"];

/// The library, if it is installed.
#[must_use]
pub fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return absolute_path(Path::new(&named));
    }
    let program = env::current_exe().ok()?;
    let folder = program.parent()?;
    FROM_PROGRAM.iter().find_map(|from| absolute_path(&folder.join(from).join(NAME)))
}

/// The absolute path, since a workload may run in another folder. `None` for a path with a space or
/// a colon, which the dynamic loader takes for separators.
fn absolute_path(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let splits = |text: &str| text.contains([' ', ':']);
    (path.is_file() && !path.to_str().is_none_or(splits)).then_some(path)
}
