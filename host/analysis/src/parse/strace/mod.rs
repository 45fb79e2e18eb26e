//! Client calls from strace logs, in any of strace's formats.
//!
//! ```text
//! line ── task, time, call ──> tasks (process, thread) ── descriptors ──> Call, Process
//! ```
//!
//! strace 6.1 and later decode the ioctls of the TEE's device: session, TA, command, values and result.
//! Older ones print only an address, so only descriptors and their order are known. Descriptors received
//! over a socket become known when they are duplicated or mapped, with `-y`.
//!
//! ```
//! use teeleak_analysis::parse::strace::StraceReader;
//!
//! let mut reader = StraceReader::new("trace", None);
//! reader.line(b"7 openat(AT_FDCWD, \"/dev/tee0\", O_RDWR) = 3");
//! let trace = reader.finish();
//! assert_eq!((trace.clients.calls.len(), trace.accounting.parsed), (1, 1));
//! ```

mod args;
mod calls;
mod copies;
mod digits;
mod files;
mod line;
mod sniff;
mod summary;
mod syscall;
mod tasks;
mod tee;

use calls::FinishedCall;
use copies::FdCopies;
pub(in crate::parse) use digits::{nanoseconds, number};
use files::Files;
use line::{Stamp, StraceBody, StraceLine};
use rustc_hash::FxHashMap;
pub(crate) use sniff::is_whole_call;
pub use sniff::looks_like_strace;
pub use summary::StraceTrace;
use syscall::Syscall;
use tasks::TaskTable;

use super::lines::LineOutcome;
use crate::model::{Accounting, Call, Gap, Reason, SourceLocation, Symbol};

/// Longest line that is read, in bytes.
pub const LINE_BYTES: usize = 1 << 20;

/// Typical length of the end of an interrupted call, in bytes.
const END_BYTES: usize = 64;

/// Reads a trace line by line, or the traces of several tasks in order of time.
#[derive(Debug)]
pub struct StraceReader {
    source: Symbol,
    at: u64,
    now: u64,
    day: u64,
    /// Task of lines without one.
    default: Option<u32>,
    tasks: TaskTable,
    files: Files,
    copies: FdCopies,
    /// Calls whose end has not come yet, by task.
    begun: FxHashMap<u32, UnfinishedCall>,
    /// Task whose call a message of strace interrupted.
    torn: Option<u32>,
    /// A call on one line, without a duration: it ended before the next line.
    open_ended: Option<usize>,
    calls: Vec<Call>,
    /// Process of each call.
    owners: Vec<usize>,
    opaque: u64,
    by_kernel: Vec<(usize, Option<String>, u64)>,
    accounting: Accounting,
    gaps: Vec<Gap>,
}

#[derive(Debug)]
struct UnfinishedCall {
    name: Syscall,
    text: String,
    ns: u64,
    matters: bool,
}

impl StraceReader {
    /// `task` is the task of lines without one, from the name of a file of `strace -ff`.
    #[must_use]
    pub fn new(source: &str, task: Option<u32>) -> Self {
        Self {
            source: source.into(),
            at: 0,
            now: 0,
            day: 0,
            default: task,
            tasks: TaskTable::default(),
            files: Files::default(),
            copies: FdCopies::default(),
            begun: FxHashMap::default(),
            torn: None,
            open_ended: None,
            calls: Vec::new(),
            owners: Vec::new(),
            opaque: 0,
            by_kernel: Vec::new(),
            accounting: Accounting::default(),
            gaps: Vec::new(),
        }
    }

    /// Switches to another file, of which `lines` lines were read.
    pub fn source(&mut self, source: &str, lines: u64, task: Option<u32>) {
        self.source = source.into();
        self.at = lines;
        self.default = task;
    }

    /// Records that the rest of a source could not be read.
    pub fn note_unreadable(&mut self, what: &str, reason: Reason) {
        self.gaps.push(Gap { what: what.into(), reason, remedy: None, lost: 0 });
    }

    /// Reads a line.
    pub fn line(&mut self, bytes: &[u8]) {
        self.at += 1;
        let bytes = &bytes[..bytes.len().min(LINE_BYTES)];
        // Nearly all lines are valid UTF-8, and checking that is faster than a lossy conversion.
        let text = str::from_utf8(bytes)
            .map_or_else(|_| String::from_utf8_lossy(bytes), std::borrow::Cow::Borrowed);
        let line = line::parse(&text);
        if matches!(line.body, StraceBody::Foreign) {
            self.accounting += LineOutcome::Ignored;
            return;
        }
        self.pass_time(line.stamp);
        if let Some(call) = self.open_ended.take().and_then(|at| self.calls.get_mut(at)) {
            call.monotonic.1 = self.now.max(call.monotonic.0);
        }
        let outcome = self.body(&line);
        self.accounting += outcome;
    }

