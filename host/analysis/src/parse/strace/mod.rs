//! Text of strace, in any of its layouts, as calls of client processes.
//!
//! ```text
//! line ── task, time, call ──> tasks (process, thread) ── descriptors ──> Call, Process
//! ```
//!
//! strace 6.1 and later show what lies behind an ioctl of the TEE's device: session, TA, command,
//! values and result. Where it shows but an address, descriptors and their order are all there is.
//! Descriptors that come over a socket become known when they are duplicated or mapped with `-y`.
//!
//! ```
//! use teeleak_analysis::parse::strace::Reader;
//!
//! let mut reader = Reader::new("trace", None);
//! reader.line(b"7 openat(AT_FDCWD, \"/dev/tee0\", O_RDWR) = 3");
//! let told = reader.finish();
//! assert_eq!((told.clients.calls.len(), told.accounting.parsed), (1, 1));
//! ```

mod args;
mod calls;
mod copies;
mod files;
mod line;
mod sniff;
mod tasks;
mod tee;
mod told;

use rustc_hash::FxHashMap;

use crate::model::{Accounting, Call, Gap, Name, Place};

pub(in crate::parse) use args::number;
use calls::Finished;
use copies::Copies;
use files::Files;
pub(in crate::parse) use line::nanoseconds;
use line::{Body, Line, Stamp};
pub use sniff::looks_like_strace;
use tasks::Tasks;
pub use told::Told;

/// Longest line that is looked at, in bytes.
const LINE_BYTES: usize = 1 << 20;

/// System calls that matter; what a program itself prints between them may look like any other.
const CALLS: [&str; 24] = [
    "ioctl",
    "open",
    "openat",
    "openat2",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "fcntl64",
    "close",
    "close_range",
    "mmap",
    "mmap2",
    "munmap",
    "clone",
    "clone2",
    "clone3",
    "fork",
    "vfork",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "unshare",
];

/// Reads a trace, line by line, or the traces of several tasks in the order of time.
#[derive(Debug)]
pub struct Reader {
    source: Name,
    at: u64,
    now: u64,
    day: u64,
    /// Task of lines that name none.
    default: Option<u32>,
    tasks: Tasks,
    files: Files,
    copies: Copies,
    /// The begin of calls whose end has not come yet, by task.
    begun: FxHashMap<u32, Begun>,
    /// Task whose call was interrupted by strace itself.
    torn: Option<u32>,
    /// A call that stands in one line, and so has ended before the next one; its end is not known.
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
struct Begun {
    name: String,
    text: String,
    ns: u64,
    matters: bool,
}

impl Reader {
    /// `task` is the task of lines that name none, as the name of a file of `strace -ff` tells it.
    #[must_use]
    pub fn new(source: &str, task: Option<u32>) -> Self {
        Self {
            source: source.into(),
            at: 0,
            now: 0,
            day: 0,
            default: task,
            tasks: Tasks::default(),
            files: Files::default(),
            copies: Copies::default(),
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

    /// What follows stands in another file, behind so many lines of it.
    pub fn source(&mut self, source: &str, lines: u64, task: Option<u32>) {
        self.source = source.into();
        self.at = lines;
        self.default = task;
    }

    /// The rest of a source could not be read.
    pub fn broken(&mut self, what: &str) {
        let reason = crate::model::Reason::Damaged;
        self.gaps.push(Gap { what: what.into(), reason, remedy: None, lost: 0 });
    }

    /// Takes a line.
    pub fn line(&mut self, bytes: &[u8]) {
        self.at += 1;
        self.accounting.read += 1;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_BYTES)]);
        let line = line::parse(&text);
        if matches!(line.body, Body::Foreign) {
            self.accounting.ignored += 1;
            return;
        }
        self.pass_time(line.stamp);
        if let Some(call) = self.open_ended.take().and_then(|at| self.calls.get_mut(at)) {
            call.monotonic.1 = self.now.max(call.monotonic.0);
        }
        let taken = self.body(&line);
        match taken {
            Taken::Parsed => self.accounting.parsed += 1,
            Taken::Ignored => self.accounting.ignored += 1,
            Taken::Rejected => self.accounting.rejected += 1,
        }
    }

