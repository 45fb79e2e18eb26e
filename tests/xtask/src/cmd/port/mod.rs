//! `cargo xtask port DIR`: puts the auditor's PTA into an optee_os tree, or takes it out again.

mod matrix;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

/// Arguments of `port`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The optee_os tree; several for --matrix
    #[arg(required = true, value_name = "DIR")]
    trees: Vec<PathBuf>,
    /// Print what would change, and change nothing
    #[arg(long)]
    check: bool,
    /// Take everything out again
    #[arg(long, conflicts_with = "check")]
    revert: bool,
    /// Weave, build, boot and audit copies of the trees in the lab, and write the rows of ta/pta/README.md
    #[arg(long, conflicts_with_all = ["check", "revert"])]
    matrix: bool,
    /// Which firmware to build for --matrix
    #[arg(long, default_value = "default", requires = "matrix")]
    variant: String,
}

/// Runs `ta/pta/port.py`, which needs nothing of this repository but its own folder; the exit code is
/// the program's.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.matrix {
        return matrix::run(&args.trees, &args.variant);
    }
    let [tree] = &args.trees[..] else { bail!("expected one tree, found {}", args.trees.len()) };
    let mut weaver = teeleak_qemu::weaver();
    weaver.arg(tree);
    weaver.args(args.check.then_some("--check")).args(args.revert.then_some("--revert"));
    let status = weaver.status().context("cannot run python3")?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
