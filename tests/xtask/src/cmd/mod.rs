//! One file per subcommand.

mod firmware;
mod qemu;
mod rootfs;

use std::process::ExitCode;

use clap::Subcommand;

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a variant's firmware
    Firmware(firmware::Args),
    /// Fetch and pack the guest's kernel and root
    Rootfs(rootfs::Args),
    /// Boot a variant, run a command in the guest, end with its exit code
    Qemu(qemu::Args),
}

/// Does it.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Firmware(args) => firmware::run(&args),
        Command::Rootfs(args) => rootfs::run(&args),
        Command::Qemu(args) => qemu::run(&args),
    }
}
