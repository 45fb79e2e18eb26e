//! The guest's root: an initramfs of Debian arm64 packages and our init.
//!
//! What is under test is not in it: it comes through the share at run time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::apt::Apt;
use crate::cache::{Cache, Key, files_below};
use crate::cpio::Archive;
use crate::deb;
use crate::error::{LabError, Result};
use crate::kernel::{self, Kernel};
use crate::packages::{self, versioned_name};
use crate::progress;

const INIT: &str = include_str!("../guest/init");
/// `guest` may be a client of the TEE, `nobody` may not.
const PASSWD: &str = "root:x:0:0::/root:/bin/sh\n\
    guest:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n";
const GROUP: &str = "root:x:0:\ntee:x:900:guest\nguest:x:1000:\nnogroup:x:65534:\n";
/// Directories of the root and their modes.
const DIRECTORIES: [(&str, u32); 16] = [
    ("dev", 0o755),
    ("etc", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("share", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("usr", 0o755),
    ("usr/bin", 0o755),
    ("usr/lib", 0o755),
    ("usr/lib/modules", 0o755),
    ("usr/sbin", 0o755),
    ("var", 0o755),
    ("var/lib", 0o755),
    ("var/lib/optee-client", 0o755),
];
/// Parts of the packages that the guest has no use for.
const LEFT_OUT: [&str; 4] =
    ["usr/share", "usr/lib/systemd", "usr/lib/aarch64-linux-gnu/gconv", "etc"];

/// The guest's parts that no firmware changes.
#[derive(Clone, Debug)]
pub struct Rootfs {
    /// The kernel image.
    pub kernel: PathBuf,
    /// The initramfs.
    pub initrd: PathBuf,
    /// The unpacked packages, for linking against the guest's libraries.
    pub sysroot: PathBuf,
}

impl Rootfs {
    /// A folder that `OPTEE_CLIENT_EXPORT` can name: it has
    /// `usr/lib/libteec.so`.
    #[must_use]
    pub fn client_export(&self) -> &Path {
        &self.sysroot
    }
}

/// Builds the guest's root, or finds it in the cache.
///
/// # Errors
/// When packages cannot be had or unpacked.
pub(crate) fn build(cache: &Cache) -> Result<Rootfs> {
    let debs = packages::guest(&Apt::new(cache)?)?;
    let (kernel_deb, userland) = debs
        .split_first()
        .ok_or_else(|| LabError::Unusable("the guest's list of packages is empty".into()))?;
    let kernel = kernel::unpack(cache, kernel_deb)?;
    let mut key = Key::new()
        .with("init", INIT)
        .with("passwd", PASSWD)
        .with("group", GROUP)
        .with("kernel", kernel.image().display().to_string());
    for deb in userland {
        key = key.with("package", versioned_name(deb));
    }
    let dir = cache.made(&format!("rootfs/{}", key.finish()), |dir| {
        let step = progress::step("pack the guest's root");
        let sysroot = dir.join("sysroot");
        for deb in userland {
            deb::unpack(deb, &sysroot)?;
        }
        link_for_linker(&sysroot)?;
        let archive = pack(&sysroot, &kernel)?;
        let initrd = dir.join("initrd.cpio");
        fs::write(&initrd, &archive).map_err(LabError::io("write", &initrd))?;
        step.done(&format!("{} MiB", archive.len() >> 20));
        Ok(())
    })?;
    Ok(Rootfs {
        kernel: kernel.image(),
        initrd: dir.join("initrd.cpio"),
        sysroot: dir.join("sysroot"),
    })
}

/// A library package has no `libteec.so` for the linker, and has the library
/// in a folder per architecture.
fn link_for_linker(sysroot: &Path) -> Result<()> {
    let link = sysroot.join("usr/lib/libteec.so");
    std::os::unix::fs::symlink("aarch64-linux-gnu/libteec.so.2", &link)
        .map_err(LabError::io("link", &link))
}

/// Not compressed: under emulation the guest would need longer to unpack it
/// than QEMU needs to load it.
fn pack(sysroot: &Path, kernel: &Kernel) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    skeleton(&mut archive);
    let mut folders: Vec<PathBuf> = DIRECTORIES.iter().map(|(name, _)| name.into()).collect();
    for file in files_below(sysroot)? {
        if LEFT_OUT.iter().any(|left_out| file.starts_with(left_out)) {
            continue;
        }
        parents(&mut archive, &file, &mut folders);
        add(&mut archive, &sysroot.join(&file), &file.to_string_lossy())?;
    }
    let mut order = String::new();
    for (name, path) in kernel.modules() {
        order += &format!("{name}\n");
        let content = fs::read(&path).map_err(LabError::io("read", &path))?;
        archive.file(&format!("usr/lib/modules/{name}.ko"), 0o644, &content);
    }
    for (name, path) in kernel.spare() {
        let content = fs::read(&path).map_err(LabError::io("read", &path))?;
        archive.file(&format!("usr/lib/modules/{name}.ko"), 0o644, &content);
    }
    archive.file("etc/lab-modules", 0o644, order.as_bytes());
    Ok(archive.finish())
}

fn skeleton(archive: &mut Archive) {
    for (name, mode) in DIRECTORIES {
        archive.directory(name, mode);
    }
    for (name, target) in [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib")] {
        archive.link(name, target);
    }
    // The kernel opens it for init before anything is mounted.
    archive.device("dev/console", 0o600, (5, 1));
    archive.file("init", 0o755, INIT.as_bytes());
    archive.file("etc/passwd", 0o644, PASSWD.as_bytes());
    archive.file("etc/group", 0o644, GROUP.as_bytes());
}

fn parents(archive: &mut Archive, file: &Path, folders: &mut Vec<PathBuf>) {
    let mut missing: Vec<&Path> = file
        .ancestors()
        .skip(1)
        .filter(|folder| !folder.as_os_str().is_empty() && !folders.iter().any(|f| f == folder))
        .collect();
    missing.reverse();
    for folder in missing {
        archive.directory(&folder.to_string_lossy(), 0o755);
        folders.push(folder.to_path_buf());
    }
}

fn add(archive: &mut Archive, path: &Path, name: &str) -> Result<()> {
    let meta = fs::symlink_metadata(path).map_err(LabError::io("look at", path))?;
    if meta.is_symlink() {
        let target = fs::read_link(path).map_err(LabError::io("read", path))?;
        archive.link(name, &target.to_string_lossy());
        return Ok(());
    }
    let content = fs::read(path).map_err(LabError::io("read", path))?;
    archive.file(name, meta.permissions().mode() & 0o777, &content);
    Ok(())
}
