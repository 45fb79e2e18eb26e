//! Task information that the kernel's trace lacks, from `proc`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use rustix::time::{ClockId, clock_gettime};
use teeleak_analysis::parse::ftrace::{Note, task_of};

use crate::source::{clients::process, live::monotonic_ns};

/// The observed tasks.
pub(super) struct Tasks {
    proc: PathBuf,
    own: u32,
    /// Threads whose process the trace does not name.
    threads: HashSet<u32>,
    /// Processes, and whether they existed at the last check.
    processes: BTreeMap<u32, bool>,
}

impl Tasks {
    pub(super) fn new(proc: &Path, own: u32) -> Self {
        Self { proc: proc.to_owned(), own, threads: HashSet::new(), processes: BTreeMap::new() }
    }

    /// The notes before the first text.
    pub(super) fn first(&self) -> String {
        Note::Own { pid: self.own }.to_string() + &clock()
    }

    /// The notes about the tasks in a text.
    pub(super) fn notes(&mut self, text: &[u8]) -> String {
        let mut notes = clock();
        let tasks: Vec<_> = text.split(|byte| *byte == b'\n').filter_map(task_of).collect();
        // A later line of the text may name a process that an earlier one does not.
        let pids: HashMap<u32, u32> =
            tasks.iter().filter_map(|(tid, pid)| Some((*tid, (*pid)?))).collect();
        for (tid, pid) in tasks {
            let pid = pid.or_else(|| self.find(tid, pids.get(&tid).copied(), &mut notes));
            if let Some(pid) = pid {
                self.meet(pid, &mut notes);
            }
        }
        notes
    }

    /// Notes a process that is new or reuses the process ID of an ended one.
    fn meet(&mut self, pid: u32, notes: &mut String) {
        let was_alive = self.processes.get(&pid).copied();
        if pid == self.own || was_alive == Some(true) {
            return;
        }
        let note = process::note(&self.proc, pid);
        let is_alive = !matches!(note, Note::Process { ended: true, .. });
        if is_alive || was_alive.is_none() {
            *notes += &note.to_string();
        }
        self.processes.insert(pid, is_alive);
    }

    fn find(&mut self, tid: u32, known: Option<u32>, notes: &mut String) -> Option<u32> {
        if !self.threads.insert(tid) {
            return None;
        }
        let pid = known.or_else(|| process::of_thread(&self.proc, tid))?;
        *notes += &Note::Thread { tid, pid }.to_string();
        Some(pid)
    }

    /// The notes of processes that ended since the last check.
    pub(super) fn end_notes(&mut self) -> String {
        let mut notes = String::new();
        for (pid, alive) in self.processes.iter_mut().filter(|(_, alive)| **alive) {
            *alive = process::runs(&self.proc, *pid);
            if !*alive {
                notes += &end_note(*pid).to_string();
            }
        }
        notes
    }
}

/// The note of an ended process; everything else was noted while it ran.
fn end_note(pid: u32) -> Note {
    Note::Process { pid, ppid: 0, ended: true, comm: String::new(), exe: String::new() }
}

/// The note of the current time on both clocks.
fn clock() -> String {
    let raw = clock_gettime(ClockId::MonotonicRaw);
    let ns = |n: i64| u64::try_from(n).unwrap_or(0);
    let raw_ns = ns(raw.tv_sec) * 1_000_000_000 + ns(raw.tv_nsec);
    Note::Clock { mono_ns: monotonic_ns(), raw_ns }.to_string()
}
