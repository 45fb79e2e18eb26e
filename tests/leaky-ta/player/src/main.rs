//! A client of the leaky TA: plays channel switches as a DRM player does, with a bug if wanted.
//!
//! A switch opens a channel, maps buffers for it, unmaps them and closes the channel. One line of
//! JSON is printed for each. The exit code is 0 unless the TEE answers what the bug does not
//! explain.

mod closer;
mod exhaust;
mod held;
mod play;
mod shared;
mod tee;
mod work;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use exhaust::Exhaust;
use held::Held;
use work::Work;

/// Plays channel switches against the leaky TA.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    /// Channel switches
    #[arg(long, default_value_t = 1, value_name = "N")]
    switches: u32,
    /// Buffers mapped in each switch
    #[arg(long, default_value_t = 2, value_name = "N")]
    maps: u32,
    /// Bytes of a buffer
    #[arg(long, default_value_t = 4096, value_name = "BYTES")]
    size: u32,
    /// What is done wrong
    #[arg(long, value_enum, default_value_t)]
    bug: Bug,
    /// With 2 the channel is closed by another process
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    processes: u8,
    /// Fill the TA's cache with so many objects, in its first three calls
    #[arg(long, value_name = "OBJECTS")]
    cache: Option<u32>,
    /// Let the TA's objects swing around 16, with this seed
    #[arg(long, value_name = "SEED")]
    oscillate: Option<u32>,
    /// Let the TA lose one object in every fourth switch
    #[arg(long)]
    slow_leak: bool,
    /// Let the TA lose so many objects at once (two allocations each)
    #[arg(long, value_name = "N", default_value_t)]
    leak_objects: u32,
    /// Let the TA lose so many regions at once
    #[arg(long, value_name = "N", default_value_t)]
    leak_regions: u32,
    /// Let the TA give back what the five options above made it hold
    #[arg(long)]
    free: bool,
    /// Leak until the TEE has no room for more, wait for the end of standard input, give it back
    #[arg(long, value_enum, value_name = "WHAT")]
    exhaust: Option<Exhaust>,
    /// Keep the TA busy in each switch
    #[arg(long, value_name = "MS", default_value_t)]
    busy: u32,
    /// TA that `leak-session` leaves sessions to
    #[arg(long, value_name = "UUID", default_value = leaky_interface::PEER)]
    peer: String,
    /// Stay, and take something that is never given back whenever `--poke` asks for it
    #[arg(long, value_name = "SOCKET", conflicts_with = "poke")]
    hold: Option<PathBuf>,
    /// What `--hold` takes
    #[arg(long, value_enum, default_value_t, requires = "hold")]
    what: Held,
    /// Ask the player that holds SOCKET for one more, and do nothing else
    #[arg(long, value_name = "SOCKET")]
    poke: Option<PathBuf>,
    /// Make the TEE core forget this release from now on, by its number in forget.toml; 0 for none
    #[arg(long, value_name = "NUMBER", conflicts_with = "work")]
    forget: Option<u32>,
    /// Forget it in every N-th call only
    #[arg(long, value_name = "N", default_value_t = 1, requires = "forget")]
    every: u32,
    /// Do this once instead of switching channels
    #[arg(long, value_enum, value_name = "WHAT")]
    work: Option<Work>,
    /// Close the channels that come on standard input; the other process of `--processes 2`
    #[arg(long, hide = true)]
    closer: bool,
}

/// What a player can do wrong.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Bug {
    /// Nothing.
    #[default]
    None,
    /// The last buffer stays mapped and its channel open
    ForgetUnmap,
    /// The channel is closed first, so that the unmaps that follow fail
    CloseBeforeUnmap,
    /// The TA opens a session to another TA and never closes it
    LeakSession,
    /// Each buffer is unmapped twice
    DoubleUnmap,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drm-player: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    if args.closer {
        return closer::serve();
    }
    if let Some(number) = args.forget {
        return work::forget(number, args.every);
    }
    if let Some(work) = args.work {
        return work.run();
    }
    if let Some(what) = args.exhaust {
        return exhaust::exhaust(what, &args.peer);
    }
    if let Some(socket) = &args.hold {
        return held::hold(socket, args.what).with_context(|| socket.display().to_string());
    }
    if let Some(socket) = &args.poke {
        return held::poke(socket).with_context(|| socket.display().to_string());
    }
    play::play(args)
}
