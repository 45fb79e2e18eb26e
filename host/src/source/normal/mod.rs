//! The live source of the normal world's memory: what its kernel says in `/proc`, `/sys` and debugfs.
//!
//! ```text
//! files ───── text as it was read ──────────────┐
//! processes ─ descriptors of each, of dma-bufs ─┼──> frames, for the parsers that read saved text
//! pages ───── of clients of the TEE ────────────┤
//! buffers ─── a line for each ──────────────────┘
//! ```
//!
//! Everything is passed on as text; what it means is for [`teeleak_analysis::parse::ledgers`] to say, now or when a
//! capture is read again. Invariants: what can't be read is told with what would bring it; every file is read up to a
//! bound of bytes and time; a process that ends while it is looked at is none.

pub(crate) mod both;
mod buffers;
mod bytes;
mod files;
mod page_owner;
mod pages;
mod pools;
mod processes;
mod texts;
mod unseen;
mod walk;

use std::path::{Path, PathBuf};

use anyhow::Result;
pub(crate) use both::{NoTee, no_tee};
use processes::Processes;
use teeleak_analysis::model::{Ledger, Pool};
use unseen::Missed;
pub(crate) use unseen::Missing;

use super::Sink;

/// How much is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Depth {
    /// All that an iteration may have changed.
    Usual,
    /// At the begin and at the end: also what is slow to read, and every process.
    Whole,
}

/// What there is to look at below `root`, and why it can't be.
pub(crate) fn look(root: &Path) -> Vec<(Ledger, Option<Missing>)> {
    let mut ledgers = vec![
        (Ledger::Descriptors, processes::look_around(&root.join("proc"))),
        (Ledger::DmaBuf, buffers::look(root)),
        (Ledger::ClientPages, pages::look(&root.join("proc"))),
    ];
    ledgers.extend(files::look(root));
    ledgers
}

/// The ledgers of a running kernel.
pub(crate) struct Ledgers {
    root: PathBuf,
    processes: Processes,
}

impl Ledgers {
    /// Those below `root`, where `proc`, `sys` and `dev` are.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), processes: Processes::new(&root.join("proc")) }
    }

    /// What runs full: all memory, and the table of the process that has least left.
    pub(crate) fn pools(&mut self) -> Vec<Pool> {
        let fullest = self.processes.fullest();
        let table = fullest.as_ref().map(pools::descriptors);
        pools::memory(&self.root).into_iter().chain(table).collect()
    }

    /// Passes on what they say now.
    ///
    /// # Errors
    /// When it can't be passed on.
    pub(crate) fn sample(&mut self, depth: Depth, sink: &mut dyn Sink) -> Result<()> {
        let mut missed = Missed::default();
        files::sample(&self.root, depth, &mut missed, sink)?;
        buffers::sample(&self.root, &mut missed, sink)?;
        self.processes.sample(depth, &mut missed, sink)?;
        missed.tell(sink)
    }
}
