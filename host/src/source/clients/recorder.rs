//! Records TEE client calls while a program runs.

use std::process::Command;

use anyhow::Result;

use super::{Tracing, kernel::Probes};
use crate::source::{Sink, live::Discard};

/// A recorder of TEE client calls.
pub(crate) enum Recorder {
    /// The preload library, loaded into the program and its child processes.
    Preload(Tracing),
    /// Kernel probes, for all processes of the system.
    Kernel(Box<Probes>),
}

impl Recorder {
    /// Sets up a command, and its child processes, for recording where that is needed.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Self::Preload(tracing) = self {
            tracing.apply(command);
        }
    }

    /// Passes on new records, and frees the memory of processes that have ended.
    pub(crate) fn poll(&mut self, sink: &mut dyn Sink) -> Result<()> {
        match self {
            Self::Preload(tracing) => {
                tracing.folder().poll(sink)?;
                tracing.folder().clear_ended();
                Ok(())
            }
            Self::Kernel(probes) => probes.poll(sink),
        }
    }

    /// Forgets new records, and frees the memory of processes that have ended. Those of the kernel,
    /// which are of all processes, are kept for the next poll.
    pub(crate) fn discard(&mut self) -> Result<()> {
        match self {
            Self::Preload(_) => self.poll(&mut Discard),
            Self::Kernel(_) => Ok(()),
        }
    }

    /// Passes on all remaining records and cleans up.
    pub(crate) fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        match self {
            Self::Preload(tracing) => tracing.folder().finish(sink),
            Self::Kernel(probes) => probes.finish(sink),
        }
    }

    /// Number of unreadable process recordings.
    pub(crate) fn unreadable(&mut self) -> u64 {
        match self {
            Self::Preload(tracing) => tracing.folder().unreadable(),
            Self::Kernel(_) => 0,
        }
    }
}
