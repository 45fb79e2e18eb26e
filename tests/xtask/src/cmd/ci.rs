//! `cargo xtask ci`: lints, then tests.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use teeleak_qemu::Lab;

use super::test;
use crate::cargo::{cargo, cargo_with, tool};

/// What has a lock file of its own.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "tests/fuzz/Cargo.toml"];

/// A target without a standard library: what builds for it has no `std`.
const BARE: &str = "aarch64-unknown-none";
/// Crates that the secure world shares.
const NO_STD: [&str; 3] = ["teeleak-proto", "teeleak-steps", "teeleak-ta-logic"];

/// Features that bring in the tests in QEMU and in a browser: they compile anywhere.
const FEATURES: &str = "teeleak-qemu/qemu,teeleak-tests/qemu,teeleak-tests/browser";
/// Each way to talk to a TEE.
const WAYS: [&str; 2] = ["teeleak/live", "teeleak/direct"];
/// What can be built for more than the guest's machine, and talks to a TEE.
const CLIENTS: [&str; 5] = ["teeleak", "teeleak-teec", "drm-player", "leaky-ree", "teeleak-probe"];
/// Where libteec lies, so that its crate builds; what is not linked needs none, only a `usr/lib`.
const NO_LIBTEEC: (&str, &str) = ("OPTEE_CLIENT_EXPORT", "/");

/// Seconds after which there is no database of advisories.
const PATIENCE_S: &str = "120";

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
    lint(&lab)?;
    if args.lint {
        return Ok(ExitCode::SUCCESS);
    }
    if !args.test.x86 {
        lab.lint_products()?;
    }
    test::run(&args.test)
}

fn lint(lab: &Lab) -> anyhow::Result<()> {
    cargo(lab, &["fmt", "--all", "--check"])?;
    for manifest in MANIFESTS {
        cargo(lab, &["fetch", "--locked", "--manifest-path", manifest])?;
    }
    cargo(lab, &["clippy", "--all-targets", "--features", FEATURES, "--", "-D", "warnings"])?;
    let clients = packages(&CLIENTS);
    for way in WAYS {
        let clippy = ["clippy", "--all-targets", "--features", way];
        let warnings = ["--", "-D", "warnings"];
        cargo_with(lab, &[&clippy[..], &clients, &warnings].concat(), &[NO_LIBTEEC])?;
    }
    let doc = ["doc", "--no-deps", "--document-private-items"];
    cargo_with(lab, &doc, &[("RUSTDOCFLAGS", "-D warnings")])?;
    lab.rust_target(BARE)?;
    let check = ["check", "--lib", "--target", BARE];
    cargo(lab, &[&check[..], &packages(&NO_STD)].concat())?;
    dependencies(lab)
}

fn packages<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().flat_map(|name| ["--package", name]).collect()
}

/// Checks licences, origins and doubles by `.deny.toml`; advisories where their database can be had.
fn dependencies(lab: &Lab) -> anyhow::Result<()> {
    let deny = lab.cargo_deny()?;
    let check = |arguments: &[&str]| tool(lab, ("cargo-deny", deny.as_os_str()), arguments, &[]);
    check(&["check", "licenses", "bans", "sources"])?;
    if !has_advisories(lab, &deny) {
        eprintln!("xtask: no advisories: https://github.com/RustSec/advisory-db cannot be reached");
        return Ok(());
    }
    check(&["check", "advisories"])
}

/// Whether their database could be fetched.
fn has_advisories(lab: &Lab, deny: &Path) -> bool {
    let mut fetch = Command::new("timeout");
    fetch.arg(PATIENCE_S).arg(deny).args(["fetch", "db"]);
    fetch.env("GIT_TERMINAL_PROMPT", "0").current_dir(lab.repository());
    fetch.output().is_ok_and(|answer| answer.status.success())
}
