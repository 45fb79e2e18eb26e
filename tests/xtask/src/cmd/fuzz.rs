//! `cargo xtask fuzz`: feeds damaged input to all that parses bytes from elsewhere.

mod seeds;

use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};
use teeleak_qemu::Lab;

/// What is fuzzed: the targets of `tests/fuzz`.
const TARGETS: [&str; 11] = [
    "text",
    "framing",
    "archives",
    "rules",
    "catalogue",
    "capture",
    "client_records",
    "strace",
    "kernel",
    "normal",
    "push",
];

/// Longest input, in bytes: some hundred lines, and still thousands of inputs per second.
const MAX_BYTES: u32 = 16 * 1024;
/// Seconds after which one input counts as a hang: a thousand times what the slowest takes, since a machine
/// that does other things may stand still for a while.
const HANG_S: u32 = 60;
/// Memory that one input may take, in MiB.
const MAX_MIB: u32 = 1024;

/// Arguments of `fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this target
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 600)]
    seconds: u32,
}

/// Runs one target after the other; stops at the first input that crashes or hangs one.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    let wanted = |target: &&str| args.target.as_ref().is_none_or(|name| name == target);
    let targets: Vec<_> = TARGETS.into_iter().filter(wanted).collect();
    if targets.is_empty() {
        bail!("no such target; there are {}", TARGETS.join(", "));
    }
    for target in targets {
        fuzz(&lab, target, args.seconds)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn fuzz(lab: &Lab, target: &str, seconds: u32) -> anyhow::Result<()> {
    let folder = lab.repository().join("tests/fuzz/corpus").join(target);
    seeds::sow(target, &lab.repository().join("tests/fixtures"), &folder)?;
    eprintln!("xtask: fuzz {target} for {seconds} s");
    let status = Command::new("rustup")
        .current_dir(lab.repository())
        .env_remove("CARGO")
        // All crates forbid unsafe code, so a sanitizer would only cost speed.
        .args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir", "tests/fuzz"])
        .args(["--sanitizer", "none", target, "--", "-print_final_stats=1"])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_BYTES}"))
        .arg(format!("-timeout={HANG_S}"))
        .arg(format!("-rss_limit_mb={MAX_MIB}"))
        .status()
        .context("cannot start rustup: fuzzing needs it, a nightly toolchain and cargo-fuzz")?;
    if !status.success() {
        bail!(
            "fuzzing {target} failed ({status}); needed are `rustup toolchain install nightly` and \
             `cargo install cargo-fuzz`"
        );
    }
    Ok(())
}
