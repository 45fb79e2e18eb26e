//! Client calls from the kernel trace (tracefs), with [`PROBES`] on the functions of the optee driver.
//!
//! ```text
//! line ── hit (task, time, event) ──> threads (start + end) ──> Call
//!     └── note ──> processes, clocks
//! ```
//!
//! Every request to OP-TEE goes through four functions of the driver, whether from a program with
//! libteec or without, a hardened one, a vendor's, or the kernel itself. Their arguments are the
//! structures of the ioctls, with TA, session, command, values and results. So these probes are
//! enough; probes on libteec would have to be placed in each program and would observe less. Sessions
//! that the kernel closes for an exited process are observed as well.
//!
//! Times are those of `CLOCK_MONOTONIC_RAW`: unlike `CLOCK_MONOTONIC` it is never adjusted, so its
//! offset to the counter of the secure world stays constant however long a run takes.
//!
//! Each line is parsed, ignored or rejected; hits that the kernel lost count as half a call each.
//!
//! ```
//! use teeleak_analysis::parse::ftrace::TraceReader;
//!
//! let mut reader = TraceReader::default();
//! reader.push(b"  player-7  (  7) [000] ..... 1.000001: tee_close: (optee_close_session+0x0/0x30 [optee]) session=2 comm=\"player\"\n\
//!               player-7  (  7) [000] ..... 1.000019: tee_closed: (tee_ioctl+0x0/0x30 [tee] <- optee_close_session) rc=0 session=2\n");
//! assert_eq!(reader.take_calls().len(), 1);
//! assert_eq!(reader.accounting().parsed, 2);
//! ```

mod calls;
mod fields;
mod line;
mod note;
mod probes;
mod thread;

use std::collections::{BTreeMap, HashMap};

pub use line::task_of;
use line::{ProbeHit, TraceLine};
pub use note::TraceNote;
pub use probes::{PROBES, Probe};
use teeleak_proto::Uuid;
use thread::{CallEnd, CallStart, HitOutcome, Thread};

use super::lines::{LineOutcome, LineSplitter};
use crate::model::{Accounting, Call, Clients, Process, SourceLocation};

/// Longest line, in bytes; lines of our probes have at most a fourth of this.
const LINE_BYTES: usize = 4 << 10;

/// Reads a trace, split anywhere.
#[derive(Debug)]
pub struct TraceReader {
    splitter: LineSplitter,
    place: Option<SourceLocation>,
    own: Option<u32>,
    /// Offset from times of the trace to `CLOCK_MONOTONIC`, in nanoseconds.
    ahead_ns: i64,
    threads: BTreeMap<u32, Thread>,
    /// Processes of threads.
    owners: HashMap<u32, u32>,
    processes: BTreeMap<u32, Process>,
    /// TAs of sessions.
    tas: HashMap<u32, Uuid>,
    calls: Vec<Call>,
    /// Incomplete calls.
    lost: u64,
    /// Hits that the kernel lost; each call has at least two.
    lost_hits: u64,
    missed: u64,
    accounting: Accounting,
}

impl Default for TraceReader {
    fn default() -> Self {
        Self {
            splitter: LineSplitter::new(LINE_BYTES),
            place: None,
            own: None,
            ahead_ns: 0,
            threads: BTreeMap::new(),
            owners: HashMap::new(),
            processes: BTreeMap::new(),
            tas: HashMap::new(),
            calls: Vec::new(),
            lost: 0,
            lost_hits: 0,
            missed: 0,
            accounting: Accounting::default(),
        }
    }
}

impl TraceReader {
    /// Sets the place of the text that follows.
    pub fn place(&mut self, place: &SourceLocation) {
        self.place = Some(place.clone());
    }

    /// Reads text.
    pub fn push(&mut self, text: &[u8]) {
        let mut splitter = std::mem::replace(&mut self.splitter, LineSplitter::new(LINE_BYTES));
        splitter.lines(text, |line, is_cut| self.line(line, is_cut));
        self.splitter = splitter;
    }

    fn line(&mut self, bytes: &[u8], is_cut: bool) {
        let text = String::from_utf8_lossy(bytes);
        let outcome = match line::parse(&text) {
            TraceLine::Hit(hit) if !is_cut => self.take_hit(&hit),
            TraceLine::Note(note) if !is_cut => self.note(note),
            TraceLine::Lost(n) => {
                self.lose(n);
                LineOutcome::Parsed
            }
            TraceLine::Foreign => LineOutcome::Ignored,
            _ => LineOutcome::Rejected,
        };
        self.accounting += outcome;
        if outcome == LineOutcome::Rejected {
            self.lost = self.lost.saturating_add(1);
        }
    }

