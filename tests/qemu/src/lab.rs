//! The lab as a whole.

use std::path::{Path, PathBuf};
use std::thread;

use crate::apt::Apt;
use crate::cache::Cache;
use crate::cargo_tool;
use crate::debian;
use crate::error::{LabError, Result};
use crate::firmware::{self, Firmware, Whose};
use crate::forget::{self, Forget};
use crate::guest::Guest;
use crate::host_packages;
use crate::package::{Package, Packer};
use crate::packages;
use crate::page_owner_sort;
use crate::products::{self, Workshop};
use crate::progress;
use crate::qemu::{Clock, How};
use crate::rootfs::{self, Rootfs};
use crate::variant::Variant;

/// What goes into a patched OP-TEE, in this order: the auditor's PTA, and one that only tests need.
const OVERLAYS: [&str; 2] = ["ta/pta", "tests/leaky-ta/pta"];

/// The lab, with its cache.
#[derive(Clone, Debug)]
pub struct Lab {
    cache: Cache,
    repository: PathBuf,
}

impl Lab {
    /// The lab in the user's cache.
    ///
    /// # Errors
    /// When the cache cannot be made.
    pub fn new() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let repository = here.ancestors().nth(2).unwrap_or(here).to_path_buf();
        Ok(Self { cache: Cache::of_user()?, repository })
    }

    /// The root of the repository.
    #[must_use]
    pub fn repository(&self) -> &Path {
        &self.repository
    }

    /// Forgets which package versions were resolved.
    ///
    /// # Errors
    /// When the record cannot be removed.
    pub fn refresh(&self) -> Result<()> {
        Apt::new(&self.cache)?.forget()
    }

    /// Installs what the host lacks, saying so first.
    ///
    /// # Errors
    /// When something cannot be installed.
    pub fn setup(&self) -> Result<()> {
        host_packages::ensure(&self.cache)
    }

    /// Installs a headless browser, if there is none, saying so first.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub fn browser(&self) -> Result<()> {
        host_packages::ensure_browser(&self.cache)
    }

    /// Adds a target to the Rust toolchain in use, if it lacks it.
    ///
    /// # Errors
    /// When rustup cannot add it.
    pub fn rust_target(&self, target: &str) -> Result<()> {
        host_packages::ensure_rust_target(&self.cache, target)
    }

    /// The program that checks what is depended on, built if need be.
    ///
    /// # Errors
    /// When it cannot be fetched or does not build.
    pub fn cargo_deny(&self) -> Result<PathBuf> {
        cargo_tool::DENY.program(&self.cache)
    }

    /// A variant's firmware, built if need be.
    ///
    /// # Errors
    /// When the variant is unknown or something cannot be fetched or built.
    pub fn firmware(&self, variant: &str) -> Result<Firmware> {
        self.setup()?;
        let overlays = OVERLAYS.map(|folder| self.repository.join(folder));
        firmware::build(&self.cache, Variant::named(variant)?, &overlays, Whose::Wanted)
    }

    /// Debian's firmware of this width, with the kit that TAs are built with.
    fn kit(&self, variant: &Variant) -> Result<Firmware> {
        let overlays = OVERLAYS.map(|folder| self.repository.join(folder));
        firmware::build(&self.cache, variant, &overlays, Whose::Debian)
    }

    /// What the core of the variant `forgetful` can forget: the number of an entry is its place, from 1.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn forgets(&self) -> Result<Vec<Forget>> {
        forget::table(&self.repository.join("tests/leaky-ta/pta"))
    }

    /// Fetches the sources of OP-TEE and TF-A.
    ///
    /// # Errors
    /// When they cannot be fetched.
    pub fn sources(&self) -> Result<()> {
        packages::sources(&Apt::new(&self.cache)?).map(drop)
    }

    /// The guest's kernel and root, built if need be.
    ///
    /// # Errors
    /// When something cannot be fetched or unpacked.
    pub fn rootfs(&self) -> Result<Rootfs> {
        self.setup()?;
        rootfs::build(&self.cache)
    }

    /// Firmware and root at once: one is fetched while the other compiles.
    ///
    /// # Errors
    /// What either of them says.
    pub fn prepare(&self, variant: &str) -> Result<(Firmware, Rootfs)> {
        self.setup()?;
        thread::scope(|scope| {
            let rootfs = scope.spawn(|| self.rootfs());
            let firmware = self.firmware(variant);
            let rootfs = rootfs.join().unwrap_or_else(|_| {
                Err(LabError::Unusable("the thread that packs the guest's root panicked".into()))
            });
            Ok((firmware?, rootfs?))
        })
    }

    /// Builds the TAs and programs of this repository. The pairs can be given
    /// to [`Lab::boot`]. They are built with the kit of Debian's OP-TEE and run on
    /// every variant, and on other releases, since the key is the same.
    ///
    /// # Errors
    /// When something does not build.
    pub fn products(&self) -> Result<Vec<(PathBuf, String)>> {
        self.products_for("default")
    }

    /// The same, with TAs that this variant's core can run.
    ///
    /// # Errors
    /// When the variant is unknown or something does not build.
    pub fn products_for(&self, variant: &str) -> Result<Vec<(PathBuf, String)>> {
        let is_arm32 = Variant::named(variant)?.is_arm32();
        if is_arm32 {
            self.rust_target(host_packages::TARGET_32)?;
        }
        let width = Variant::named(if is_arm32 { "arm32" } else { "default" })?;
        self.in_workshop_of(width, products::build)
    }

    /// Lints them, as they are built for the guest.
    ///
    /// # Errors
    /// When one has a warning.
    pub fn lint_products(&self) -> Result<()> {
        self.in_workshop(products::lint)
    }

    /// `page_owner_sort` of the guest's kernel, for this machine.
    ///
    /// # Errors
    /// When its source cannot be had or does not build.
    pub fn page_owner_sort(&self) -> Result<PathBuf> {
        self.setup()?;
        page_owner_sort::build(&self.cache)
    }

    fn in_workshop<T>(&self, work: impl FnOnce(&Workshop<'_>) -> Result<T>) -> Result<T> {
        self.in_workshop_of(Variant::named("default")?, work)
    }

    fn in_workshop_of<T>(
        &self,
        variant: &Variant,
        work: impl FnOnce(&Workshop<'_>) -> Result<T>,
    ) -> Result<T> {
        let rootfs = self.rootfs()?;
        let firmware = self.kit(variant)?;
        work(&Workshop::open(&self.cache, &self.repository, (&firmware, variant), &rootfs)?)
    }

    /// Boots a variant. `files` are pairs of a file here and its place in the
    /// share: `bin/x` is on the guest's path, `ta/<uuid>.ta` is found by the
    /// TEE, `lib/<uuid>.plugin` is loaded by the supplicant.
    ///
    /// # Errors
    /// When something cannot be built, or the guest does not come up.
    pub fn boot(&self, variant: &str, files: &[(PathBuf, String)]) -> Result<Guest> {
        self.boot_by(Clock::Host, variant, files)
    }

    /// The same, with more on the kernel's command line, such as `slub_debug=U`.
    ///
    /// # Errors
    /// As [`Lab::boot`].
    pub fn boot_with(
        &self,
        options: &str,
        variant: &str,
        files: &[(PathBuf, String)],
    ) -> Result<Guest> {
        self.boot_how(How { clock: Clock::Host, options }, variant, files)
    }

    /// The same, with a clock of the caller's choice.
    ///
    /// # Errors
    /// As [`Lab::boot`].
    pub fn boot_by(
        &self,
        clock: Clock,
        variant: &str,
        files: &[(PathBuf, String)],
    ) -> Result<Guest> {
        self.boot_how(How { clock, options: "" }, variant, files)
    }

    fn boot_how(&self, how: How<'_>, variant: &str, files: &[(PathBuf, String)]) -> Result<Guest> {
        let (firmware, rootfs) = self.prepare(variant)?;
        let step = progress::step(&format!("boot the guest ({variant})"));
        let guest = Guest::boot(how, (&firmware, &rootfs), &with_in_tree(&firmware, files)?)?;
        step.done("");
        Ok(guest)
    }

    /// Gives a guest a small Debian system in `/share/debian`, to be entered with `chroot`.
    ///
    /// # Errors
    /// When packages cannot be had or unpacked.
    pub fn debian(&self, guest: &Guest) -> Result<()> {
        debian::enter(&debian::archive(&self.cache)?, guest)
    }

    /// Makes a package of this checkout and gives its path.
    ///
    /// # Errors
    /// When something does not build or cannot be fetched.
    pub fn package(&self, package: Package) -> Result<PathBuf> {
        let packer = Packer { cache: &self.cache, repository: &self.repository };
        packer.make(package, |programs| self.in_workshop(|shop| shop.compile_all(programs)))
    }
}

/// The files, and those TAs of OP-TEE's own tree that they do not replace.
fn with_in_tree(
    firmware: &Firmware,
    files: &[(PathBuf, String)],
) -> Result<Vec<(PathBuf, String)>> {
    let mut all = firmware.in_tree_tas()?;
    all.retain(|(_, place)| !files.iter().any(|(_, other)| other == place));
    all.extend_from_slice(files);
    Ok(all)
}
