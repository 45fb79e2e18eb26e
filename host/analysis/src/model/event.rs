//! Events: steps in the order in which they happened.

use std::{fmt, sync::Arc};

use teeleak_proto::Uuid;

use super::{Keys, Origin, SourceLocation, StepResult, Symbol, Time};

/// The kind of an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventKind {
    /// A session was opened, or the open failed.
    Open,
    /// A session was closed.
    Close,
    /// A command was invoked.
    Invoke,
    /// A region was mapped.
    Map,
    /// A region was unmapped.
    Unmap,
    /// A named step, from a client or a log line.
    Step(Symbol),
    /// A numbered step that a TA notes: `step N` in protocols.
    Note(u32),
}

/// The process of the normal world that caused an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Caller {
    /// Process id.
    pub pid: u32,
    /// Thread id, 0 if only the process is certain.
    pub tid: u32,
    /// Name of the process.
    pub comm: Arc<str>,
    /// Whether the kernel did it on behalf of a process that exited or closed its context.
    pub by_kernel: bool,
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, tid, comm, by_kernel } = self;
        if *by_kernel {
            f.write_str("the kernel, for ")?;
        }
        // A log may give only the pid.
        let blank = if comm.is_empty() { "" } else { " " };
        write!(f, "{comm}{blank}pid {pid}")?;
        if *tid != 0 && tid != pid { write!(f, " thread {tid}") } else { Ok(()) }
    }
}

/// One step, with its keys and its result.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Where the record comes from.
    pub origin: Origin,
    /// Sequence number within its origin, without gaps unless events were lost.
    pub seq: u64,
    /// Number of events lost right before this one.
    pub lost_before: u64,
    /// When it finished.
    pub time: Option<Time>,
    /// How long it took, in nanoseconds.
    pub duration_ns: Option<u64>,
    /// Position in its source.
    pub place: SourceLocation,
    /// Iteration of the run, if any.
    pub iteration: Option<u32>,
    /// Its kind.
    pub kind: EventKind,
    /// How it ended; `None` if not available from this source.
    pub result: Option<StepResult>,
    /// Session id, unique per opener.
    pub session: Option<u32>,
    /// Instance that opened the session, 0 for the normal world.
    pub opener: u32,
    /// Instance that serves the session or owns the region, 0 for a PTA or unknown.
    pub instance: u32,
    /// UUID of the TA or PTA that serves the session or owns the region.
    pub uuid: Option<Uuid>,
    /// Command of an invoke.
    pub cmd: Option<u32>,
    /// Values: parameters of an invoke (a of parameter n at 2n, b at 2n + 1); va, size, pa of a
    /// region as low and high halves, then its flags.
    pub values: [u32; 8],
    /// Named keys of a step from text.
    pub keys: Keys,
    /// The process that caused it, if known.
    pub by: Option<Arc<Caller>>,
}

impl Event {
    /// Whether it failed; false if its result is unknown.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.result.as_ref().is_some_and(StepResult::is_failure)
    }

    /// The code that it returned, if one is known.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        self.result.as_ref().and_then(StepResult::code)
    }
}
