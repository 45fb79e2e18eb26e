//! Firmware: OP-TEE and TF-A in one flash image, per variant.

mod older;
mod optee;
mod source;
mod tfa;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub(crate) use tfa::KERNEL_ADDRESS;

use crate::apt::Apt;
use crate::cache::{Cache, Key};
use crate::command::output;
use crate::error::{LabError, Result};
use crate::packages;
use crate::variant::Variant;

/// Raised when the lab itself starts to build differently from equal inputs.
const RECIPE: &str = "4";
/// What the lab calls the cross tools by (Debian's gcc-aarch64-linux-gnu).
pub(crate) const CROSS: &str = "aarch64-linux-gnu-";
/// The same for 32 bits (Debian's gcc-arm-linux-gnueabihf).
pub(crate) const CROSS_32: &str = "arm-linux-gnueabihf-";
/// The link to the TA dev kit in a firmware's directory.
const KIT: &str = "ta-kit";
/// Older firmware of one variant that stays in the cache.
const KEPT: usize = 4;

/// A variant's finished firmware: a directory of the cache.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// Where it lies.
    pub dir: PathBuf,
}

impl Firmware {
    /// The flash image that QEMU boots from.
    #[must_use]
    pub fn flash(&self) -> PathBuf {
        self.dir.join("flash.bin")
    }

    /// The TEE core with symbols.
    #[must_use]
    pub fn core_elf(&self) -> PathBuf {
        self.dir.join("tee.elf")
    }

    /// The kit that TAs are built and signed with.
    ///
    /// # Errors
    /// When the firmware in the cache has lost it.
    pub fn ta_kit(&self) -> Result<PathBuf> {
        let link = self.dir.join(KIT);
        fs::canonicalize(&link).map_err(LabError::io("find the TA dev kit", &link))
    }

    /// The TAs of OP-TEE's own tree, with their places in a guest's share.
    ///
    /// # Errors
    /// When the firmware in the cache has lost them.
    pub fn in_tree_tas(&self) -> Result<Vec<(PathBuf, String)>> {
        let folder = self.ta_kit()?.join("ta");
        let names = crate::cache::files_below(&folder)?.into_iter();
        let tas = names.filter(|name| name.extension().is_some_and(|end| end == "ta"));
        Ok(tas.map(|name| (folder.join(&name), format!("ta/{}", name.display()))).collect())
    }

    /// The configuration that the core was built with, as `CFG_X=y` lines.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.dir.join("conf.mk")
    }
}

/// Whose OP-TEE is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    /// The user's own tree if one is named, or else Debian's.
    Wanted,
    /// Debian's, whatever is named.
    Debian,
}

/// Builds a variant's firmware, or finds it in the cache. `overlays` are folders
/// that mirror optee_os.
///
/// # Errors
/// When a source cannot be had, a tree cannot be woven or a build fails.
pub(crate) fn build(
    cache: &Cache,
    variant: &Variant,
    overlays: &[PathBuf],
    whose: Whose,
) -> Result<Firmware> {
    let sources = packages::sources(&Apt::new(cache)?)?;
    let optee_os = match whose {
        Whose::Wanted => source::optee_os(cache, &sources.optee_os)?,
        Whose::Debian => source::unpacked(cache, &sources.optee_os)?,
    };
    let compiler = compiler()?;
    let mut key = Key::new()
        .with("recipe", RECIPE)
        .with("optee_os", &optee_os.id)
        .with("tf-a", packages::versioned_name(&sources.tfa))
        .with("compiler", &compiler);
    for setting in variant.settings().chain(older::settings(&optee_os.dir)) {
        key = key.with("setting", setting);
    }
    for overlay in overlays.iter().filter(|_| variant.patched) {
        key = crate::overlay::key(key, overlay)?;
        if variant.forgets() {
            key = crate::forget::key(key, overlay)?;
        }
    }
    let name = format!("firmware/{}-{}", variant.name, key.finish());
    let dir = cache.made(&name, |dir| {
        let tfa = tfa::build(cache, &sources.tfa, &compiler)?;
        optee::build(cache, &optee_os, variant, overlays, dir)?;
        tfa::flash_image(&tfa, dir)
    })?;
    crate::cache::drop_unused(&dir, &format!("{}-", variant.name), KEPT)?;
    Ok(Firmware { dir })
}

/// Name and version of the cross compiler.
fn compiler() -> Result<String> {
    let text = output(Command::new(format!("{CROSS}gcc")).arg("--version"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
