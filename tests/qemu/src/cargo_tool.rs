//! Programs that cargo builds from crates.io for the lab, each version once.

use std::path::PathBuf;
use std::process::Command;

use crate::cache::Cache;
use crate::command::Job;
use crate::error::Result;

/// Makes Debian packages.
pub(crate) const DEB: CargoTool = CargoTool { name: "cargo-deb", version: "3.8.0" };
/// Checks what is depended on.
pub(crate) const DENY: CargoTool = CargoTool { name: "cargo-deny", version: "0.20.2" };

/// A program of the package of its name, and the version that was tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
}

impl CargoTool {
    /// Path of the program, which is built if need be.
    ///
    /// # Errors
    /// When it cannot be fetched or does not build.
    pub(crate) fn program(&self, cache: &Cache) -> Result<PathBuf> {
        let Self { name, version } = *self;
        let root = cache.made(&format!("tools/{name}-{version}"), |dir| {
            let job = Job {
                name: &format!("install {name} {version}"),
                log: &cache.log(&format!("install-{name}"))?,
                hint: "it comes from crates.io, which has to be reachable",
            };
            let mut command = cargo();
            command.args(["install", name, "--version", version, "--locked", "--root"]).arg(dir);
            // Made once: quickly built matters more than quickly run.
            job.run(command.args(["--debug", "--no-default-features"]).current_dir(dir))
        })?;
        Ok(root.join("bin").join(name))
    }
}

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
