//! One file per subcommand.

mod bench;
mod bless;
mod ci;
mod demo;
mod firmware;
mod fuzz;
mod package;
mod port;
mod qemu;
mod rootfs;
mod setup;
mod ta;
mod test;

use std::process::ExitCode;

use clap::Subcommand;

/// How to take another OP-TEE, for the help of what builds one.
const OPTEE_OS_SRC: &str = "\
Environment:
  OPTEE_OS_SRC=DIR  Take this optee_os tree in place of Debian's source package; its
                    in-tree TAs go into the guest, and reports show its release";

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Install what the lab needs and fetch its sources and packages
    Setup(setup::Args),
    /// Build a variant's firmware
    Firmware(firmware::Args),
    /// Build the TAs and the programs for the guest
    Ta(ta::Args),
    /// Make what is installed: Debian packages, and a program without libraries
    Package(package::Args),
    /// Put the PTA into an optee_os tree of any release from 3.8 on, or say what is missing
    Port(port::Args),
    /// Fetch and pack the guest's kernel and root
    Rootfs(rootfs::Args),
    /// Boot a variant, run a command in the guest, end with its exit code
    Qemu(qemu::Args),
    /// The main job on a real OP-TEE: find the leak of a DRM TA and its cause
    Demo(demo::Args),
    /// Run the tests: first those of this machine, then those in QEMU
    Test(test::Args),
    /// Run a benchmark
    Bench(bench::Args),
    /// Feed damaged input to all that parses bytes from elsewhere
    Fuzz(fuzz::Args),
    /// Take what the golden tests print now as what they expect
    Bless(bless::Args),
    /// Everything that has to hold before a change goes in
    Ci(ci::Args),
}

/// Does it.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Setup(args) => setup::run(&args),
        Command::Firmware(args) => firmware::run(&args),
        Command::Ta(args) => ta::run(&args),
        Command::Package(args) => package::run(&args),
        Command::Port(args) => port::run(&args),
        Command::Rootfs(args) => rootfs::run(&args),
        Command::Qemu(args) => qemu::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Bless(args) => bless::run(&args),
        Command::Ci(args) => ci::run(&args),
    }
}
