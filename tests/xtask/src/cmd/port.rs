//! `cargo xtask port DIR`: puts the auditor's PTA into an optee_os tree, or takes it out again.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

/// Arguments of `port`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The optee_os tree
    tree: PathBuf,
    /// Print what would change, and change nothing
    #[arg(long)]
    check: bool,
    /// Take everything out again
    #[arg(long, conflicts_with = "check")]
    revert: bool,
}

/// Runs `ta/pta/port.py`, which needs nothing of this repository but its own folder; the exit code is
/// the program's.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut weaver = teeleak_qemu::weaver();
    weaver.arg(&args.tree);
    weaver.args(args.check.then_some("--check")).args(args.revert.then_some("--revert"));
    let status = weaver.status().context("cannot run python3")?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
