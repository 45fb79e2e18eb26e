//! `cargo xtask bless`: new golden files.

use std::process::ExitCode;

use teeleak_qemu::Lab;

use crate::cargo::cargo_with;

/// Arguments of `bless`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// Runs the tests with `BLESS=1`, at which golden tests write what they get.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut arguments = vec!["test"];
    arguments.extend(args.filter.as_deref());
    cargo_with(&Lab::new()?, &arguments, &[("BLESS", "1")])?;
    Ok(ExitCode::SUCCESS)
}
