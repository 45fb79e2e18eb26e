//! `cargo xtask firmware`: OP-TEE and TF-A of one variant.

use std::process::ExitCode;

use teeleak_qemu::{Lab, VARIANTS};

use super::OPTEE_OS_SRC;

/// Arguments of `firmware`.
#[derive(Debug, clap::Args)]
#[command(after_help = OPTEE_OS_SRC)]
pub(crate) struct Args {
    /// Which configuration to build
    #[arg(long, default_value = "default")]
    variant: String,
    /// Build every variant
    #[arg(long, conflicts_with = "variant")]
    all: bool,
}

/// Prints the directory that holds the firmware, its core with symbols, its
/// configuration and its TA dev kit.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    let names = if args.all {
        VARIANTS.iter().map(|variant| variant.name).collect()
    } else {
        vec![args.variant.as_str()]
    };
    for name in names {
        println!("{}", lab.firmware(name)?.dir.display());
    }
    Ok(ExitCode::SUCCESS)
}
