//! What the lab is made of: Debian's names, and where each comes from.

use std::path::PathBuf;

use crate::apt::{Apt, Kind};
use crate::error::{LabError, Result};

/// OP-TEE OS and TF-A, as source packages.
const SOURCES: [&str; 2] = ["optee-os/sid", "arm-trusted-firmware/trixie"];
/// The guest's userland, all from one suite so that client, supplicant and
/// xtest belong together.
const USERLAND: [&str; 10] = [
    "libteec2",
    "tee-supplicant",
    "libckteec0t64",
    "libc6",
    "libgcc-s1",
    "libssl3t64",
    "zlib1g",
    "libzstd1",
    "busybox-static",
    "optee-test-qemu",
];
const USERLAND_SUITE: &str = "sid";
/// What shows calls of the guest's programs; fetched apart, so that the others stay as they were resolved.
const TRACER: &str = "strace:arm64/sid";
/// A package that depends on the newest kernel of its suite.
const KERNEL_META: &str = "linux-image-arm64:arm64/trixie";
/// A package that depends on the source of the same kernel.
const SOURCE_META: &str = "linux-source/trixie";

/// What a small Debian system is made of, with all that it depends on: what Debian calls essential, and
/// the packages that teeleak's needs.
const DEBIAN: [&str; 3] = ["?essential", "libteec2", "tee-supplicant"];
const DEBIAN_SUITE: &str = "trixie";

/// The source packages' files.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// The `.dsc` of OP-TEE OS.
    pub optee_os: PathBuf,
    /// The `.dsc` of TF-A.
    pub tfa: PathBuf,
}

/// Fetches the sources of OP-TEE OS and TF-A.
///
/// # Errors
/// When apt cannot fetch them.
pub(crate) fn sources(apt: &Apt) -> Result<Sources> {
    let files = apt.fetch("sources", Kind::Source, &SOURCES.map(str::to_owned))?;
    let dsc = |name: &str| {
        let is_it = |path: &&PathBuf| {
            let file = file_name(path);
            file.starts_with(name) && file.ends_with(".dsc")
        };
        let missing = || LabError::Unusable(format!("apt fetched no .dsc of {name}"));
        files.iter().find(is_it).cloned().ok_or_else(missing)
    };
    Ok(Sources { optee_os: dsc("optee-os_")?, tfa: dsc("arm-trusted-firmware_")? })
}

/// Fetches the guest's packages, the kernel first.
///
/// # Errors
/// When apt cannot fetch them.
pub(crate) fn guest(apt: &Apt) -> Result<Vec<PathBuf>> {
    let kernel = kernel(apt)?;
    let wanted: Vec<String> =
        USERLAND.iter().map(|name| format!("{name}:arm64/{USERLAND_SUITE}")).collect();
    let mut files = kernel;
    files.extend(apt.fetch("userland", Kind::Package, &wanted)?);
    files.extend(apt.fetch("tracer", Kind::Package, &[TRACER.to_owned()])?);
    Ok(files)
}

/// Fetches the packages of a small Debian system.
///
/// # Errors
/// When apt cannot fetch them.
pub(crate) fn debian(apt: &Apt) -> Result<Vec<PathBuf>> {
    apt.fetch("debian", Kind::System(DEBIAN_SUITE), &DEBIAN.map(str::to_owned))
}

fn kernel(apt: &Apt) -> Result<Vec<PathBuf>> {
    let name = newest(apt, "kernel-meta", KERNEL_META, "linux-image-")?;
    apt.fetch("kernel", Kind::Package, &[format!("{name}-unsigned:arm64/trixie")])
}

/// Fetches the source of the guest's kernel, as a package that has it as one file.
///
/// # Errors
/// When apt cannot fetch it.
pub(crate) fn linux_source(apt: &Apt) -> Result<PathBuf> {
    let name = newest(apt, "linux-source-meta", SOURCE_META, "linux-source-")?;
    let files = apt.fetch("linux-source", Kind::Package, &[format!("{name}/trixie")])?;
    let none = || LabError::Unusable(format!("apt fetched no {name}"));
    files.into_iter().next().ok_or_else(none)
}

/// The package that `meta` depends on, by the begin of its name.
fn newest(apt: &Apt, what: &str, meta: &str, begin: &str) -> Result<String> {
    let files = apt.fetch(what, Kind::Package, &[meta.to_owned()])?;
    let depends = match files.first() {
        Some(file) => crate::deb::depends(file)?,
        None => Vec::new(),
    };
    let name = depends.into_iter().find(|name| name.starts_with(begin));
    name.ok_or_else(|| LabError::Unusable(format!("{meta} depends on no {begin}*")))
}

/// The last part of a path, as text.
pub(crate) fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// `name_version` of a package or source file, which names its content.
pub(crate) fn versioned_name(path: &std::path::Path) -> String {
    let file = file_name(path);
    let mut parts = file.trim_end_matches(".dsc").split('_');
    let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{name}_{version}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn names_keep_the_version_only() {
        let name = |path: &str| versioned_name(Path::new(path));
        assert_eq!(name("/a/optee-os_4.10.0-2.dsc"), "optee-os_4.10.0-2");
        assert_eq!(name("zlib1g_1%3a1.3_arm64.deb"), "zlib1g_1%3a1.3");
    }
}