    /// The absolute time of a line, if it has one, in nanoseconds.
    #[must_use]
    pub fn time_of(bytes: &[u8]) -> Option<u64> {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
        match line::parse(&text).stamp? {
            Stamp::Day(ns) | Stamp::Epoch(ns) => Some(ns),
            Stamp::Delta(_) => None,
        }
    }

    fn pass_time(&mut self, stamp: Option<Stamp>) {
        /// Half a day, in nanoseconds: a time that is so much earlier is of the next day.
        const HALF: u64 = 12 * 3600 * 1_000_000_000;
        match stamp {
            Some(Stamp::Epoch(ns)) => self.now = ns,
            Some(Stamp::Delta(ns)) => self.now = self.now.saturating_add(ns),
            Some(Stamp::Day(ns)) => {
                if (self.day + ns).saturating_add(HALF) < self.now {
                    self.day = self.day.saturating_add(2 * HALF);
                }
                self.now = self.day.saturating_add(ns);
            }
            None => {}
        }
    }

    fn body(&mut self, line: &StraceLine<'_>) -> LineOutcome {
        if let StraceBody::Rest(text) = line.body {
            return self.rest(text);
        }
        if let StraceBody::Attached(task) = line.body {
            self.tasks.attach(task, self.now, &mut self.files);
            return LineOutcome::Parsed;
        }
        let task = self.tasks.number(line.task.or(self.default));
        let process = self.tasks.process(task, self.now, &mut self.files);
        if let Some(comm) = line.comm {
            self.tasks.all[process].comm = Some(comm.into());
        }
        match line.body {
            StraceBody::Call { name, text } => match Syscall::from_name(name) {
                Some(name) if name.matters(text) => {
                    self.finished((task, process), name, text, self.now)
                }
                _ => LineOutcome::Ignored,
            },
            StraceBody::Begun { name, text, attached } => {
                let outcome = self.begin(task, name, text);
                if let Some(new) = attached {
                    self.torn = Some(task);
                    self.tasks.attach(new, self.now, &mut self.files);
                }
                outcome
            }
            StraceBody::Resumed { name, text } => self.resume((task, process), name, text),
            StraceBody::Ended { signal } => self.end(task, signal),
            _ => LineOutcome::Ignored,
        }
    }

    fn begin(&mut self, task: u32, name: &str, text: &str) -> LineOutcome {
        let Some(name) = Syscall::from_name(name) else {
            self.begun.remove(&task);
            return LineOutcome::Ignored;
        };
        let matters = name.matters(text);
        if name == Syscall::Make {
            self.tasks.making(task, calls::shares(text));
        }
        let mut call_text = String::with_capacity(text.len() + END_BYTES);
        call_text.push_str(text.trim_ascii_end());
        self.begun.insert(task, UnfinishedCall { name, text: call_text, ns: self.now, matters });
        if matters { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }

    fn resume(&mut self, (task, process): (u32, usize), name: &str, text: &str) -> LineOutcome {
        let open_call =
            self.begun.remove(&task).filter(|begun| Syscall::from_name(name) == Some(begun.name));
        // The call may have started before the trace.
        let Some(mut begun) = open_call else { return LineOutcome::Ignored };
        begun.text.push(' ');
        begun.text.push_str(text.trim_ascii_start());
        self.finish_open_call((task, process), &begun)
    }

    fn rest(&mut self, text: &str) -> LineOutcome {
        let torn = self.torn.take().and_then(|task| Some((task, self.begun.remove(&task)?)));
        let Some((task, mut begun)) = torn else { return LineOutcome::Ignored };
        begun.text.push_str(text);
        let process = self.tasks.process(task, self.now, &mut self.files);
        self.finish_open_call((task, process), &begun)
    }

    fn finish_open_call(&mut self, by: (u32, usize), begun: &UnfinishedCall) -> LineOutcome {
        if !begun.matters && !begun.name.matters(&begun.text) {
            return LineOutcome::Ignored;
        }
        self.finished(by, begun.name, &begun.text, begun.ns)
    }

    fn finished(
        &mut self,
        (task, process): (u32, usize),
        name: Syscall,
        text: &str,
        begin_ns: u64,
    ) -> LineOutcome {
        let Some(call) = args::call(text) else { return LineOutcome::Rejected };
        if call.result.is_none() {
            // The task ended in the call, or is about to.
            self.tasks.all[process].running += u64::from(name != Syscall::Exit);
            return LineOutcome::Parsed;
        }
        let call_count = self.calls.len();
        let call = FinishedCall { task, process, name, call, begin_ns, now: self.now };
        let matters = self.call(&call);
        if self.calls.len() > call_count && begin_ns == self.now && call.call.took_ns().is_none() {
            self.open_ended = Some(self.calls.len() - 1);
        }
        if matters { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }

    fn place(&self) -> SourceLocation {
        SourceLocation { source: self.source, at: self.at }
    }
}