    /// The time of a line, where its begin tells one.
    #[must_use]
    pub fn time_of(bytes: &[u8]) -> Option<u64> {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
        match line::parse(&text).stamp? {
            Stamp::Day(ns) | Stamp::Epoch(ns) => Some(ns),
            Stamp::Delta(_) => None,
        }
    }

    fn pass_time(&mut self, stamp: Option<Stamp>) {
        /// Half a day: a time that is so much earlier is of the next one.
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

    fn body(&mut self, line: &Line<'_>) -> Taken {
        if let Body::Rest(text) = line.body {
            return self.rest(text);
        }
        if let Body::Attached(task) = line.body {
            self.tasks.attached(task, self.now, &mut self.files);
            return Taken::Parsed;
        }
        let task = self.tasks.number(line.task.or(self.default));
        let process = self.tasks.process(task, self.now, &mut self.files);
        if let Some(comm) = line.comm {
            self.tasks.all[process].comm = Some(comm.into());
        }
        match line.body {
            Body::Call { name, text } if matters(name, text) => {
                self.finished(task, name, text, self.now)
            }
            Body::Begun { name, text, attached } => self.begin(task, name, text, attached),
            Body::Resumed { name, text } => self.resume(task, name, text),
            Body::Ended { signal } => self.end(task, signal),
            _ => Taken::Ignored,
        }
    }

    fn begin(&mut self, task: u32, name: &str, text: &str, attached: Option<u32>) -> Taken {
        let matters = matters(name, text);
        let (name, text) = (name.to_owned(), text.trim_end().to_owned());
        if calls::makes_tasks(&name) {
            self.tasks.making(task, calls::shares(&text));
        }
        self.begun.insert(task, Begun { name, text, ns: self.now, matters });
        if let Some(new) = attached {
            self.torn = Some(task);
            self.tasks.attached(new, self.now, &mut self.files);
        }
        if matters { Taken::Parsed } else { Taken::Ignored }
    }

    fn resume(&mut self, task: u32, name: &str, text: &str) -> Taken {
        let Some(begun) = self.begun.remove(&task).filter(|begun| begun.name == name) else {
            // It began before the trace did.
            return Taken::Ignored;
        };
        let whole = format!("{} {}", begun.text, text.trim_start());
        self.whole(task, &begun, &whole)
    }

    fn rest(&mut self, text: &str) -> Taken {
        let torn = self.torn.take().and_then(|task| Some((task, self.begun.remove(&task)?)));
        let Some((task, begun)) = torn else { return Taken::Ignored };
        let whole = format!("{}{text}", begun.text);
        self.whole(task, &begun, &whole)
    }

    fn whole(&mut self, task: u32, begun: &Begun, whole: &str) -> Taken {
        if !begun.matters && !matters(&begun.name, whole) {
            return Taken::Ignored;
        }
        self.finished(task, &begun.name, whole, begun.ns)
    }

    fn finished(&mut self, task: u32, name: &str, text: &str, begin_ns: u64) -> Taken {
        let Some(call) = args::call(text) else { return Taken::Rejected };
        if call.result.is_none() {
            // The task ended in it, or is about to.
            let process = self.tasks.process(task, self.now, &mut self.files);
            self.tasks.all[process].running += u64::from(!name.starts_with("exit"));
            return Taken::Parsed;
        }
        let took = call.took_ns.map(|ns| begin_ns.saturating_add(ns));
        let end_ns = took.unwrap_or(self.now).max(begin_ns);
        let open_ended = took.is_none() && begin_ns == self.now;
        let before = self.calls.len();
        let taken = self.call(&Finished { task, name, call, span: (begin_ns, end_ns) });
        if open_ended && self.calls.len() > before {
            self.open_ended = Some(self.calls.len() - 1);
        }
        if taken { Taken::Parsed } else { Taken::Ignored }
    }

    fn place(&self) -> Place {
        Place { source: self.source, at: self.at }
    }
}

/// What became of a line.
enum Taken {
    Parsed,
    Ignored,
    Rejected,
}

/// Whether a call can tell something.
fn matters(name: &str, text: &str) -> bool {
    match name {
        // Most are of files and of memory that no file stands behind.
        "mmap" | "mmap2" => !text.contains("MAP_ANON") && !text.contains(", -1, 0"),
        "fcntl" | "fcntl64" => text.contains("F_DUPFD"),
        _ => CALLS.contains(&name),
    }
}
