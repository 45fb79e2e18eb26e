//! Calling cargo.

use std::process::Command;

use anyhow::{Context, bail};

/// Runs cargo in the repository, its output going where ours goes.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn cargo(lab: &teeleak_qemu::Lab, arguments: &[&str]) -> anyhow::Result<()> {
    cargo_with(lab, arguments, &[])
}

/// The same with environment variables.
pub(crate) fn cargo_with(
    lab: &teeleak_qemu::Lab,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> anyhow::Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let line = format!("cargo {}", arguments.join(" "));
    eprintln!("xtask: {line}");
    let status = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(lab.repository())
        .status()
        .with_context(|| format!("cannot start {line}"))?;
    if !status.success() {
        bail!("{line} failed ({status})");
    }
    Ok(())
}
