//! Sessions that a client of the normal world never closes. Linux closes those of a process that
//! ends, so the one that leaks them has to stay, and another one asks it to.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
};

use crate::tee::Tee;

/// Opens one more session for each who asks. Goes on until it is killed.
pub(crate) fn hold(socket: &Path) -> anyhow::Result<()> {
    if socket.exists() {
        fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket)?;
    let mut held = Vec::new();
    for client in listener.incoming() {
        held.push(Tee::open()?);
        client?.write_all(b"held")?;
    }
    Ok(())
}

/// Asks for one more session, and waits until it is there.
pub(crate) fn poke(socket: &Path) -> anyhow::Result<()> {
    let mut answer = String::new();
    UnixStream::connect(socket)?.read_to_string(&mut answer)?;
    anyhow::ensure!(answer == "held", "{answer:?} instead of \"held\"");
    Ok(())
}
