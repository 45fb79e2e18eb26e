//! Puts the facts of chunks back into the order of the text.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

use anyhow::{Context as _, Result};
use teeleak_analysis::parse::console::{Assembler, ChunkFacts};

use super::{chunks::Label, poisoned, read_failure::ReadFailure};

/// Most harvests that may wait for an earlier one.
const AHEAD: usize = 8;

/// Assembles harvests in the order of their chunks, regardless of which thread finishes first.
pub(super) struct ChunkOrder {
    line: Mutex<AssemblyLine>,
    moved: Condvar,
}

struct AssemblyLine {
    assembler: Assembler,
    rejected: Option<Box<dyn Write + Send>>,
    source: Arc<str>,
    /// Number of the next chunk to assemble.
    next: u64,
    waiting: BTreeMap<u64, (Label, ChunkFacts)>,
    /// Emptied harvests for reuse.
    spare: Vec<ChunkFacts>,
    /// Threads waiting for other threads.
    asleep: usize,
    /// Whether a chunk is missing because its thread failed.
    aborted: bool,
}

impl ChunkOrder {
    pub(super) fn new(assembler: Assembler, rejected: Option<Box<dyn Write + Send>>) -> Self {
        let line = AssemblyLine {
            assembler,
            rejected,
            source: "".into(),
            next: 0,
            waiting: BTreeMap::new(),
            spare: Vec::new(),
            asleep: 0,
            aborted: false,
        };
        Self { line: Mutex::new(line), moved: Condvar::new() }
    }

    /// Takes a harvest and returns an empty one.
    pub(super) fn hand_over(
        &self,
        label: Label,
        harvest: ChunkFacts,
        keep: bool,
    ) -> Result<ChunkFacts> {
        let mut line = self.lock()?;
        line.waiting.insert(label.number, (label, harvest));
        line.advance()?;
        if line.asleep > 0 {
            self.moved.notify_all();
        }
        while line.waiting.len() > AHEAD && !line.aborted {
            line.asleep += 1;
            line = self.moved.wait(line).map_err(|_| poisoned())?;
            line.asleep -= 1;
        }
        Ok(line.spare.pop().unwrap_or_else(|| ChunkFacts::new(keep)))
    }

    /// Wakes all threads after a failure: a chunk is missing.
    pub(super) fn abort(&self) {
        if let Ok(mut line) = self.lock() {
            line.aborted = true;
        }
        self.moved.notify_all();
    }

    /// Flushes the rejected lines and returns the assembler.
    pub(super) fn finish(self) -> Result<Assembler> {
        let mut line = self.line.into_inner().map_err(|_| poisoned())?;
        if let Some(rejected) = &mut line.rejected {
            rejected.flush().context("cannot write rejected lines")?;
        }
        Ok(line.assembler)
    }

    fn lock(&self) -> Result<MutexGuard<'_, AssemblyLine>> {
        self.line.lock().map_err(|_| poisoned())
    }
}

impl AssemblyLine {
    fn advance(&mut self) -> Result<()> {
        while let Some((label, mut harvest)) = self.waiting.remove(&self.next) {
            if let Some(name) = label.begins {
                if label.number > 0 {
                    self.assembler.source(&name);
                }
                self.source = name;
            }
            self.write_rejected(&harvest)?;
            self.assembler.push(&mut harvest);
            if let Some(counts) = label.unframed.and_then(|frames| frames.counts) {
                self.assembler.note_framing(&counts);
            }
            if let Some(ReadFailure { text, reason }) = label.broken {
                let what = format!("the remainder of {}: {text}", self.source);
                self.assembler.note_unreadable(&what, reason);
            }
            self.spare.push(harvest);
            self.next += 1;
        }
        Ok(())
    }

    fn write_rejected(&mut self, harvest: &ChunkFacts) -> Result<()> {
        let Some(rejected) = &mut self.rejected else { return Ok(()) };
        for (line, why, text) in harvest.rejects() {
            let number = self.assembler.lines() + u64::from(line) + 1;
            let text = String::from_utf8_lossy(text);
            writeln!(rejected, "{}:{number}: {}: {}", self.source, why.text(), text.escape_debug())
                .context("cannot write rejected lines")?;
        }
        Ok(())
    }
}

/// Aborts the order when the thread that holds it panics.
pub(super) struct Promise<'p>(pub(super) &'p ChunkOrder);

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abort();
        }
    }
}
