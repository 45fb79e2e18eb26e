//! A small Debian system for the guest: packages unpacked here, and entered into dpkg's database as installed.
//! Their own scripts are not run: under emulation that takes minutes, and a package that is put on
//! top needs its files and dpkg's records alone.
//!
//! The guest enters it with `chroot`: kernel and devices are the guest's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt::Apt;
use crate::cache::{Cache, Key};
use crate::command::output;
use crate::deb;
use crate::error::{LabError, Result};
use crate::guest::Guest;
use crate::packages;
use crate::progress;

/// Where it is in the share while a guest uses it.
const PLACE: &str = "debian";
/// The system as one file, which keeps owners and modes.
const ARCHIVE: &str = "root.tar";
/// Users and groups: where the package that has them keeps them, and where its script puts them.
const USERS: [(&str, &str); 2] = [
    ("usr/share/base-passwd/passwd.master", "etc/passwd"),
    ("usr/share/base-passwd/group.master", "etc/group"),
];

/// The system as an archive.
///
/// # Errors
/// When packages cannot be had or unpacked.
pub(crate) fn archive(cache: &Cache) -> Result<PathBuf> {
    let debs = packages::debian(&Apt::new(cache)?)?;
    let key =
        debs.iter().fold(Key::new(), |key, deb| key.with("package", packages::versioned_name(deb)));
    let made = cache.made(&format!("debian/{}", key.finish()), |dir| {
        let step = progress::step("unpack a Debian for the guest");
        let root = dir.join("root");
        unpack(&debs, &root)?;
        for (from, to) in USERS {
            let from = root.join(from);
            fs::copy(&from, root.join(to)).map_err(LabError::io("copy", &from))?;
        }
        output(tar("--create", &dir.join(ARCHIVE), &root).arg("."))?;
        crate::cache::remove_dir(&root)?;
        step.done(&format!("{} packages", debs.len()));
        Ok(())
    })?;
    Ok(made.join(ARCHIVE))
}

/// Unpacks the archive where the guest finds it.
///
/// # Errors
/// When the disk is full.
pub(crate) fn enter(archive: &Path, guest: &Guest) -> Result<()> {
    let root = guest.share().join(PLACE);
    fs::create_dir_all(&root).map_err(LabError::io("create", &root))?;
    output(&mut tar("--extract", archive, &root)).map(drop)
}

fn tar(what: &str, archive: &Path, root: &Path) -> Command {
    let mut command = Command::new("tar");
    command.arg(what).arg("--file").arg(archive).arg("--directory").arg(root);
    command
}

/// Unpacks packages, and enters them into dpkg's database.
fn unpack(debs: &[PathBuf], root: &Path) -> Result<()> {
    let database = root.join("var/lib/dpkg");
    let info = database.join("info");
    for folder in [info.clone(), database.join("updates"), database.join("triggers")] {
        fs::create_dir_all(&folder).map_err(LabError::io("create", &folder))?;
    }
    let mut status = String::new();
    for deb in debs {
        deb::unpack(deb, root)?;
        status += &register(deb, &info)?;
    }
    for (file, text) in [("status", status.as_str()), ("available", ""), ("info/format", "1\n")] {
        let path = database.join(file);
        fs::write(&path, text).map_err(LabError::io("write", &path))?;
    }
    Ok(())
}

/// Puts a package's scripts and list of files where dpkg has them; gives its paragraph of the status.
fn register(deb: &Path, info: &Path) -> Result<String> {
    let field = |name: &str| deb::field(deb, name);
    let package = field("Package")?;
    let name = match field("Multi-Arch")?.as_str() {
        "same" => format!("{package}:{}", field("Architecture")?),
        _ => package,
    };
    let scripts = info.with_file_name("control");
    output(Command::new("dpkg-deb").arg("--control").arg(deb).arg(&scripts))?;
    let mut paragraph = String::new();
    for entry in fs::read_dir(&scripts).map_err(LabError::io("list", &scripts))?.flatten() {
        let (from, file) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if file == "control" {
            paragraph = fs::read_to_string(&from).map_err(LabError::io("read", &from))?;
        } else {
            let to = info.join(format!("{name}.{file}"));
            fs::rename(&from, &to).map_err(LabError::io("rename", &from))?;
        }
    }
    crate::cache::remove_dir(&scripts)?;
    let list = info.join(format!("{name}.list"));
    fs::write(&list, files_of(deb)?).map_err(LabError::io("write", &list))?;
    Ok(format!("{}\nStatus: install ok installed\n\n", paragraph.trim_end()))
}

/// The paths of a package, one a line, as dpkg lists them.
fn files_of(deb: &Path) -> Result<String> {
    let table = output(Command::new("dpkg-deb").arg("--contents").arg(deb))?;
    Ok(paths(&table))
}

/// The paths of a table such as tar prints.
fn paths(table: &str) -> String {
    let path = |line: &str| {
        let name = line.split_once(" ./").map_or("", |(_, name)| name);
        let name = name.split(" -> ").next().unwrap_or(name).split(" link to ").next()?;
        let name = name.trim_end_matches('/');
        Some(if name.is_empty() { "/.\n".to_owned() } else { format!("/{name}\n") })
    };
    table.lines().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn paths_are_listed_as_dpkg_does() {
        let table = "drwxr-xr-x root/root         0 2025-01-01 00:00 ./\n\
            drwxr-xr-x root/root         0 2025-01-01 00:00 ./usr/\n\
            -rwxr-xr-x root/root       100 2025-01-01 00:00 ./usr/a b\n\
            lrwxrwxrwx root/root         0 2025-01-01 00:00 ./usr/l -> a b\n\
            hrwxr-xr-x root/root         0 2025-01-01 00:00 ./usr/h link to ./usr/l\n";
        assert_eq!(paths(table), "/.\n/usr\n/usr/a b\n/usr/l\n/usr/h\n");
    }
}
