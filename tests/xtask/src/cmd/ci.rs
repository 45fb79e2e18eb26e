//! `cargo xtask ci`: lints, then tests.

use std::process::ExitCode;

use teeleak_qemu::Lab;

use super::test;
use crate::cargo::cargo;

/// A target without a standard library: what builds for it has no `std`.
const BARE: &str = "aarch64-unknown-none";
/// Crates that the secure world shares.
const NO_STD: [&str; 3] = ["teeleak-proto", "teeleak-steps", "teeleak-ta-logic"];

/// Features that bring in the tests in QEMU and in a browser: they compile anywhere.
const FEATURES: &str = "teeleak-qemu/qemu,teeleak-tests/qemu,teeleak-tests/browser";

/// Arguments of `ci`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave out the tests
    #[arg(long)]
    lint: bool,
    #[command(flatten)]
    test: test::Args,
}

/// Stops at the first thing that does not hold.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    cargo(&lab, &["fmt", "--all", "--check"])?;
    cargo(&lab, &["clippy", "--all-targets", "--features", FEATURES, "--", "-D", "warnings"])?;
    lab.rust_target(BARE)?;
    let mut check = vec!["check", "--lib", "--target", BARE];
    for package in NO_STD {
        check.extend(["--package", package]);
    }
    cargo(&lab, &check)?;
    if args.lint {
        return Ok(ExitCode::SUCCESS);
    }
    if !args.test.x86 {
        lab.lint_products()?;
    }
    test::run(&args.test)
}
