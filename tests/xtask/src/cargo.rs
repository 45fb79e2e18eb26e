//! Calling cargo, and tools like it.

use std::{
    ffi::{OsStr, OsString},
    process::Command,
};

use anyhow::{Context, bail};
use teeleak_qemu::Lab;

/// Runs cargo in the repository, its output going where ours goes.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn cargo(lab: &Lab, arguments: &[&str]) -> anyhow::Result<()> {
    cargo_with(lab, arguments, &[])
}

/// The same with environment variables.
pub(crate) fn cargo_with(
    lab: &Lab,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> anyhow::Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    tool(lab, ("cargo", &program), arguments, environment)
}

/// The same with another program, of this name.
pub(crate) fn tool(
    lab: &Lab,
    (name, program): (&str, &OsStr),
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> anyhow::Result<()> {
    let line = format!("{name} {}", arguments.join(" "));
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
