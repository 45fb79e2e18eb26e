//! What a client of the normal world never gives back. Linux takes it from a process that ends, so the one
//! that leaks has to stay, and another one asks it to.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
};

use clap::ValueEnum;

use crate::{shared::Buffer, tee::Tee};

/// What is held.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Held {
    /// A session that is never closed
    #[default]
    Session,
    /// A buffer that the TA maps; the client never has it unmapped, and never releases it
    BufferOfClient,
    /// One that the client has mapped and unmapped again and again, and the TA only says that it unmaps
    BufferOfTa,
}

/// Takes one more for each who asks. Goes on until it is killed.
pub(crate) fn hold(socket: &Path, what: Held) -> anyhow::Result<()> {
    if socket.exists() {
        fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket)?;
    let (mut sessions, mut buffers) = (Vec::new(), Vec::new());
    for client in listener.incoming() {
        match what {
            Held::Session => sessions.push(Tee::open()?),
            Held::BufferOfClient => {
                let mut buffer = Buffer::new()?;
                buffer.map()?;
                buffers.push(buffer);
            }
            Held::BufferOfTa => {
                if buffers.is_empty() {
                    buffers.push(Buffer::new()?);
                }
                buffers[0].map()?;
                buffers[0].unmap_lost()?;
            }
        }
        client?.write_all(b"held")?;
    }
    Ok(())
}

/// Asks for one more, and waits until it is there.
pub(crate) fn poke(socket: &Path) -> anyhow::Result<()> {
    let mut answer = String::new();
    UnixStream::connect(socket)?.read_to_string(&mut answer)?;
    anyhow::ensure!(answer == "held", "{answer:?} instead of \"held\"");
    Ok(())
}
