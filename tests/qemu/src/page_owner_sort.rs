//! `page_owner_sort` of the Linux source, compiled for this machine.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::apt::Apt;
use crate::cache::Cache;
use crate::command::output;
use crate::error::{LabError, Result};
use crate::packages;
use crate::progress;

/// Where it is in the source since Linux 6.3.
const SOURCE: &str = "tools/mm/page_owner_sort.c";
const PROGRAM: &str = "page_owner_sort";

/// Builds it, or finds it in the cache.
///
/// # Errors
/// When the source can't be had, or the program does not build.
pub(crate) fn build(cache: &Cache) -> Result<PathBuf> {
    let deb = packages::linux_source(&Apt::new(cache)?)?;
    let made = cache.made(&format!("tools/{PROGRAM}-{}", packages::versioned_name(&deb)), |dir| {
        let step = progress::step("build page_owner_sort of the Linux source");
        let source = dir.join("page_owner_sort.c");
        // The package has the source as an archive within its own.
        let unpack = format!(
            "dpkg-deb --fsys-tarfile \"$1\" | tar --extract --to-stdout --wildcards './usr/src/linux-source-*.tar.xz' | \
             tar --extract --xz --to-stdout --wildcards '*/{SOURCE}' > \"$2\""
        );
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("set -o pipefail; {unpack}"), "bash"]).arg(&deb).arg(&source);
        output(shell.stdin(Stdio::null()))?;
        let built = dir.join(PROGRAM);
        output(Command::new("cc").args(["-O2", "-w", "-o"]).arg(&built).arg(&source))?;
        if !built.exists() {
            return Err(LabError::Unusable(format!("cc made no {}", built.display())));
        }
        step.done("");
        Ok(())
    })?;
    Ok(made.join(PROGRAM))
}
