//! `cargo xtask demo`: the main job, from nothing to the report.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use teeleak_qemu::{Lab, User};

use super::OPTEE_OS_SRC;

/// What the demo runs in the guest: a player that closes its channel before
/// it unmaps, from another process.
const COMMAND: &str = "teeleak run -n 20 --protocol /share/drm-player.toml -- \
                       drm-player --bug close-before-unmap --processes 2";
/// The protocol: which commands of the player's TA are steps of what.
const PROTOCOL: &str = "tests/leaky-ta/player/drm-player.toml";
/// Exit code for an ordering violation.
const EXPECTED: i32 = 4;
/// How long the twenty iterations may take.
const LIMIT: Duration = Duration::from_secs(300);

/// What the demo prints when the guest has booted.
pub(super) const STARTED: &str = "# teeleak run";

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = OPTEE_OS_SRC)]
pub(crate) struct Args {
    /// Which firmware to boot
    #[arg(long, default_value = "default")]
    variant: String,
}

/// Succeeds when the tool says what the demo is made to show.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let lab = Lab::new()?;
    let mut files = lab.products_for(&args.variant)?;
    files.push((lab.repository().join(PROTOCOL), "drm-player.toml".into()));
    let mut guest = lab.boot(&args.variant, &files)?;
    println!("# {COMMAND}");
    let running = guest.start(User::Root, COMMAND)?;
    let outcome = guest.wait_shown(running, LIMIT)?;
    guest.shutdown()?;
    let seconds = started.elapsed().as_secs();
    println!("# exit code {}, {seconds} s from the start of the demo", outcome.code);
    if outcome.code != EXPECTED {
        bail!("the demo expected exit code {EXPECTED}, ordering violation");
    }
    Ok(ExitCode::SUCCESS)
}
