//! Debian packages and sources through an apt set-up of our own.
//!
//! The machine's apt is asked only for its mirror: lists, archives and state
//! are the lab's, in the cache, so neither root nor a foreign architecture on
//! the machine is needed. apt itself verifies signatures and checksums.

mod answer;
mod mirror;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use answer::Download;

use crate::cache::{Cache, Key};
use crate::command::{Job, output};
use crate::error::{LabError, Result, tail_of_file};
use crate::progress;

/// Debian releases that the lab takes packages from: the stable one has the
/// kernel and TF-A, the rolling one OP-TEE 4.10 and newer.
const SUITES: &str = "trixie sid";

/// The lab's apt.
#[derive(Clone, Debug)]
pub(crate) struct Apt {
    dir: PathBuf,
    cache: Cache,
}

/// What to fetch: packages (`name:arch/suite`), sources (`name/suite`), or what a system of its own is
/// made of (`name`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Binary packages.
    Package,
    /// Source packages.
    Source,
    /// Binary packages for the guest, of this suite where it has them, with all that they depend on.
    System(&'static str),
}

impl Apt {
    /// The lab's apt in the given cache; touches no network.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub(crate) fn new(cache: &Cache) -> Result<Self> {
        Ok(Self { dir: cache.dir("apt")?, cache: cache.clone() })
    }

    /// Forgets which versions were resolved, so that the next run takes the
    /// newest ones.
    ///
    /// # Errors
    /// When the record cannot be removed.
    pub(crate) fn forget(&self) -> Result<()> {
        crate::cache::remove_dir(&self.dir.join("resolved"))?;
        crate::cache::remove_dir(&self.dir.join("lists"))
    }

    /// Fetches all of `wanted` and returns the files, in apt's order.
    ///
    /// Versions are resolved once and recorded; while the record and its
    /// files are there, no network is used.
    ///
    /// # Errors
    /// When apt cannot find or fetch one of them.
    pub(crate) fn fetch(&self, name: &str, kind: Kind, wanted: &[String]) -> Result<Vec<PathBuf>> {
        let record = self.record(name, wanted)?;
        if let Some(files) = self.recorded(&record) {
            return Ok(files);
        }
        self.update_once()?;
        let downloads = self.resolve(kind, wanted)?;
        let total: u64 = downloads.iter().map(|download| download.bytes).sum();
        self.download(name, kind, wanted, total)?;
        let text: String = downloads.iter().map(Download::to_line).collect();
        fs::write(&record, text).map_err(LabError::io("write", &record))?;
        self.recorded(&record).ok_or_else(|| {
            LabError::Unusable(format!(
                "apt fetched {name} but not all files are in {} (disk full?)",
                self.archives().display()
            ))
        })
    }

    fn archives(&self) -> PathBuf {
        self.dir.join("archives")
    }

    fn record(&self, name: &str, wanted: &[String]) -> Result<PathBuf> {
        let key = Key::new().with("wanted", wanted.join(" ")).finish();
        Ok(self.cache.dir("apt/resolved")?.join(format!("{name}-{key}")))
    }

    fn recorded(&self, record: &Path) -> Option<Vec<PathBuf>> {
        let text = fs::read_to_string(record).ok()?;
        let downloads: Option<Vec<Download>> = text.lines().map(Download::from_line).collect();
        let present = |download: Download| {
            let path = self.archives().join(&download.file);
            let bytes = fs::metadata(&path).ok()?.len();
            (bytes == download.bytes).then_some(path)
        };
        downloads?.into_iter().map(present).collect()
    }

    fn tool(&self, tool: &str) -> Command {
        let mut command = Command::new(tool);
        command.env("APT_CONFIG", self.dir.join("apt.conf")).env("LC_ALL", "C");
        command
    }

    /// apt-get for this kind, into the current folder if it does not say where else.
    fn get(&self, kind: Kind) -> Command {
        let mut command = self.tool("apt-get");
        match kind {
            Kind::Package => command.args(["-q", "download"]),
            Kind::Source => command.args(["-q", "source", "--download-only"]),
            Kind::System(suite) => command
                .args(["-q", "--yes", "-o", "APT::Architecture=arm64", "-o"])
                .args(["APT::Architectures=arm64", "-o", "APT::Install-Recommends=false", "-o"])
                .arg(format!("APT::Default-Release={suite}"))
                .arg("-o")
                .arg(format!("Dir::Cache::archives={}", self.archives().display()))
                .args(["--download-only", "install"]),
        };
        command
    }

    fn resolve(&self, kind: Kind, wanted: &[String]) -> Result<Vec<Download>> {
        let text = output(self.get(kind).arg("--print-uris").args(wanted))?;
        let downloads = answer::downloads(&text);
        if downloads.is_empty() {
            return Err(LabError::Unusable(format!("apt knows none of {}", wanted.join(" "))));
        }
        Ok(downloads)
    }

    fn download(&self, name: &str, kind: Kind, wanted: &[String], bytes: u64) -> Result<()> {
        let place = self.cache.dir("apt/archives")?;
        let mebibytes = bytes.div_ceil(1 << 20);
        let job = Job {
            name: &format!("fetch {name} ({mebibytes} MiB)"),
            log: &self.cache.log(&format!("fetch-{name}"))?,
            hint: "the mirror may have moved on since its lists were read: \
                   `cargo xtask setup --refresh` reads them again",
        };
        job.run(self.get(kind).args(wanted).current_dir(place))
    }

    fn update_once(&self) -> Result<()> {
        let _lock = self.cache.lock("apt")?;
        let done = self.dir.join("lists/complete");
        if done.exists() {
            return Ok(());
        }
        self.write_configuration()?;
        self.update()?;
        fs::write(&done, "").map_err(LabError::io("write", &done))
    }

    fn update(&self) -> Result<()> {
        let log = self.cache.log("apt-update")?;
        let job = Job {
            name: "read the package lists",
            log: &log,
            hint: "TEELEAK_DEBIAN_MIRROR=URL names another Debian mirror",
        };
        let strict = job.run(self.tool("apt-get").args(["-q", "update"]));
        // A mirror that lags for two weeks is still good for a lab. Signatures
        // and checksums stay checked.
        if strict.is_err() && tail_of_file(&log, 20).contains("is expired") {
            progress::say(
                "the mirror's lists have expired; taking them all the same (signed, but old)",
            );
            let relaxed = ["-q", "-o", "Acquire::Check-Valid-Until=false", "update"];
            return job.run(self.tool("apt-get").args(relaxed));
        }
        strict
    }

    fn write_configuration(&self) -> Result<()> {
        for folder in ["lists/partial", "cache/archives/partial", "state", "archives/partial"] {
            self.cache.dir(&format!("apt/{folder}"))?;
        }
        let mirror = mirror::of_machine()?;
        let write = |name: &str, text: &str| {
            let path = self.dir.join(name);
            fs::write(&path, text).map_err(LabError::io("write", &path))
        };
        write("state/status", "")?;
        write("lab.sources", &mirror::sources(&mirror, SUITES))?;
        write("apt.conf", &configuration(&self.dir))
    }
}

fn configuration(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "Dir::Etc::sourcelist \"{dir}/lab.sources\";\n\
         Dir::Etc::sourceparts \"/dev/null\";\n\
         Dir::Etc::preferences \"/dev/null\";\n\
         Dir::Etc::preferencesparts \"/dev/null\";\n\
         Dir::State \"{dir}/state\";\n\
         Dir::State::Lists \"{dir}/lists\";\n\
         Dir::State::status \"{dir}/state/status\";\n\
         Dir::Cache \"{dir}/cache\";\n\
         APT::Architecture \"amd64\";\n\
         APT::Architectures \"amd64,arm64\";\n\
         APT::Sandbox::User \"root\";\n\
         Acquire::Languages \"none\";\n\
         Acquire::Retries \"3\";\n"
    )
}
