//! Descriptors of all processes, re-read only where they may have changed.
//!
//! One `getdents` of `/proc` lists all processes with their inodes, which change when a process ID
//! is reused; one `stat` of `/proc/PID/fd` returns the number of descriptors (Linux 6.2, "proc:
//! report open files as size in stat() for /proc/pid/fd"). Only processes that are new, whose
//! number of descriptors changed, that hold dma-bufs or are TEE clients are read in full; every
//! process is in the first and the last snapshot, and in every [`EVERY`]th.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind},
    os::unix::fs::DirEntryExt as _,
    path::{Path, PathBuf},
};

use anyhow::Result;
use teeleak_analysis::model::LedgerKind;
use teeleak_proto::normal_world::UnreadReason;

use super::{
    Depth,
    gaps::{LedgerObstacle, MissedLedgers, rights},
    process::{
        ProcessIdentity, ProcessWalk, append_process, append_walk, pass_on_buffers,
        pass_on_mappings, read_identity, walk,
    },
    synthetic_texts::SyntheticTexts,
};
use crate::source::Sink;

/// Every `EVERY`th snapshot reads all processes in full.
const EVERY: u32 = 16;

/// Most processes to list.
const MOST: usize = 1 << 16;

/// `PROC_SUPER_MAGIC` (Linux `include/uapi/linux/magic.h`).
const PROC_MAGIC: u64 = 0x9fa0;

/// Descriptors of all processes.
pub(super) struct ProcessTables {
    proc: PathBuf,
    known: BTreeMap<u32, CachedProcess>,
    samples: u32,
    /// Whether the kernel reports the number of descriptors.
    counted: bool,
}

/// A descriptor table and its fill level.
pub(super) struct FullestTable {
    pub(super) comm: String,
    pub(super) fds: u64,
    pub(super) limit: u64,
}

/// A process as of the last snapshot.
struct CachedProcess {
    inode: u64,
    who: ProcessIdentity,
    fds: Option<u64>,
    buffers: bool,
    /// Whether it is a TEE client.
    client: bool,
    seen: u32,
}

impl ProcessTables {
    pub(super) fn new(proc: &Path) -> Self {
        let (proc, known) = (proc.to_owned(), BTreeMap::new());
        let has_counts = is_counted(&proc);
        Self { proc, known, samples: 0, counted: has_counts }
    }

    /// Passes on the descriptors and dma-bufs of all processes.
    pub(super) fn sample(
        &mut self,
        depth: Depth,
        missed: &mut MissedLedgers,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let processes = match list(&self.proc) {
            Ok(all) => all,
            Err(error) => {
                missed.add(missing(&error), 0);
                return Ok(());
            }
        };
        self.samples += 1;
        let is_full = depth == Depth::Whole || self.samples.is_multiple_of(EVERY);
        let mut texts = SyntheticTexts::default();
        let is_cut = processes.len() > MOST;
        for (pid, inode) in processes.into_iter().take(MOST) {
            self.process((pid, inode), is_full, &mut texts, missed, sink)?;
        }
        self.known.retain(|_, known| known.seen == self.samples);
        texts.pass_on(is_cut, missed, sink)
    }

    /// The process closest to its descriptor limit. Where the kernel does not report the number of
    /// descriptors, uses the last snapshot.
    pub(super) fn fullest(&mut self) -> Option<FullestTable> {
        let mut fullest: Option<FullestTable> = None;
        for (pid, inode) in list(&self.proc).unwrap_or_default() {
            let folder = self.proc.join(pid.to_string());
            let fds = self.count(&folder);
            let Some(known) = self.cached_process(pid, inode, &folder, false) else { continue };
            let (Some(fds), Some(limit)) = (fds.or(known.fds), known.who.limit) else { continue };
            let is_fuller = |than: &FullestTable| {
                u128::from(fds) * u128::from(than.limit) > u128::from(than.fds) * u128::from(limit)
            };
            if limit > 0 && fullest.as_ref().is_none_or(is_fuller) {
                fullest = Some(FullestTable { comm: known.who.comm.clone(), fds, limit });
            }
        }
        fullest
    }

