//! What the host needs: Debian packages and the Rust target.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::command::{Job, output};
use crate::error::{LabError, Result};
use crate::progress;

/// Packages, each with a file that shows that it is there, however it came
/// onto the machine.
const NEEDED: [(&str, &str); 15] = [
    ("qemu-system-arm", "/usr/bin/qemu-system-aarch64"),
    ("gcc-aarch64-linux-gnu", "/usr/bin/aarch64-linux-gnu-gcc"),
    ("libc6-dev-arm64-cross", "/usr/aarch64-linux-gnu/include/stdio.h"),
    ("gcc-arm-linux-gnueabihf", "/usr/bin/arm-linux-gnueabihf-gcc"),
    ("libc6-dev-armhf-cross", "/usr/arm-linux-gnueabihf/include/stdio.h"),
    ("device-tree-compiler", "/usr/bin/dtc"),
    ("python3-pyelftools", "/usr/lib/python3/dist-packages/elftools/__init__.py"),
    ("python3-pycryptodome", "/usr/lib/python3/dist-packages/Cryptodome/__init__.py"),
    ("python3-cryptography", "/usr/lib/python3/dist-packages/cryptography/__init__.py"),
    ("gcc", "/usr/bin/gcc"),
    ("libc6-dev", "/usr/include/stdio.h"),
    ("make", "/usr/bin/make"),
    ("dpkg-dev", "/usr/bin/dpkg-source"),
    ("patch", "/usr/bin/patch"),
    ("xz-utils", "/usr/bin/xz"),
];
/// Needed to build TF-A's packing tool.
const OPENSSL: (&str, &str) = ("libssl-dev", "/usr/include/openssl/sha.h");
/// For tests of pages (100 MB to fetch, 306 MB on disk), and either program that will do.
const BROWSER: (&str, [&str; 2]) =
    ("chromium-headless-shell", ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"]);
/// The target of everything that runs in the guest.
pub(crate) const TARGET: &str = "aarch64-unknown-linux-gnu";
/// The target of TAs of a 32-bit core.
pub(crate) const TARGET_32: &str = "armv7-unknown-linux-gnueabihf";

/// Installs what is missing, saying so first.
///
/// # Errors
/// When something is missing and cannot be installed; without root and sudo
/// the message is the command to run.
pub(crate) fn ensure(cache: &Cache) -> Result<()> {
    if !missing().is_empty() {
        let _lock = cache.lock("host-packages")?;
        install(cache, &missing())?;
    }
    ensure_rust_target(cache, TARGET)
}

/// Installs a browser, if there is none.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_browser(cache: &Cache) -> Result<()> {
    let (package, programs) = BROWSER;
    let there = || programs.iter().any(|path| Path::new(path).exists());
    if there() {
        return Ok(());
    }
    let _lock = cache.lock("host-packages")?;
    // Another run may have been quicker.
    if there() { Ok(()) } else { install(cache, &[package]) }
}

/// Adds a Rust target to the toolchain in use, if it is not there.
///
/// # Errors
/// When rustup cannot add it.
pub(crate) fn ensure_rust_target(cache: &Cache, target: &str) -> Result<()> {
    if has_target(target) {
        return Ok(());
    }
    let _lock = cache.lock("rust-target")?;
    let hint = format!("by hand: rustup target add {target}");
    let job = Job {
        name: &format!("add the Rust target {target} (some 30 MiB)"),
        log: &cache.log("rustup")?,
        hint: &hint,
    };
    job.run(Command::new("timeout").args(["300", "rustup", "target", "add", target]))
}

fn missing() -> Vec<&'static str> {
    absent(|path| Path::new(path).exists())
}

fn absent(exists: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let lacks = |(_, path): &(&str, &str)| !exists(path);
    NEEDED.into_iter().chain([OPENSSL]).filter(lacks).map(|(package, _)| package).collect()
}

fn install(cache: &Cache, packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        // Another run was quicker.
        return Ok(());
    }
    let list = packages.join(" ");
    progress::say(&format!("installing from your Debian mirror: {list}"));
    let root = output(Command::new("id").arg("-u"))?.trim() == "0";
    let by_hand = format!("sudo apt-get update && sudo apt-get install {list}");
    if !root && output(Command::new("sudo").args(["-n", "true"])).is_err() {
        return Err(LabError::Unusable(format!("packages are missing; please run: {by_hand}")));
    }
    let hint = format!("by hand: {by_hand}");
    let log = cache.log("install")?;
    let run = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.args(["-n", "apt-get"]);
        }
        let job = Job { name, log: &log, hint: &hint };
        job.run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    run("read the machine's package lists", &["-q", "update"])?;
    let mut arguments = vec!["-q", "-y", "--no-install-recommends", "install"];
    arguments.extend(packages);
    run("install packages", &arguments)
}

/// Whether the compiler in use has a standard or core library for a target.
fn has_target(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = output(Command::new(rustc).args(["--print", "target-libdir", "--target", target]));
    answer.is_ok_and(|dir| holds_core(&PathBuf::from(dir.trim())))
}

fn holds_core(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_absent_is_missing() {
        assert!(absent(|_| true).is_empty());
        let absent = absent(|path| !path.ends_with("dtc") && !path.ends_with("sha.h"));
        assert_eq!(absent, ["device-tree-compiler", "libssl-dev"]);
    }

    #[test]
    fn a_target_is_there_when_its_core_library_is() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!holds_core(dir.path()));
        std::fs::write(dir.path().join("libcore-0123.rlib"), "").unwrap();
        assert!(holds_core(dir.path()));
        assert!(!holds_core(&dir.path().join("nosuch")));
    }
}
