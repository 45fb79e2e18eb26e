//! Client calls as the kernel sees them: probes on its optee driver, through tracefs.
//!
//! See [`teeleak_analysis::parse::ftrace`] for the probes and why they suffice. Ring and probes
//! belong to this process and are removed when it ends; the next teeleak removes those of a killed
//! one.

pub(crate) mod needs;
mod tasks;
mod tracefs;

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use anyhow::{Error, Result};
use needs::ProbeObstacle;
use tasks::KernelTasks;
use teeleak_analysis::parse::{ftrace::TraceNote, lines::LineSplitter};
use teeleak_proto::frame::FrameKind;
use tracefs::ProbeGroup;

use crate::{error::NotObservable, source::Sink};

/// Bytes per read; the kernel returns whole lines, and far fewer bytes.
const PIECE_BYTES: usize = 64 << 10;

/// Most pieces per poll, so that a flood of events can't block it.
const PIECES: usize = 64;

/// The kernel probes of this process.
pub(crate) struct Probes {
    ours: ProbeGroup,
    pipe: Option<File>,
    piece: Vec<u8>,
    splitter: LineSplitter,
    tasks: KernelTasks,
    has_passed_first_notes: bool,
}

impl Probes {
    /// Installs the probes; `root` is the root of the file system.
    ///
    /// # Errors
    /// [`NotObservable`] with what to do next when this system does not support them.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let tracefs = needs::tracefs(root).map_err(blind)?;
        let (proc, pid) = (root.join("proc"), std::process::id());
        tracefs::clear_stale(&tracefs, &proc);
        let ours = ProbeGroup::new(&tracefs, pid);
        // From here on, dropping `probes` removes everything that was created.
        let mut probes = Self {
            ours,
            pipe: None,
            piece: vec![0; PIECE_BYTES],
            splitter: LineSplitter::new(PIECE_BYTES),
            tasks: KernelTasks::new(&proc, pid),
            has_passed_first_notes: false,
        };
        let pipe = probes.ours.set_up();
        if pipe.is_err() {
            needs::driver(root).map_err(blind)?;
        }
        probes.pipe = Some(pipe?);
        probes.ours.switch(true)?;
        Ok(probes)
    }

    /// Passes on new text.
    pub(crate) fn poll(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if !self.has_passed_first_notes {
            self.has_passed_first_notes = true;
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

    /// The next whole lines; `None` when the pipe is empty.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(pipe) = &mut self.pipe else { return Ok(None) };
        let n = match pipe.read(&mut self.piece) {
            Ok(0) => return Ok(None),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        // The splitter passes on an unterminated line, which the parser counts.
        let mut lines = Vec::new();
        self.splitter.stretches(&self.piece[..n], |stretch| lines.extend_from_slice(stretch));
        Ok(Some(lines))
    }

    /// Stops the probes, passes on the remaining text and removes the probes.
    ///
    /// # Errors
    /// When a probe or the instance can't be removed.
    pub(crate) fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.pipe.is_none() {
            return Ok(());
        }
        let stop_result = self.ours.switch(false);
        self.poll(sink)?;
        pass(self.tasks.end_notes().as_bytes(), sink)?;
        let calls = self.ours.missed();
        pass(TraceNote::Missed { calls }.to_string().as_bytes(), sink)?;
        self.pipe = None;
        stop_result.and(self.ours.remove())
    }
}

/// Removes the probes on every path.
impl Drop for Probes {
    fn drop(&mut self) {
        self.pipe = None;
        // Removing twice is harmless, and an error can't be reported here.
        let _ = self.ours.remove();
    }
}

fn blind(missing: ProbeObstacle) -> Error {
    NotObservable(format!("{missing}: {}", missing.remedy())).into()
}

fn pass(text: &[u8], sink: &mut dyn Sink) -> Result<()> {
    if text.is_empty() { Ok(()) } else { sink.frame(Some(FrameKind::KernelTrace), text) }
}
