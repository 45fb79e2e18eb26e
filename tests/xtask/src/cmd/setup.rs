//! `cargo xtask setup`: what every other command needs, ahead of time.

use std::process::ExitCode;

use teeleak_qemu::Lab;

/// Arguments of `setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Take the newest versions that the Debian mirror has now
    #[arg(long)]
    refresh: bool,
}

/// Installs host packages and the Rust target, fetches and unpacks the rest.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    if args.refresh {
        lab.refresh()?;
    }
    lab.setup()?;
    lab.browser()?;
    lab.sources()?;
    lab.rootfs()?;
    Ok(ExitCode::SUCCESS)
}
