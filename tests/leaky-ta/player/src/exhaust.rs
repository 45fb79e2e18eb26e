//! Leaks until the TEE has no room for more, and holds it like that.

use std::io::{Read, stdin};

use anyhow::Context as _;
use clap::ValueEnum;
use leaky_interface::{Command, OUT_OF_MEMORY};

use crate::tee::Tee;

/// What is leaked.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exhaust {
    /// Regions of a page: the core heap runs out
    Regions,
    /// Cryptographic operations: the core heap runs out
    Operations,
    /// Sessions to another TA: the core heap runs out
    Sessions,
    /// Large regions: the memory for TAs runs out
    TaRam,
}

/// Regions and operations that are leaked with one call.
const AT_ONCE: u32 = 50;

/// Bytes of a large region.
const LARGE: u32 = 64 << 10;

/// Leaks, says so, waits for the end of standard input, and gives it all back.
pub(crate) fn exhaust(what: Exhaust, peer: &str) -> anyhow::Result<()> {
    let mut tee = Tee::open()?;
    let calls = until_full(|| match what {
        Exhaust::Regions => Ok(tee.try_send(Command::LeakMany, 0, AT_ONCE)),
        Exhaust::Operations => Ok(tee.try_send(Command::LeakOperations, AT_ONCE, 0)),
        Exhaust::Sessions => tee.try_leak_session(peer),
        Exhaust::TaRam => Ok(tee.try_send(Command::LeakRam, LARGE, 0)),
    })?;
    if what != Exhaust::TaRam {
        // What is left in pieces: then not even a session fits.
        until_full(|| Ok(tee.try_send(Command::LeakMany, 1, 0)))?;
    }
    println!("{{\"exhausted\":\"{what:?}\",\"calls\":{calls}}}");
    stdin().read_to_end(&mut Vec::new()).context("standard input")?;
    tee.call(Command::Freed)
}

/// Leaks until there is no room; gives how often there was.
fn until_full(mut leak: impl FnMut() -> anyhow::Result<u32>) -> anyhow::Result<u32> {
    let mut calls = 0;
    loop {
        match leak()? {
            0 => calls += 1,
            OUT_OF_MEMORY => return Ok(calls),
            code => anyhow::bail!("expected OUT_OF_MEMORY in the end, found {code:#x}"),
        }
    }
}
