//! Console text from files and pipes, read by several threads.
//!
//! ```text
//! inputs ── unpack ──> chunks ──> threads: scan ──> in order again: assemble
//! ```
//!
//! Every thread takes the next chunk, scans it and hands over its facts; the thread with the next
//! chunk in order assembles. No thread runs ahead by more than a few chunks, which bounds memory.

mod archive;
mod chunks;
mod input;
mod kinds;
mod ledgers;
mod order;
mod progress;
mod read_failure;
mod series;
mod strace;
mod symbols;
mod unframed;
mod unpack;
mod unread;

use std::{
    io::Write,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use anyhow::{Result, anyhow};
pub use archive::read_archive;
use chunks::Chunks;
use order::{ChunkOrder, Promise};
pub(crate) use progress::ReadProgress;
pub(crate) use symbols::ElfSymbols;
use teeleak_analysis::{
    model::Observation,
    parse::{
        console::{Assembler, ChunkFacts, IterationSplit, Rules, scan, scan_unframed},
        ledgers::{Tables, add_step_values},
        strace::StraceTrace,
    },
};

/// Inputs and options of a text analysis.
pub(crate) struct Reading<'r> {
    /// Files, directories, `-`.
    pub(crate) paths: &'r [PathBuf],
    /// Files to read as strace traces, whatever they look like.
    pub(crate) traces: &'r [PathBuf],
    /// Files to read as normal-world ledgers, whatever they look like.
    pub(crate) ledgers: &'r [PathBuf],
    /// Files to read as columns of figures, whatever they look like.
    pub(crate) series: &'r [PathBuf],
    /// Tables that are known.
    pub(crate) tables: &'r Tables,
    /// Rules for steps and iteration marks.
    pub(crate) rules: &'r Rules,
    /// Warm-up iterations at the start, which don't count.
    pub(crate) warmup: u32,
    /// Number of scanning threads.
    pub(crate) threads: NonZeroUsize,
}

/// Reads all inputs. Rejected lines go to `rejected`, progress to `progress`.
///
/// # Errors
/// When an input can't be opened, or rejected lines can't be written.
pub(crate) fn read(
    reading: &Reading<'_>,
    rejected: Option<Box<dyn Write + Send>>,
    progress: ReadProgress<'_>,
) -> Result<Observation> {
    let archives = input::open_archives(input::expand_any(reading.paths)?, reading.paths)?;
    let skipped_inputs = archives.skipped_inputs();
    let kinds::Kinds { inputs, traces, ledgers } = kinds::split(archives.inputs, reading.tables);
    let input_ledgers = ledgers::read(&ledgers, reading.tables)?;
    let extra_ledgers = ledgers::read(&input::expand_any(reading.ledgers)?, reading.tables)?;
    let series = series::read(&input::expand_any(reading.series)?)?;
    let trace = strace::read(&[traces, input::expand_any(reading.traces)?].concat())?;
    let texts = inputs.clone();
    let total = inputs.iter().map(input::TextInput::size).sum();
    let first = inputs.first().map(input::TextInput::name).unwrap_or_default();
    let settings = IterationSplit { warmup: reading.warmup, marked: reading.rules.has_mark() };
    let keep = rejected.is_some();
    let shared = Shared {
        chunks: Mutex::new(Chunks::new(inputs)),
        order: ChunkOrder::new(Assembler::new(&first, settings), rejected),
        rules: reading.rules,
        keep,
        bytes: AtomicU64::new(0),
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..reading.threads.get()).map(|_| scope.spawn(|| shared.work())).collect();
        progress.watch(&shared.bytes, total, || {
            workers.iter().all(thread::ScopedJoinHandle::is_finished)
        });
        let ends = workers.into_iter().map(|worker| {
            worker.join().unwrap_or_else(|_| Err(anyhow!("a thread that scans text panicked")))
        });
        ends.collect::<Result<()>>()
    })?;
    let mut observation = shared.order.finish()?.finish();
    if let Some(traced) = trace {
        traced.add_to(&mut observation);
    }
    skipped_inputs.add_to(&mut observation);
    // Detected ledgers were read as console text, too.
    input_ledgers.add_to(&mut observation, true);
    extra_ledgers.add_to(&mut observation, false);
    series.into_iter().for_each(|world| world.add_to(&mut observation, false));
    add_step_values(&mut observation);
    observation.unread = unread::unread(&observation, &texts);
    Ok(observation)
}

/// Reads strace traces, whatever they look like.
///
/// # Errors
/// When one can't be opened.
pub(crate) fn read_traces(paths: &[PathBuf]) -> Result<Option<StraceTrace>> {
    strace::read(&input::expand(paths)?)
}

/// State shared by all threads.
struct Shared<'s> {
    chunks: Mutex<Chunks>,
    order: ChunkOrder,
    rules: &'s Rules,
    keep: bool,
    bytes: AtomicU64,
}

impl Shared<'_> {
    /// Scans chunks until the last one.
    fn work(&self) -> Result<()> {
        let _promise = Promise(&self.order);
        let mut chunk = Vec::with_capacity(chunks::CHUNK + 1);
        let mut harvest = ChunkFacts::new(self.keep);
        loop {
            let next = self.chunks.lock().map_err(|_| poisoned())?.next(&mut chunk);
            let label = match next {
                Ok(Some(label)) => label,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.order.abort();
                    return Err(error);
                }
            };
            match &label.unframed {
                Some(frames) => {
                    scan_unframed(&chunk, &frames.source_lines, self.rules, &mut harvest);
                }
                None => scan(&chunk, self.rules, &mut harvest),
            }
            self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            harvest = self.order.hand_over(label, harvest, self.keep)?;
        }
    }
}

fn poisoned() -> anyhow::Error {
    anyhow!("another thread that scans text panicked")
}
