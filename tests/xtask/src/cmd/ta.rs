//! `cargo xtask ta`: TAs and programs for the guest.

use std::process::ExitCode;

use teeleak_qemu::Lab;

/// Arguments of `ta`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints each file and its place in the guest's share.
pub(crate) fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    for (file, place) in Lab::new()?.products()? {
        let bytes = std::fs::metadata(&file)?.len();
        println!("{place}\t{bytes} bytes\t{}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}
