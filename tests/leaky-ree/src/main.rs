//! Workloads of the normal world that leak, each in exactly one way, or not at all.
//!
//! ```text
//! leaky-ree poke SOCKET ──> leaky-ree serve SOCKET WORKLOAD: one step, answered by a line of JSON
//! ```
//!
//! What a process holds goes when it ends, so that a leak needs one that stays: the server. Whoever
//! plays iterations pokes it once in each.

#![expect(unsafe_code, reason = "ioctl and mmap, in `dma_buf` and `binder`")]

mod binder;
mod descriptors;
mod dma_buf;
mod server;
mod slab;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Workloads of the normal world that leak.
#[derive(Parser, Debug)]
#[command(version)]
enum Cli {
    /// Serve a workload until it is killed
    Serve(Serve),
    /// Have a server do its work once more, and print what it says of it
    Poke {
        /// The server's
        socket: PathBuf,
    },
    #[command(flatten)]
    Hidden(Hidden),
}

#[derive(Subcommand, Debug)]
enum Hidden {
    /// Open binder, pass it on by standard input, and end
    #[command(hide = true)]
    PassOn {
        /// Binder's
        device: PathBuf,
    },
}

/// What is served.
#[derive(Args, Debug)]
struct Serve {
    /// Where to be poked
    socket: PathBuf,
    /// What each step does
    workload: Workload,
    /// Give back what a step takes
    #[arg(long)]
    well: bool,
    /// Bytes of a buffer
    #[arg(long, default_value_t = 1 << 20, value_name = "BYTES")]
    bytes: u64,
    /// Descriptors, or unread bytes, of a step
    #[arg(long, default_value_t = 8, value_name = "N")]
    each: u32,
    /// Descriptors that the server may have
    #[arg(long, default_value_t = 256, value_name = "N")]
    limit: u64,
    /// Binder's device
    #[arg(long, default_value = "/dev/binder", value_name = "PATH")]
    binder: PathBuf,
}

/// What a step does.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Workload {
    /// Makes a dma-buf, duplicates its descriptor, and closes the first one only
    DmaBuf,
    /// Opens files and does not close them
    Descriptors,
    /// Sends what nobody reads
    Slab,
    /// Keeps binder's descriptor of a process that has ended
    Binder,
}

fn main() -> ExitCode {
    let done = match Cli::parse() {
        Cli::Serve(serve) => server::serve(&serve),
        Cli::Poke { socket } => server::poke(&socket),
        Cli::Hidden(Hidden::PassOn { device }) => binder::pass_on(&device),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("leaky-ree: {error:#}");
            ExitCode::FAILURE
        }
    }
}
