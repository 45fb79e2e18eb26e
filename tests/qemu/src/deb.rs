//! Unpacking Debian packages and sources.

use std::path::Path;
use std::process::Command;

use crate::cache::Cache;
use crate::command::{Job, output};
use crate::error::Result;
use crate::packages::versioned_name;

/// The packages that a package depends on, without versions.
///
/// # Errors
/// When it is not a package.
pub(crate) fn depends(deb: &Path) -> Result<Vec<String>> {
    let text = field(deb, "Depends")?;
    let first = |part: &str| part.split_whitespace().next().map(str::to_owned);
    Ok(text.split(',').filter_map(first).collect())
}

/// A field of a package's description; empty if it has none of that name.
///
/// # Errors
/// When it is not a package.
pub(crate) fn field(deb: &Path, name: &str) -> Result<String> {
    let text = output(Command::new("dpkg-deb").arg("-f").arg(deb).arg(name))?;
    Ok(text.trim_end().to_owned())
}

/// Unpacks a package's files into a directory.
///
/// # Errors
/// When it is not a package or the disk is full.
pub(crate) fn unpack(deb: &Path, into: &Path) -> Result<()> {
    output(Command::new("dpkg-deb").arg("-x").arg(deb).arg(into)).map(drop)
}

/// Unpacks a source package into the (new) directory `into`.
///
/// apt has checked the files against the signed list of sources; the maintainer's
/// own signature needs keys that a machine seldom has.
///
/// # Errors
/// When a file of it is missing or damaged.
pub(crate) fn unpack_source(cache: &Cache, dsc: &Path, into: &Path) -> Result<()> {
    let name = versioned_name(dsc);
    let job = Job {
        name: &format!("unpack {name}"),
        log: &cache.log(&format!("unpack-{name}"))?,
        hint: "a damaged download is fetched again after removing it",
    };
    job.run(Command::new("dpkg-source").args(["--no-check", "-x"]).arg(dsc).arg(into))
}
