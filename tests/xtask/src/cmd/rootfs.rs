//! `cargo xtask rootfs`: the guest's kernel and initramfs.

use std::process::ExitCode;

use teeleak_qemu::Lab;

/// Arguments of `rootfs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the paths of kernel and initramfs.
pub(crate) fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    let rootfs = Lab::new()?.rootfs()?;
    println!("{}\n{}", rootfs.kernel.display(), rootfs.initrd.display());
    Ok(ExitCode::SUCCESS)
}
