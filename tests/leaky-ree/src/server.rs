//! A process that stays and does its work whenever somebody asks for it.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::{Value, json};

use crate::{
    Serve, Workload, binder::Binder, descriptors::Descriptors, dma_buf::DmaBuf, slab::Slab,
};

/// What is done again and again.
pub(crate) trait Work {
    /// Does it once, and reports what it took and has kept.
    fn step(&mut self) -> Result<Value>;
}

/// Serves until it is killed.
pub(crate) fn serve(serve: &Serve) -> Result<()> {
    let limit = Rlimit { current: Some(serve.limit), maximum: Some(serve.limit) };
    setrlimit(Resource::Nofile, limit).context("cannot limit the number of descriptors")?;
    let mut work: Box<dyn Work> = match serve.workload {
        Workload::DmaBuf => Box::new(DmaBuf::new(serve.bytes, serve.well)?),
        Workload::Descriptors => Box::new(Descriptors::new(serve.each, serve.well)),
        Workload::Slab => Box::new(Slab::new(serve.each, serve.well)?),
        Workload::Binder => Box::new(Binder::new(&serve.binder, serve.well)),
    };
    if serve.socket.exists() {
        fs::remove_file(&serve.socket)?;
    }
    let listener = UnixListener::bind(&serve.socket)
        .with_context(|| format!("cannot listen on {}", serve.socket.display()))?;
    for client in listener.incoming() {
        let mut client = client?;
        let answer = work.step().unwrap_or_else(|error| json!({ "error": format!("{error:#}") }));
        writeln!(client, "{answer}")?;
    }
    Ok(())
}

/// Has a server do one step, and prints what it says.
///
/// # Errors
/// When there is no server, or the step went wrong.
pub(crate) fn poke(socket: &Path) -> Result<()> {
    let mut answer = String::new();
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("nobody serves {}", socket.display()))?;
    stream.read_to_string(&mut answer)?;
    print!("{answer}");
    let reply: Value = serde_json::from_str(&answer).context("no answer")?;
    match reply.get("error") {
        Some(error) => bail!("{error}"),
        None => Ok(()),
    }
}
