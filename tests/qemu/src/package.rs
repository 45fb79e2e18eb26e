//! What is handed out: a Debian package for each architecture, and a program without any library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::cargo_tool::{self, cargo};
use crate::command::{Job, output};
use crate::error::{LabError, Result};
use crate::firmware::CROSS;
use crate::host_packages;

/// What a package has besides the guest's programs: a folder beside the programs, see
/// `package.metadata.deb` in host/Cargo.toml.
const MANUAL: &str = "manual";
/// Shells, by the names that clap knows them by.
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];
/// Crates of a package, and the file that each is built to.
const PACKAGES: [&str; 3] = ["teeleak", "teeleak-preload", "teeleak-plugin"];
const FILES: [&str; 3] = ["teeleak", "libteeleak_preload.so", "libteeleak_plugin.so"];
/// A target whose programs need no library, not even libc.
const STATIC: &str = "aarch64-unknown-linux-musl";
/// The target of a package for desktops.
const DESKTOP: &str = "x86_64-unknown-linux-gnu";

/// What can be handed out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Package {
    /// A Debian package for devices.
    Arm64,
    /// A Debian package for desktops: without live access, since OP-TEE runs on Arm.
    Amd64,
    /// A program for devices that needs no library: it talks to the kernel itself.
    Static,
}

/// Makes packages from one checkout.
pub(crate) struct Packer<'a> {
    pub(crate) cache: &'a Cache,
    pub(crate) repository: &'a Path,
}

impl Packer<'_> {
    /// Makes one and gives its path. `compile` builds what is linked with the guest's
    /// libteec, and gives cargo's target folder.
    ///
    /// # Errors
    /// When something does not build or cannot be fetched.
    pub(crate) fn make(
        &self,
        package: Package,
        compile: impl FnOnce(&[&str]) -> Result<PathBuf>,
    ) -> Result<PathBuf> {
        // All checkouts pack in one folder.
        let _lock = self.cache.lock("packages")?;
        match package {
            Package::Arm64 => self.deb(&compile(&PACKAGES)?, host_packages::TARGET, &[]),
            Package::Amd64 => {
                let target_dir = self.target_dir()?;
                self.cargo(&PACKAGES, DESKTOP, &target_dir)?;
                self.deb(&target_dir, DESKTOP, &["--variant", "offline"])
            }
            Package::Static => {
                host_packages::ensure_rust_target(self.cache, STATIC)?;
                let target_dir = self.target_dir()?;
                self.cargo(&PACKAGES[..1], STATIC, &target_dir)?;
                Ok(self.strip(&target_dir, STATIC, &FILES[..1])?.join(FILES[0]))
            }
        }
    }

    fn target_dir(&self) -> Result<PathBuf> {
        let key = crate::cache::Key::new()
            .with("made with", "no kit")
            .with("repository", self.repository.display().to_string());
        self.cache.dir(&format!("target/{}", key.finish()))
    }

    fn cargo(&self, packages: &[&str], target: &str, target_dir: &Path) -> Result<()> {
        let job = Job {
            name: &format!("build {} for {target}", packages.join(", ")),
            log: &self.cache.log(&format!("build-{target}"))?,
            hint: "the first error in the log is the compiler's",
        };
        let mut command = cargo();
        command.args(["build", "--release", "--target", target, "--target-dir"]).arg(target_dir);
        for package in packages {
            command.args(["--package", package]);
        }
        if target == STATIC {
            command.args(["--features", "direct"]);
        }
        // rustc brings musl, but no linker for another machine.
        command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld");
        job.run(command.current_dir(self.repository))
    }

    fn deb(&self, target_dir: &Path, target: &str, more: &[&str]) -> Result<PathBuf> {
        let tool = cargo_tool::DEB.program(self.cache)?;
        let release = self.strip(target_dir, target, &FILES)?;
        self.manual(&release.join(MANUAL))?;
        let out = self.cache.dir(&format!("packages/{target}"))?;
        let job = Job {
            name: &format!("pack a Debian package for {target}"),
            log: &self.cache.log(&format!("deb-{target}"))?,
            hint: "what goes into it is in host/Cargo.toml, package.metadata.deb",
        };
        let mut command = Command::new(tool);
        command
            .args(["deb", "--no-build", "--package", "teeleak", "--target", target])
            .args(more)
            .arg("--output")
            .arg(&out)
            .env("CARGO_TARGET_DIR", self.staging()?);
        job.run(command.current_dir(self.repository))?;
        newest(&out)
    }

    /// A target folder of programs without symbols, which are five times as large as the rest.
    fn staging(&self) -> Result<PathBuf> {
        self.cache.dir("packages/staging")
    }

    /// Puts programs without symbols where cargo would have them in that folder.
    fn strip(&self, target_dir: &Path, target: &str, files: &[&str]) -> Result<PathBuf> {
        let tool = if target == DESKTOP { "strip".into() } else { format!("{CROSS}strip") };
        let built = target_dir.join(target).join("release");
        let release = self.cache.dir(&format!("packages/staging/{target}/release"))?;
        for file in files {
            let mut command = Command::new(&tool);
            command.args(["--strip-unneeded", "-o"]).arg(release.join(file)).arg(built.join(file));
            output(&mut command)?;
        }
        Ok(release)
    }

    /// Manual pages and completions: what the program itself says.
    fn manual(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).map_err(LabError::io("create", folder))?;
        let teeleak = || {
            let mut command = cargo();
            command.args(["run", "--quiet", "--package", "teeleak", "--"]);
            command.current_dir(self.repository);
            command
        };
        output(teeleak().arg("man").arg(folder.join("man1")))?;
        for shell in SHELLS {
            let path = folder.join(format!("teeleak.{shell}"));
            let script = output(teeleak().args(["completions", shell]))?;
            fs::write(&path, script).map_err(LabError::io("write", &path))?;
        }
        Ok(())
    }
}

/// The package that was written last.
fn newest(folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).map_err(LabError::io("list", folder))?.flatten();
    let debs = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "deb"));
    let newest = debs.max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok());
    let missing = || LabError::Unusable(format!("no package in {}", folder.display()));
    newest.map(|entry| entry.path()).ok_or_else(missing)
}
