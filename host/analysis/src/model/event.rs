//! Events: what happened, in order.

use std::{fmt, sync::Arc};

use teeleak_proto::Uuid;

use super::{Keys, Name, Origin, Place, Time};

/// What kind of thing happened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventKind {
    /// A session was opened, or was not.
    Open,
    /// A session was closed.
    Close,
    /// A command was invoked.
    Invoke,
    /// A region was mapped.
    Map,
    /// A region was unmapped.
    Unmap,
    /// A client or a log line names a step of its own.
    Step(Name),
    /// A TA notes a step of its own, by number: what protocols call `step N`.
    Note(u32),
}

/// Who did it in the normal world.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Party {
    /// Process.
    pub pid: u32,
    /// Thread, 0 where only the process is certain.
    pub tid: u32,
    /// Name of the process.
    pub comm: Arc<str>,
    /// Whether the kernel did it, for a process that went or closed its context without.
    pub by_kernel: bool,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, tid, comm, by_kernel } = self;
        if *by_kernel {
            f.write_str("the kernel, for ")?;
        }
        // A log may tell no more than the number.
        let blank = if comm.is_empty() { "" } else { " " };
        write!(f, "{comm}{blank}pid {pid}")?;
        if *tid != 0 && tid != pid { write!(f, " thread {tid}") } else { Ok(()) }
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Who says so.
    pub origin: Origin,
    /// Number within its origin; rises by one where nothing was lost.
    pub seq: u64,
    /// Events lost right before this one.
    pub lost_before: u64,
    /// When it was done.
    pub time: Option<Time>,
    /// How long it took, in nanoseconds.
    pub duration_ns: Option<u64>,
    /// Where it stands in its source.
    pub place: Place,
    /// Iteration of the run that it fell in, where there is one.
    pub iteration: Option<u32>,
    /// What kind.
    pub kind: EventKind,
    /// `TEE_Result` or `TEEC_Result`; 0 for success; `None` where the source does not tell.
    pub result: Option<u32>,
    /// Session id, unique among those of the opener.
    pub session: Option<u32>,
    /// Instance that is the session's client, 0 for the normal world.
    pub opener: u32,
    /// Instance that serves the session or whose region it is, 0 for a PTA or unknown.
    pub instance: u32,
    /// UUID of what serves the session or whose region it is.
    pub uuid: Option<Uuid>,
    /// Command of an invoke.
    pub cmd: Option<u32>,
    /// Values: parameters of an invoke (a of parameter n at 2n, b at 2n + 1); va, size, pa of a
    /// region as low and high halves, then its flags.
    pub values: [u32; 8],
    /// Named keys of a step from text.
    pub keys: Keys,
    /// Process that did it, where known.
    pub by: Option<Arc<Party>>,
}
