//! `cargo xtask test`: all tests.

use std::process::ExitCode;

use teeleak_qemu::Lab;

use crate::cargo::cargo;

/// Crates with tests in QEMU: targets `e2e_*` behind the feature `qemu`.
const IN_QEMU: [&str; 2] = ["teeleak-qemu", "teeleak-tests"];

/// Tests of pages.
const IN_A_BROWSER: [&str; 7] =
    ["test", "--package", "teeleak-tests", "--features", "browser", "--test", "browser"];

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[group(skip)] // `ci` takes these arguments, too
pub(crate) struct Args {
    /// Only what needs no OP-TEE, no browser, no cross compiler and no network
    #[arg(long)]
    pub(super) x86: bool,
}

/// Runs them; cargo prints what came of each.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    cargo(&lab, &["test"])?;
    if !args.x86 {
        lab.browser()?;
        cargo(&lab, &IN_A_BROWSER)?;
        // Built once, ahead of the tests, where progress is seen.
        lab.products()?;
        for package in IN_QEMU {
            cargo(&lab, &["test", "--package", package, "--features", "qemu", "--test", "e2e_*"])?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
