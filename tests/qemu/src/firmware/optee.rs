//! Building OP-TEE OS.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::source::Tree;
use super::{CROSS, CROSS_32, KIT, older};
use crate::cache::{Cache, Key, remove_dir};
use crate::command::Job;
use crate::error::{LabError, Result};
use crate::packages::file_name;
use crate::variant::Variant;
use crate::{forget, overlay, progress, tree};

/// What make leaves behind in the build tree.
const OUT: &str = "out";
/// Build products that the firmware directory keeps.
const PRODUCTS: [&str; 5] = [
    "core/tee-header_v2.bin",
    "core/tee-pager_v2.bin",
    "core/tee-pageable_v2.bin",
    "core/tee.elf",
    "conf.mk",
];

/// Builds `variant` from `source` and copies what is needed of it to `into`.
///
/// Each variant has one build tree per source, which is made equal to the
/// wanted tree file by file: a changed PTA rebuilds in seconds.
pub(super) fn build(
    cache: &Cache,
    source: &Tree,
    variant: &Variant,
    overlays: &[PathBuf],
    into: &Path,
) -> Result<()> {
    let name = format!("{}-{}", source.name, variant.name);
    let _lock = cache.lock(&format!("optee-{name}"))?;
    let place = cache.dir(&format!("optee/{name}"))?;
    prepare(source, variant, overlays, &place)?;
    make(cache, source, variant, &place)?;
    collect(cache, variant, &place.join(OUT), into)
}

fn prepare(source: &Tree, variant: &Variant, overlays: &[PathBuf], place: &Path) -> Result<()> {
    let step =
        progress::step(&format!("prepare the tree of {} ({})", source.release, variant.name));
    let wanted = place.with_file_name(format!("{}.wanted", file_name(place)));
    remove_dir(&wanted)?;
    copy_pristine(&source.dir, &wanted)?;
    for overlay in overlays.iter().filter(|_| variant.patched) {
        overlay::apply(overlay, &wanted, &source.release)?;
        if variant.forgets() && overlay.join(forget::TABLE).exists() {
            forget::apply(overlay, &wanted)?;
        }
    }
    let written = tree::sync(&wanted, place, &[OUT])?;
    remove_dir(&wanted)?;
    step.done(&format!("{written} files changed"));
    Ok(())
}

fn copy_pristine(from: &Path, to: &Path) -> Result<()> {
    for file in super::source::own_files(from)? {
        tree::copy_one(&from.join(&file), &to.join(&file))?;
    }
    Ok(())
}

fn make(cache: &Cache, source: &Tree, variant: &Variant, place: &Path) -> Result<()> {
    // The count of builds and the date are in the core's version string:
    // equal inputs shall give equal images.
    // Nor does make see that another key is to be trusted.
    for name in ["core/.buildcount", "core/ta_pub_key.c"] {
        let made = place.join(OUT).join(name);
        if made.exists() {
            fs::remove_file(&made).map_err(LabError::io("remove", &made))?;
        }
    }
    let job = Job {
        name: &format!("build OP-TEE ({})", variant.name),
        log: &cache.log(&format!("optee-{}", variant.name))?,
        hint: "if the PTA does not compile with this OP-TEE, the first error in the log says where",
    };
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new("make");
    command
        .arg(format!("-j{jobs}"))
        .arg(format!("O={OUT}"))
        .args(variant.settings())
        .args(older::settings(place))
        .args(source.key.iter().map(|key| format!("TA_SIGN_KEY={}", key.display())))
        .arg(format!("CROSS_COMPILE={}", variant.cross()))
        .arg(format!("CROSS_COMPILE64={CROSS}"))
        .arg(format!("CROSS_COMPILE32={CROSS_32}"))
        .arg("PYTHON3=/usr/bin/python3")
        .arg(format!("TEE_IMPL_VERSION={}", source.release))
        .env("SOURCE_DATE_EPOCH", "0")
        // Some versions of python3-cryptography refuse to start without it.
        .env("CRYPTOGRAPHY_OPENSSL_NO_LEGACY", "1")
        .envs(older::environment(cache)?)
        .env_remove("MAKEFLAGS")
        .current_dir(place);
    job.run(&mut command)
}

fn collect(cache: &Cache, variant: &Variant, out: &Path, into: &Path) -> Result<()> {
    for product in PRODUCTS {
        let from = out.join(product);
        let to = into.join(file_name(&from));
        fs::copy(&from, &to).map_err(LabError::io("copy", &from))?;
    }
    let kit = keep_kit(cache, &out.join(variant.kit()))?;
    let link = into.join(KIT);
    symlink(kit, &link).map_err(LabError::io("link", &link))
}

/// Kits lie by their content: a change of the core alone leaves the kit, and
/// with it what cargo has built against it, as it was.
fn keep_kit(cache: &Cache, exported: &Path) -> Result<PathBuf> {
    let key = Key::new().with_tree("kit", exported)?.finish();
    cache.made(&format!("kits/{key}"), |dir| tree::copy(exported, dir))
}
