//! The lab as a whole.

use std::path::{Path, PathBuf};
use std::thread;

use crate::apt::Apt;
use crate::cache::Cache;
use crate::error::{LabError, Result};
use crate::firmware::{self, Firmware};
use crate::guest::Guest;
use crate::progress;
use crate::rootfs::{self, Rootfs};
use crate::variant::Variant;

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

    /// A variant's firmware, built if need be.
    ///
    /// # Errors
    /// When the variant is unknown or something cannot be fetched or built.
    pub fn firmware(&self, variant: &str) -> Result<Firmware> {
        firmware::build(&self.cache, Variant::named(variant)?, &self.repository.join("ta/pta"))
    }

    /// The guest's kernel and root, built if need be.
    ///
    /// # Errors
    /// When something cannot be fetched or unpacked.
    pub fn rootfs(&self) -> Result<Rootfs> {
        rootfs::build(&self.cache)
    }

    /// Firmware and root at once: one is fetched while the other compiles.
    ///
    /// # Errors
    /// What either of them says.
    pub fn prepare(&self, variant: &str) -> Result<(Firmware, Rootfs)> {
        thread::scope(|scope| {
            let rootfs = scope.spawn(|| self.rootfs());
            let firmware = self.firmware(variant);
            let rootfs = rootfs.join().unwrap_or_else(|_| {
                Err(LabError::Unusable("the thread that packs the guest's root panicked".into()))
            });
            Ok((firmware?, rootfs?))
        })
    }

    /// Boots a variant. `files` are pairs of a file here and its place in the
    /// share: `bin/x` is on the guest's path, `ta/<uuid>.ta` is found by the
    /// TEE, `lib/<uuid>.plugin` is loaded by the supplicant.
    ///
    /// # Errors
    /// When something cannot be built, or the guest does not come up.
    pub fn boot(&self, variant: &str, files: &[(PathBuf, String)]) -> Result<Guest> {
        let (firmware, rootfs) = self.prepare(variant)?;
        let step = progress::step(&format!("boot the guest ({variant})"));
        let guest = Guest::boot(&firmware, &rootfs, files)?;
        step.done("");
        Ok(guest)
    }
}
