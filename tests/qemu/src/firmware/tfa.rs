//! Building TF-A, once for all variants, and packing flash images with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::CROSS;
use crate::cache::{Cache, Key};
use crate::command::{Job, output};
use crate::deb::unpack_source;
use crate::error::{LabError, Result};
use crate::packages::versioned_name;

/// Where the kernel lies in memory; BL33 is the kernel itself.
pub(crate) const KERNEL_ADDRESS: u64 = 0x6000_0000;
/// Where the package of images starts in the flash: TF-A plat/qemu,
/// `PLAT_QEMU_FIP_BASE` (docs/plat/qemu.rst: seek=64 bs=4096).
const FIP_OFFSET: usize = 64 * 4096;
/// Boot stages that are the same for all variants, and the packing tool.
const PRODUCTS: [&str; 4] = [
    "build/qemu/release/bl1.bin",
    "build/qemu/release/bl2.bin",
    "build/qemu/release/bl31.bin",
    "tools/fiptool/fiptool",
];

/// Builds the boot stages, or finds them in the cache.
pub(super) fn build(cache: &Cache, dsc: &Path, compiler: &str) -> Result<PathBuf> {
    let settings = settings();
    let key = Key::new().with("compiler", compiler).with("settings", settings.join(" ")).finish();
    cache.made(&format!("tf-a/{}-{key}", versioned_name(dsc)), |dir| {
        let tree = dir.join("tree");
        unpack_source(cache, dsc, &tree)?;
        let job = Job {
            name: "build TF-A",
            log: &cache.log("tf-a")?,
            hint: "the first error in the log says what is missing",
        };
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut make = Command::new("make");
        make.arg(format!("-j{jobs}")).args(&settings).args(["bl1", "bl2", "bl31", "fiptool"]);
        job.run(make.env_remove("MAKEFLAGS").current_dir(&tree))?;
        for product in PRODUCTS {
            let from = tree.join(product);
            let to = dir.join(crate::packages::file_name(&from));
            fs::copy(&from, to).map_err(LabError::io("copy", &from))?;
        }
        crate::cache::remove_dir(&tree)
    })
}

/// BL32 is packed later, per variant: that it is named here is all that the
/// boot stages need to know of it.
fn settings() -> Vec<String> {
    let fixed = [
        "PLAT=qemu",
        "SPD=opteed",
        "BL32=/dev/null",
        "BL32_RAM_LOCATION=tdram",
        "ARM_LINUX_KERNEL_AS_BL33=1",
        "QEMU_USE_GIC_DRIVER=QEMU_GICV3",
        "CFLAGS=--param=min-pagesize=0",
    ];
    let mut settings: Vec<String> = fixed.map(str::to_owned).into();
    settings.push(format!("CROSS_COMPILE={CROSS}"));
    settings.push(format!("PRELOADED_BL33_BASE={KERNEL_ADDRESS:#x}"));
    settings
}

/// Packs the boot stages and the OP-TEE in `dir` into `dir/flash.bin`.
pub(super) fn flash_image(tfa: &Path, dir: &Path) -> Result<()> {
    let package = dir.join("fip.bin");
    let images = [
        ("--tb-fw", tfa.join("bl2.bin")),
        ("--soc-fw", tfa.join("bl31.bin")),
        ("--tos-fw", dir.join("tee-header_v2.bin")),
        ("--tos-fw-extra1", dir.join("tee-pager_v2.bin")),
        ("--tos-fw-extra2", dir.join("tee-pageable_v2.bin")),
    ];
    let mut fiptool = Command::new(tfa.join("fiptool"));
    fiptool.arg("create");
    for (option, image) in images {
        fiptool.arg(option).arg(image);
    }
    output(fiptool.arg(&package))?;
    let read = |path: &Path| fs::read(path).map_err(LabError::io("read", path));
    let image = flash(&read(&tfa.join("bl1.bin"))?, &read(&package)?)?;
    let flash = dir.join("flash.bin");
    fs::write(&flash, image).map_err(LabError::io("write", &flash))
}

fn flash(bl1: &[u8], package: &[u8]) -> Result<Vec<u8>> {
    if bl1.len() > FIP_OFFSET {
        return Err(LabError::Unusable(format!(
            "bl1.bin has {} bytes, expected at most {FIP_OFFSET}",
            bl1.len()
        )));
    }
    let mut image = bl1.to_vec();
    image.resize(FIP_OFFSET, 0);
    image.extend_from_slice(package);
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_lies_behind_the_first_stage() {
        let image = flash(&[1, 2], &[3]).unwrap();
        assert_eq!(image.len(), FIP_OFFSET + 1);
        assert_eq!((image[1], image[2], image[FIP_OFFSET]), (2, 0, 3));
        assert!(flash(&vec![0; FIP_OFFSET + 1], &[]).is_err());
    }
}