    fn process(
        &mut self,
        (pid, inode): (u32, u64),
        whole: bool,
        texts: &mut SyntheticTexts,
        missed: &mut MissedLedgers,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let folder = self.proc.join(pid.to_string());
        let fds = self.count(&folder);
        let Some(known) = self.cached_process(pid, inode, &folder, whole) else { return Ok(()) };
        let needs_walk =
            whole || fds.is_none() || known.fds != fds || known.buffers || known.client;
        let walked = if needs_walk { look(&folder, missed) } else { None };
        known.fds = walked.as_ref().map(|walked| walked.fds).or(fds);
        let Some(fds) = known.fds else { return Ok(()) };
        let Some(walked) = walked else {
            append_process(pid, &known.who, fds, &mut texts.descriptors);
            return Ok(());
        };
        append_walk(pid, &known.who, &walked, &mut texts.descriptors);
        (known.buffers, known.client) = (!walked.buffers.is_empty(), walked.client);
        if known.client {
            texts.pages_of(&folder, pid, &known.who, missed);
        }
        let display_path = format!("/proc/{pid}");
        pass_on_buffers(&folder, &display_path, &walked.buffers, missed, sink)?;
        if known.buffers || whole {
            pass_on_mappings(&folder, &display_path, missed, sink)?;
        }
        Ok(())
    }

    /// Number of its descriptors, where the kernel reports it.
    fn count(&self, folder: &Path) -> Option<u64> {
        if !self.counted {
            return None;
        }
        fs::metadata(folder.join("fd")).map(|fd| fd.len()).ok()
    }

    /// The process with this ID, from the cache or read anew; `None` if it ended.
    fn cached_process(
        &mut self,
        pid: u32,
        inode: u64,
        folder: &Path,
        whole: bool,
    ) -> Option<&mut CachedProcess> {
        let samples = self.samples;
        let is_same = self.known.get(&pid).is_some_and(|known| known.inode == inode);
        if !is_same || whole {
            // Its name and limit may have changed.
            let identity = read_identity(folder)?;
            let previous =
                self.known.remove(&pid).filter(|known| known.who.start == identity.start);
            let previous = previous.map(|known| (known.fds, known.buffers, known.client));
            let (fds, buffers, client) = previous.unwrap_or_default();
            self.known.insert(
                pid,
                CachedProcess { inode, who: identity, fds, buffers, client, seen: samples },
            );
        }
        let process = self.known.get_mut(&pid)?;
        process.seen = samples;
        Some(process)
    }
}

/// Reads a process in full; counts what can't be read.
fn look(folder: &Path, missed: &mut MissedLedgers) -> Option<ProcessWalk> {
    match walk(folder) {
        Ok(walked) => {
            if walked.lost > 0 {
                missed
                    .add(LedgerObstacle::of_room("descriptors of a process, of what"), walked.lost);
            }
            Some(walked)
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let subject = "descriptors of processes, of what";
            missed.add(
                LedgerObstacle {
                    what: subject,
                    why: UnreadReason::Refused,
                    remedy: rights().into(),
                },
                1,
            );
            None
        }
        // It ended.
        Err(_) => None,
    }
}

/// IDs of all processes but this one, with the inodes of their folders.
fn list(proc: &Path) -> io::Result<Vec<(u32, u64)>> {
    let mut processes: Vec<_> = fs::read_dir(proc)?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.ino())))
        .filter(|(pid, _)| *pid != std::process::id())
        .collect();
    processes.sort_unstable();
    if processes.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(processes) }
}

/// Whether the size of `/proc/PID/fd` is the number of descriptors.
fn is_counted(proc: &Path) -> bool {
    let magic = rustix::fs::statfs(proc).map(|of| u64::try_from(of.f_type).unwrap_or(0));
    let own_fds = fs::metadata(proc.join("self/fd")).map_or(0, |fd| fd.len());
    magic == Ok(PROC_MAGIC) && own_fds > 0
}

fn missing(error: &io::Error) -> LedgerObstacle {
    LedgerObstacle::of_error(LedgerKind::Descriptors.info().name, error, "mount /proc")
}

/// Why some processes can't be read.
pub(super) fn look_around(proc: &Path) -> Option<LedgerObstacle> {
    let processes = match list(proc) {
        Ok(all) => all,
        Err(error) => return Some(missing(&error)),
    };
    let denied = |error: io::Error| error.kind() == ErrorKind::PermissionDenied;
    let is_refused = { processes.iter() }
        .any(|(pid, _)| fs::read_dir(proc.join(format!("{pid}/fd"))).is_err_and(denied));
    let (what, remedy) = (LedgerKind::Descriptors.info().name, rights().to_owned());
    is_refused.then_some(LedgerObstacle { what, why: UnreadReason::Refused, remedy })
}
