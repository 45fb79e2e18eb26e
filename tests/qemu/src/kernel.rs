//! The guest's kernel: Debian's image and the few modules it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cache::{Cache, Key, files_below};
use crate::command::output;
use crate::error::{LabError, Result};
use crate::packages::{file_name, versioned_name};
use crate::progress;

/// Modules of the guest in the order in which they are loaded. What one
/// depends on stands before it, which is checked when they are unpacked.
const MODULES: [&str; 7] = ["tee", "optee", "virtio_mmio", "netfs", "9pnet", "9pnet_virtio", "9p"];
/// Modules that are there for a test to load, and need no other.
const SPARE: [&str; 1] = ["binder_linux"];

/// A kernel in the cache.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    dir: PathBuf,
}

impl Kernel {
    /// The kernel image.
    pub(crate) fn image(&self) -> PathBuf {
        self.dir.join("Image")
    }

    /// Names and files of the modules, in the order of loading.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        MODULES.into_iter().map(|name| (name, self.dir.join(format!("{name}.ko"))))
    }

    /// Names and files of those that nobody loads unless a test does.
    pub(crate) fn spare(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        SPARE.into_iter().map(|name| (name, self.dir.join(format!("{name}.ko"))))
    }
}

/// Takes image and modules out of a kernel package, or finds them in the
/// cache.
///
/// # Errors
/// When the package is damaged, or a module is missing or misplaced.
pub(crate) fn unpack(cache: &Cache, deb: &Path) -> Result<Kernel> {
    let key = Key::new().with("modules", MODULES.join(" ")).with("spare", SPARE.join(" ")).finish();
    let dir = cache.made(&format!("kernel/{}-{key}", versioned_name(deb)), |dir| {
        let step = progress::step("unpack the kernel");
        let raw = dir.join("raw");
        fs::create_dir_all(&raw).map_err(LabError::io("create", &raw))?;
        extract(deb, &raw)?;
        place(&raw, dir)?;
        check_order(dir)?;
        crate::cache::remove_dir(&raw)?;
        step.done("");
        Ok(())
    })?;
    Ok(Kernel { dir })
}

/// Only what is needed: the whole package would be half a gigabyte.
fn extract(deb: &Path, raw: &Path) -> Result<()> {
    let mut reader = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(deb)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(LabError::io("read", deb))?;
    let pipe = reader.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let modules = MODULES.iter().chain(&SPARE).map(|name| format!("*/{name}.ko*"));
    let writer = Command::new("tar")
        .args(["-x", "--wildcards", "-C"])
        .arg(raw)
        .arg("./boot/vmlinuz-*")
        .args(modules)
        .stdin(pipe)
        .output()
        .map_err(LabError::io("unpack", deb))?;
    let read = reader.wait().map_err(LabError::io("read", deb))?;
    if read.success() && writer.status.success() {
        return Ok(());
    }
    Err(LabError::Unusable(format!(
        "{} does not unpack: {}",
        deb.display(),
        String::from_utf8_lossy(&writer.stderr).trim()
    )))
}

fn place(raw: &Path, dir: &Path) -> Result<()> {
    for file in files_below(raw)? {
        let (from, name) = (raw.join(&file), file_name(&file));
        let to = if name.starts_with("vmlinuz-") { "Image" } else { name.trim_end_matches(".xz") };
        if name.ends_with(".xz") {
            output(Command::new("xz").arg("-d").arg(&from))?;
        }
        let from = from.with_file_name(name.trim_end_matches(".xz"));
        fs::rename(&from, dir.join(to)).map_err(LabError::io("move", &from))?;
    }
    Ok(())
}

fn check_order(dir: &Path) -> Result<()> {
    for (at, name) in MODULES.iter().chain(&SPARE).enumerate() {
        let path = dir.join(format!("{name}.ko"));
        let content = fs::read(&path).map_err(LabError::io("read", &path))?;
        for needed in depends(&content) {
            if !MODULES[..at.min(MODULES.len())]
                .iter()
                .any(|module| module.replace('-', "_") == needed)
            {
                return Err(LabError::Unusable(format!(
                    "kernel module {name} needs {needed}: put it before {name} in MODULES"
                )));
            }
        }
    }
    Ok(())
}

/// What a module depends on: the `depends=` string of its .modinfo section.
fn depends(module: &[u8]) -> Vec<String> {
    let field = b"\0depends=";
    let at = module.windows(field.len()).position(|window| window == field);
    let Some(at) = at else { return Vec::new() };
    let value = &module[at + field.len()..];
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    let value = String::from_utf8_lossy(&value[..end]);
    value.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_are_read_from_the_module() {
        assert_eq!(depends(b"x\0license=GPL\0depends=tee,netfs\0name=y"), ["tee", "netfs"]);
        assert!(depends(b"x\0depends=\0y").is_empty());
        assert!(depends(b"nothing").is_empty());
    }
}
