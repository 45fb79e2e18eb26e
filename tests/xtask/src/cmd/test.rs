//! `cargo xtask test`: all tests.

use std::process::ExitCode;

use anyhow::bail;
use teeleak_qemu::Lab;

use crate::cargo::cargo;

/// Crates with tests in QEMU: targets `e2e_*` behind the feature `qemu`.
const IN_QEMU: [&str; 2] = ["teeleak-qemu", "teeleak-tests"];

/// Tests of pages.
const IN_A_BROWSER: [&str; 6] =
    ["--package", "teeleak-tests", "--features", "browser", "--test", "browser"];

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[group(skip)] // `ci` takes these arguments, too
pub(crate) struct Args {
    /// Only what needs no OP-TEE, no browser, no cross compiler and no network
    #[arg(long)]
    pub(super) x86: bool,
}

/// Runs them; cargo prints what came of each.
///
/// # Errors
/// Once all were run: which failed. At once where what they need cannot be had.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    let mut failures = Failures::default();
    failures.run(&lab, &[]);
    if !args.x86 {
        lab.browser()?;
        failures.run(&lab, &IN_A_BROWSER);
        // Built once, ahead of the tests, where progress is seen.
        lab.products()?;
        for package in IN_QEMU {
            failures.run(&lab, &["--package", package, "--features", "qemu", "--test", "e2e_*"]);
        }
    }
    failures.into_result()
}

/// Steps that failed: one of them hides none of the others.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn run(&mut self, lab: &Lab, which: &[&str]) {
        let arguments = [&["test", "--no-fail-fast"][..], which].concat();
        if let Err(error) = cargo(lab, &arguments) {
            eprintln!("xtask: {error:#}; the other tests run on");
            self.0.push(format!("{error:#}"));
        }
    }

    fn into_result(self) -> anyhow::Result<ExitCode> {
        if self.0.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        bail!("{} steps failed; what failed is above:\n{}", self.0.len(), self.0.join("\n"))
    }
}
