//! Whoever records what processes ask of the TEE while a program runs.

use std::process::Command;

use anyhow::Result;

use super::{Tracing, kernel::Probes};
use crate::source::Sink;

/// A recorder.
pub(crate) enum Recorder {
    /// The library that is loaded into the program and all that it starts.
    Preload(Tracing),
    /// The kernel, for all processes of the system.
    Kernel(Box<Probes>),
}

impl Recorder {
    /// Makes a command, and all that it starts, record, where it has to do with it.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Self::Preload(tracing) = self {
            tracing.apply(command);
        }
    }

    /// Passes on what is new.
    pub(crate) fn poll(&mut self, sink: &mut dyn Sink) -> Result<()> {
        match self {
            Self::Preload(tracing) => tracing.folder().poll(sink),
            Self::Kernel(probes) => probes.poll(sink),
        }
    }

    /// Passes on all that there is, and leaves nothing behind.
    pub(crate) fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        match self {
            Self::Preload(tracing) => tracing.folder().finish(sink),
            Self::Kernel(probes) => probes.finish(sink),
        }
    }

    /// Recordings of processes that could not be read.
    pub(crate) fn unreadable(&mut self) -> u64 {
        match self {
            Self::Preload(tracing) => tracing.folder().unreadable(),
            Self::Kernel(_) => 0,
        }
    }
}
