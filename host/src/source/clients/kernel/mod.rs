//! Clients as the kernel sees them: probes on its optee driver, by way of tracefs.
//!
//! What is to be told, and why these probes are enough, is in [`teeleak_analysis::parse::ftrace`].
//! Ring and probes are of this process alone, and go when it ends; those of one that was killed go
//! when the next one begins.

pub(crate) mod needs;
mod tasks;
mod tracefs;

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use anyhow::{Error, Result};
use needs::Missing;
use tasks::Tasks;
use teeleak_analysis::parse::{ftrace::Note, lines::LineSplitter};
use teeleak_proto::frame::FrameKind;
use tracefs::Ours;

use crate::{Blind, source::Sink};

/// Bytes that are read at once: the kernel hands out whole lines, and far fewer of them.
const PIECE_BYTES: usize = 64 << 10;

/// Pieces that one look reads at most, so that a flood can't hold it.
const PIECES: usize = 64;

/// Probes of this process.
pub(crate) struct Probes {
    ours: Ours,
    pipe: Option<File>,
    piece: Vec<u8>,
    splitter: LineSplitter,
    tasks: Tasks,
    told: bool,
}

impl Probes {
    /// Sets them up; `root` is where the file system begins.
    ///
    /// # Errors
    /// [`Blind`] when this system can't do it, and what to do about that.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let tracefs = needs::tracefs(root).map_err(blind)?;
        let (proc, pid) = (root.join("proc"), std::process::id());
        tracefs::clear_stale(&tracefs, &proc);
        let ours = Ours::new(&tracefs, pid);
        // From here on whatever was made goes with this.
        let mut probes = Self {
            ours,
            pipe: None,
            piece: vec![0; PIECE_BYTES],
            splitter: LineSplitter::new(PIECE_BYTES),
            tasks: Tasks::new(&proc, pid),
            told: false,
        };
        let pipe = probes.ours.set_up();
        if pipe.is_err() {
            needs::driver(root).map_err(blind)?;
        }
        probes.pipe = Some(pipe?);
        probes.ours.switch(true)?;
        Ok(probes)
    }

    /// Passes on what is new.
    pub(crate) fn poll(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if !self.told {
            self.told = true;
            pass(self.tasks.first().as_bytes(), sink)?;
        }
        pass(self.tasks.end_notes().as_bytes(), sink)?;
        for _ in 0..PIECES {
            let Some(text) = self.read()? else { break };
            if !text.is_empty() {
                pass(self.tasks.notes(&text).as_bytes(), sink)?;
                pass(&text, sink)?;
            }
        }
        Ok(())
    }

    /// Whole lines that have come; `None` when there are no more.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(pipe) = &mut self.pipe else { return Ok(None) };
        let n = match pipe.read(&mut self.piece) {
            Ok(0) => return Ok(None),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        // A line without an end is passed on as it is, for the parser to count.
        let mut lines = Vec::new();
        self.splitter.stretches(&self.piece[..n], |stretch| lines.extend_from_slice(stretch));
        Ok(Some(lines))
    }

    /// Ends them, passes on what is left, and removes them.
    ///
    /// # Errors
    /// When something of them can't be removed.
    pub(crate) fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.pipe.is_none() {
            return Ok(());
        }
        let stop_result = self.ours.switch(false);
        self.poll(sink)?;
        pass(self.tasks.end_notes().as_bytes(), sink)?;
        let calls = self.ours.missed();
        pass(Note::Missed { calls }.to_string().as_bytes(), sink)?;
        self.pipe = None;
        stop_result.and(self.ours.remove())
    }
}

/// Nothing is left behind, whatever went wrong.
impl Drop for Probes {
    fn drop(&mut self) {
        self.pipe = None;
        // Twice does no harm, and nobody is left to be told.
        let _ = self.ours.remove();
    }
}

fn blind(missing: Missing) -> Error {
    Blind(format!("{missing}: {}", missing.remedy())).into()
}

fn pass(text: &[u8], sink: &mut dyn Sink) -> Result<()> {
    if text.is_empty() { Ok(()) } else { sink.frame(Some(FrameKind::KernelTrace), text) }
}
