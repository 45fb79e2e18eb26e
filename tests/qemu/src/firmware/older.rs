//! What older releases of OP-TEE need to build with today's tools.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::cache::Cache;
use crate::error::{LabError, Result};

/// A file of the tree, what it has since the tree needs nothing more, and the settings that an older
/// one needs.
const SETTINGS: [(&str, &str, &[&str]); 3] = [
    // Binutils 2.39 warn of what these link scripts make, and warnings are fatal.
    ("core/arch/arm/kernel/link.mk", "no-warn-rwx-segments", &["LDFLAGS=--no-warn-rwx-segments"]),
    // GCC calls functions of libgcc for atomics, which ask the C library what the CPU can do.
    ("core/arch/arm/arm.mk", "no-outline-atomics", &["CFLAGS64=-mno-outline-atomics"]),
    // Up to 3.11 the core has tables for no more than its 2 MiB, and up to 3.9 it relocates itself with
    // instructions that reach 1 MiB.
    (
        "core/arch/arm/include/kernel/thread.h",
        "syscall_recursion",
        &["CFG_CORE_HEAP_SIZE=393216", "CFG_LEAK_AUDIT_EVENTS=512", "CFG_TEE_RAM_VA_SIZE=0x200000"],
    ),
];

/// Where Debian has the library that scripts up to 3.17 call by its older name.
const CRYPTODOME: &str = "/usr/lib/python3/dist-packages/Cryptodome";

/// Settings for the tree at `place`, on top of those of the variant.
pub(super) fn settings(place: &Path) -> Vec<&'static str> {
    let needs = SETTINGS.iter().filter(|(file, has, _)| {
        fs::read_to_string(place.join(file)).is_ok_and(|text| !text.contains(has))
    });
    needs.flat_map(|(_, _, settings)| settings.iter().copied()).collect()
}

/// The Python that has Debian's modules: up to 4.8, some scripts take the first one on the path.
const PYTHON: &str = "/usr/bin/python3";

/// Variables of the environment of the build.
///
/// # Errors
/// When the links cannot be made.
pub(super) fn environment(cache: &Cache) -> Result<Vec<(&'static str, String)>> {
    let modules = cache.dir("tools/python")?;
    link(CRYPTODOME, &modules.join("Crypto"))?;
    let programs = cache.dir("tools/python/bin")?;
    link(PYTHON, &programs.join("python3"))?;
    let path = std::env::var("PATH").unwrap_or_default();
    Ok(vec![
        ("PYTHONPATH", modules.display().to_string()),
        ("PATH", format!("{}:{path}", programs.display())),
    ])
}

fn link(to: &str, place: &Path) -> Result<()> {
    if fs::symlink_metadata(place).is_ok() {
        return Ok(());
    }
    symlink(to, place).map_err(LabError::io("link", place))
}
