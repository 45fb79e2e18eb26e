//! Collects a dump: all available data of the secure world, and why the rest is missing.
//!
//! ```text
//! a running watch ── its dump ─────────────────────────────┐
//!   else   TA ── snapshot  else   statistics PTA ── pools ─┼──> Taken
//!   and    last window or dump on disk, kernel ────────────┘
//! ```

use std::{
    fs,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use teeleak_analysis::{
    model::{Observation, Sample},
    parse::capture::Damage,
    text,
};

use crate::{
    capture::{CapturePiece, CaptureReader, CaptureWriter},
    source,
    source::{
        AccessOptions, CaptureFile, Sink, Source, auditor,
        live::{NODE, Snapshot, World, kernel::KernelAnswer},
        observer::Observer,
    },
    watch::{DumpAnswer, ask},
    window,
};

/// One attempt to collect data.
#[derive(Debug)]
pub(crate) struct DumpAttempt {
    /// The source of the data.
    pub(crate) what: &'static str,
    /// What was collected, or why it failed.
    pub(crate) outcome: Result<String, String>,
}

/// The collected data.
#[derive(Default)]
pub(crate) struct CollectedDump {
    /// The attempts, in order.
    pub(crate) parts: Vec<DumpAttempt>,
    /// What the kernel reports.
    pub(crate) kernel: Vec<KernelAnswer>,
    /// The window of a watch, or a dump.
    before: Option<Observation>,
    /// The snapshot of this moment.
    now: Option<Observation>,
    complete: bool,
}

impl CollectedDump {
    /// The observation to analyse: the window or, without one, the snapshot of this moment.
    pub(crate) fn observation(&self) -> Option<&Observation> {
        self.before.as_ref().or(self.now.as_ref())
    }

    /// The same, mutable for the audit.
    pub(crate) fn observation_mut(&mut self) -> Option<&mut Observation> {
        self.before.as_mut().or(self.now.as_mut())
    }

    /// The snapshot of this moment, if the window does not end with it.
    pub(crate) fn current_sample(&self) -> Option<&Sample> {
        self.before.as_ref()?;
        self.now.as_ref()?.samples.last()
    }

    /// Whether the secure world itself gave a complete snapshot.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Adds the out-of-memory incidents that OP-TEE printed.
    pub(crate) fn add_console(&mut self, console: Observation) {
        let n = console.incidents.len();
        let outcome = match n {
            0 => Err("it shows no failed allocation and no panic".to_owned()),
            _ => Ok(text::count(n as u64, "incident")),
        };
        match (&mut self.before, &mut self.now) {
            (Some(seen), _) | (None, Some(seen)) => seen.incidents.extend(console.incidents),
            (None, None) => self.now = Some(console),
        }
        self.note("console log", outcome);
    }

    fn note(&mut self, what: &'static str, outcome: Result<String, String>) -> bool {
        let is_success = outcome.is_ok();
        self.parts.push(DumpAttempt { what, outcome });
        is_success
    }
}

/// Collects a dump.
///
/// # Errors
/// When the requested file can't be written.
pub(crate) fn take(
    folder: &Path,
    output: Option<&Path>,
    ways: &AccessOptions,
    world: &dyn World,
) -> Result<CollectedDump> {
    let mut dump = CollectedDump::default();
    if through_watch(folder, output, &mut dump)? {
        return Ok(dump);
    }
    directly(output, ways, world, &mut dump)?;
    from_disk(folder, &mut dump);
    dump.kernel = world.kernel();
    Ok(dump)
}

fn through_watch(folder: &Path, output: Option<&Path>, taken: &mut CollectedDump) -> Result<bool> {
    let outcome = match ask(folder) {
        DumpAnswer::Dump(path) => {
            load(&path).map(|seen| (seen, path)).map_err(|e| format!("{e:#}"))
        }
        DumpAnswer::Refused(why) => Err(format!("it answered: {why}")),
        DumpAnswer::Nobody(error) => Err(format!(
            "no `teeleak watch` is running for {} ({error}); start one first",
            folder.display()
        )),
    };
    let outcome = match outcome {
        Ok((seen, path)) => {
            if let Some(output) = output {
                let cannot = || format!("cannot write {}", output.display());
                fs::copy(&path, output).with_context(cannot)?;
            }
            taken.complete = seen.samples.last().is_some_and(is_whole);
            taken.before = Some(seen);
            Ok(format!("took {}", path.display()))
        }
        Err(why) => Err(why),
    };
    Ok(taken.note("running watch", outcome))
}

/// Whether the snapshot shows who holds which memory.
fn is_whole(sample: &Sample) -> bool {
    sample.sites.value().is_some() && sample.instances.value().is_some()
}

fn directly(
    output: Option<&Path>,
    ways: &AccessOptions,
    world: &dyn World,
    taken: &mut CollectedDump,
) -> Result<()> {
    let cannot = |path: &Path| format!("cannot write {}", path.display());
    let file =
        output.map(|path| CaptureWriter::create(path).with_context(|| cannot(path))).transpose()?;
    let census = |observer: Box<dyn Observer>, file| {
        let observation = source::observe(&mut Snapshot::new(observer), file)?;
        let n = observation.samples.last().map(|_| "a snapshot of this moment".to_owned());
        n.map(|description| (observation, description)).context("no snapshot was received")
    };
    // A snapshot that fails leaves a partial file; the next one replaces it.
    let ta = auditor(world).and_then(|sampler| census(Box::new(sampler), file));
    let outcome = match ta {
        Ok((seen, description)) => {
            taken.complete = seen.samples.last().is_some_and(is_whole);
            taken.now = Some(seen);
            Ok(description)
        }
        Err(error) => Err(format!("{error:#}")),
    };
    if taken.note("teeleak TA", outcome) {
        return Ok(());
    }
    let file =
        output.map(|path| CaptureWriter::create(path).with_context(|| cannot(path))).transpose()?;
    let stock = ways.stock(world).and_then(|stock| census(Box::new(stock), file));
    let outcome = match stock {
        Ok((seen, _)) => {
            taken.now = Some(seen);
            Ok("pool counters only, without owners".to_owned())
        }
        Err(error) => Err(format!("{error:#}")),
    };
    taken.note("statistics PTA", outcome);
    Ok(())
}

fn from_disk(folder: &Path, taken: &mut CollectedDump) {
    let outcome = match newest(folder) {
        Ok(Some((seen, description))) => match boots(&seen, taken.now.as_ref()) {
            true => {
                taken.before = Some(seen);
                Ok(description)
            }
            false => Err(format!("{description} is from another boot")),
        },
        Ok(None) => Err(format!("no window or dump in {}", folder.display())),
        Err(error) => Err(format!("{error:#}")),
    };
    taken.note("last window on disk", outcome);
}

/// Whether both may be from the same boot.
fn boots(before: &Observation, now: Option<&Observation>) -> bool {
    let current_boot = now.and_then(|now| now.platform.boot);
    before.platform.boot.zip(current_boot).is_none_or(|(before, now)| before == now)
}

/// The last window or, without one, the newest dump.
fn newest(folder: &Path) -> Result<Option<(Observation, String)>> {
    let cannot = || format!("cannot read {}", folder.display());
    let segments = window::session(folder).with_context(cannot)?;
    if let Some(last) = segments.last() {
        let description = format!("{} files up to {}", segments.len(), last.display());
        let observation = source::observe(&mut Segments(segments.clone()), None)?;
        return Ok(Some((observation, description)));
    }
    let Some(path) = window::newest_dump(folder).with_context(cannot)? else { return Ok(None) };
    Ok(Some((load(&path)?, path.display().to_string())))
}

fn load(path: &Path) -> Result<Observation> {
    source::observe(&mut CaptureFile::open(path)?, None)
}

/// The files of one window, as one source.
struct Segments(Vec<PathBuf>);

impl Source for Segments {
    fn name(&self) -> String {
        NODE.into()
    }

    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()> {
        for path in &self.0 {
            // A running watch may delete the oldest file meanwhile.
            let Ok(file) = File::open(path) else { continue };
            let Ok(mut reader) = CaptureReader::new(file) else {
                sink.damage(Damage { bytes: 1, at_end: true, is_cut: false });
                continue;
            };
            while let Some(piece) = reader.next_piece()? {
                match piece {
                    CapturePiece::Frame { kind, payload } => sink.frame(kind, payload)?,
                    CapturePiece::Damage(damage) => sink.damage(damage),
                }
            }
        }
        Ok(())
    }
}