    fn take_hit(&mut self, hit: &ProbeHit<'_>) -> LineOutcome {
        let pid = hit.pid.or_else(|| self.owners.get(&hit.tid).copied());
        if self.own.is_some_and(|own| pid.unwrap_or(hit.tid) == own) {
            return LineOutcome::Ignored;
        }
        match self.outcome(&ProbeHit { pid, ..*hit }) {
            HitOutcome::Broken => LineOutcome::Rejected,
            HitOutcome::Pending => LineOutcome::Parsed,
            HitOutcome::Call(call) => {
                let (begun, ended) = *call;
                self.call(hit.tid, &begun, &ended);
                LineOutcome::Parsed
            }
        }
    }

    fn outcome(&mut self, hit: &ProbeHit<'_>) -> HitOutcome {
        let thread = self.threads.entry(hit.tid).or_default();
        let outcome = if hit.probe.at_return {
            CallEnd::read(hit).map(|end| thread.end(end, &mut self.lost))
        } else {
            CallStart::read(hit).map(|begun| thread.begin(begun, &mut self.lost))
        };
        if thread.is_idle() {
            self.threads.remove(&hit.tid);
        }
        outcome.unwrap_or(HitOutcome::Broken)
    }

    /// Records that the kernel lost hits, of any thread.
    fn lose(&mut self, n: u64) {
        self.lost_hits = self.lost_hits.saturating_add(n);
        self.threads.values_mut().for_each(Thread::forget);
        self.threads.retain(|_, thread| !thread.is_idle());
        self.tas.clear();
    }

    fn note(&mut self, text: &str) -> LineOutcome {
        match TraceNote::parse(text) {
            Some(TraceNote::Clock { mono_ns, raw_ns }) => {
                self.ahead_ns = mono_ns.cast_signed().wrapping_sub(raw_ns.cast_signed());
            }
            Some(TraceNote::Own { pid }) => self.own = Some(pid),
            Some(TraceNote::Thread { tid, pid }) => {
                self.owners.insert(tid, pid);
            }
            Some(TraceNote::Process { pid, ppid, ended, comm, exe }) => {
                let process = self.process(pid);
                // The number may have been reused by another process.
                process.ended = ended;
                // Nothing else is known of an exited process.
                if !comm.is_empty() {
                    (process.ppid, process.comm, process.exe) = (ppid, comm.into(), exe.into());
                }
            }
            Some(TraceNote::Missed { calls }) => self.missed = calls,
            None => return LineOutcome::Rejected,
        }
        LineOutcome::Parsed
    }

    fn process(&mut self, pid: u32) -> &mut Process {
        self.processes.entry(pid).or_insert_with(|| Process {
            pid,
            ppid: 0,
            comm: "".into(),
            exe: "".into(),
            born_ns: 0,
            ended: false,
            called: false,
            running: 0,
            lost: 0,
        })
    }

    /// Lines parsed, ignored and rejected.
    #[must_use]
    pub fn accounting(&self) -> Accounting {
        self.accounting
    }

    /// Takes the calls read since the last time, in order of their ends.
    pub fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    /// Processes and calls; `None` if no line was read.
    #[must_use]
    pub fn finish(mut self) -> Option<Clients> {
        if let Some((line, is_cut)) = self.splitter.end() {
            self.line(&line, is_cut);
        }
        (self.accounting.read > 0).then(|| self.clients())
    }

    fn clients(mut self) -> Clients {
        let threads = std::mem::take(&mut self.threads);
        for (tid, thread) in threads {
            self.lost = self.lost.saturating_add(thread.unbegun());
            for begun in thread.open_calls().iter().filter(|begun| !begun.inner) {
                let pid = self.pid_of(tid, begun.pid);
                self.meet(pid, begun).running += 1;
            }
        }
        let mut processes: Vec<_> = self.processes.into_values().collect();
        processes.retain(|process| process.called);
        processes.sort_by_key(|process| (process.born_ns, process.pid));
        // An upper bound: the missing half of a call may be among the kernel's lost hits.
        let lost_calls = self.lost.saturating_add(self.lost_hits.div_ceil(2)).max(self.missed);
        let sources = std::iter::once(crate::model::ClientSource::Kernel).collect();
        Clients { processes, calls: self.calls, lost: lost_calls, sources, ..Clients::default() }
    }

    fn current_place(&self) -> SourceLocation {
        self.place.clone().unwrap_or_else(|| SourceLocation {
            source: "kernel trace".into(),
            at: self.accounting.read + 1,
        })
    }
}

#[cfg(test)]
mod tests;
