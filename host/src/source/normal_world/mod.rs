//! The live source of normal-world memory: the kernel's files in `/proc`, `/sys` and debugfs.
//!
//! ```text
//! files ───── text as it was read ──────────────┐
//! processes ─ descriptors of each, of dma-bufs ─┼──> frames, for the parsers that read saved text
//! pages ───── of clients of the TEE ────────────┤
//! buffers ─── a line for each ──────────────────┘
//! ```
//!
//! Everything is passed on as text, which [`teeleak_analysis::parse::ledgers`] parses now or when a
//! capture is read again. Invariants: what can't be read is reported with a remedy; every file is
//! read with limits on bytes and time; a process that ends while it is read is skipped.

pub(crate) mod both_worlds;
mod buffers;
mod bytes;
mod files;
mod gaps;
mod own_memory;
mod page_owner;
mod pages;
mod pools;
mod process;
mod processes;
mod supplicant;
mod synthetic_texts;

use std::path::{Path, PathBuf};

use anyhow::Result;
pub(crate) use both_worlds::{TeeAbsence, no_tee};
pub(crate) use gaps::LedgerObstacle;
use gaps::MissedLedgers;
use processes::ProcessTables;
pub(crate) use supplicant::Supplicant;
use teeleak_analysis::model::{LedgerKind, Pool};

use super::Sink;

/// How much a snapshot of the ledgers reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Depth {
    /// Everything that an iteration may have changed.
    Usual,
    /// At the start and the end of a run: also slow files, and every process.
    Whole,
}

/// The ledgers below `root`, and why one can't be read.
pub(crate) fn look(root: &Path) -> Vec<(LedgerKind, Option<LedgerObstacle>)> {
    let mut ledgers = vec![
        (LedgerKind::Descriptors, processes::look_around(&root.join("proc"))),
        (LedgerKind::DmaBuf, buffers::look(root)),
        (LedgerKind::ClientPages, pages::look(&root.join("proc"))),
    ];
    ledgers.extend(files::look(root));
    ledgers
}

/// The ledgers of a running kernel.
pub(crate) struct Ledgers {
    root: PathBuf,
    processes: ProcessTables,
}

impl Ledgers {
    /// The ledgers below `root`, the folder of `proc`, `sys` and `dev`.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), processes: ProcessTables::new(&root.join("proc")) }
    }

    /// Resources that can run out: system memory, and the fullest descriptor table.
    pub(crate) fn pools(&mut self) -> Vec<Pool> {
        let fullest = self.processes.fullest();
        let table = fullest.as_ref().map(pools::descriptors);
        pools::memory(&self.root).into_iter().chain(table).collect()
    }

    /// Passes on a snapshot of the ledgers.
    ///
    /// # Errors
    /// When it can't be passed on.
    pub(crate) fn sample(&mut self, depth: Depth, sink: &mut dyn Sink) -> Result<()> {
        let mut missed = MissedLedgers::default();
        files::sample(&self.root, depth, &mut missed, sink)?;
        buffers::sample(&self.root, &mut missed, sink)?;
        self.processes.sample(depth, &mut missed, sink)?;
        missed.report(sink)
    }
}
