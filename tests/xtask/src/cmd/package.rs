//! `cargo xtask package`: what is installed.

use std::process::ExitCode;

use clap::ValueEnum;
use teeleak_qemu::{Lab, Package};

/// Arguments of `package`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this one
    kind: Option<Kind>,
}

/// What can be made.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Kind {
    /// A Debian package for devices
    DebArm64,
    /// A Debian package for desktops, without live access
    DebAmd64,
    /// A program for devices that needs no library, not even libteec
    Static,
}

/// Prints each file with its size.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    let kinds = args.kind.as_ref().map_or(Kind::value_variants(), std::slice::from_ref);
    for kind in kinds {
        let file = lab.package(match kind {
            Kind::DebArm64 => Package::Arm64,
            Kind::DebAmd64 => Package::Amd64,
            Kind::Static => Package::Static,
        })?;
        println!("{}\t{} bytes", file.display(), std::fs::metadata(&file)?.len());
    }
    Ok(ExitCode::SUCCESS)
}
