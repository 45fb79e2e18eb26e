//! Calls: what a process of the normal world says it asked of the TEE.

use std::{collections::BTreeSet, sync::Arc};

use teeleak_proto::Uuid;

use super::{Finding, Party, Place};

/// What a process asked for: a function of the TEE Client API, or what it did with a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallKind {
    /// `TEEC_InitializeContext`.
    InitializeContext,
    /// `TEEC_FinalizeContext`.
    FinalizeContext,
    /// `TEEC_OpenSession`; `cmd` is the connection method.
    OpenSession,
    /// `TEEC_CloseSession`.
    CloseSession,
    /// `TEEC_InvokeCommand`.
    InvokeCommand,
    /// `TEEC_RegisterSharedMemory`; parameter 0 is the memory, `cmd` its flags.
    RegisterSharedMemory,
    /// `TEEC_AllocateSharedMemory`; likewise.
    AllocateSharedMemory,
    /// `TEEC_ReleaseSharedMemory`; likewise.
    ReleaseSharedMemory,
    /// `TEEC_RequestCancellation`; parameter 0 is the operation's address.
    RequestCancellation,
    /// `TEEC_RegisterSharedMemoryFileDescriptor`, an extension of OP-TEE; likewise, `cmd` is the fd.
    RegisterSharedMemoryFd,
    /// A file was opened, or a buffer became one; `result` is the fd or the negated errno.
    FdOpen,
    /// A file descriptor was duplicated: `cmd` the old one, `result` the new one.
    FdDup,
    /// A file descriptor was closed: `cmd`.
    FdClose,
    /// A file descriptor was mapped: `cmd`; parameter 0 is address and length.
    FdMap,
    /// A mapping of one was unmapped: parameter 0 is address and length.
    FdUnmap,
    /// An ioctl: `cmd` is the file descriptor, parameter 0 the request and its argument.
    FdIoctl,
}

/// One parameter of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CallParam {
    /// Value: b and a as they went in, b in the high half. Memory: address of the buffer, which is
    /// its identity within the process.
    pub input: u64,
    /// Memory: bytes that were offered. Value: 0.
    pub size: u64,
    /// Value: b and a as they came out. Memory: bytes after the call; for shared memory itself the
    /// number that the kernel knows it by plus one, 0 unknown.
    pub output: u64,
}

/// What a descriptor belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum FileKind {
    /// Nothing that matters, or there is no descriptor.
    #[default]
    Other,
    /// A TEE device, `/dev/tee*`.
    TeeDevice,
    /// A dma-buf.
    DmaBuf,
    /// Something that hands out dma-bufs: `/dev/dma_heap/*`, `/dev/ion`.
    DmaHeap,
    /// Shared memory of a TEE device.
    TeeShm,
}

/// One call of a TEE client function, as the process that made it recorded it.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Where it stands in its source.
    pub place: Place,
    /// Who called.
    pub by: Party,
    /// Name of the thread.
    pub thread: Arc<str>,
    /// Which function.
    pub kind: CallKind,
    /// `CLOCK_MONOTONIC` before and after, in nanoseconds.
    pub monotonic: (u64, u64),
    /// The same by the counter that the secure world counts with, in nanoseconds, where there is
    /// one.
    pub counter: Option<(u64, u64)>,
    /// `TEEC_Result`; 0 for a function that has none.
    pub result: u32,
    /// `TEEC_ORIGIN_*`, where the caller asked for it.
    pub origin: Option<u32>,
    /// Session id.
    pub session: Option<u32>,
    /// UUID of the TA.
    pub uuid: Option<Uuid>,
    /// Command of an invoke; else see [`CallKind`].
    pub cmd: u32,
    /// `TEEC_PARAM_TYPES()`.
    pub param_types: u32,
    /// Parameters.
    pub params: [CallParam; 4],
    /// What the descriptor belongs to.
    pub file: FileKind,
    /// Return addresses, the innermost first.
    pub stack: Vec<u64>,
}

impl Call {
    /// Values of an invoke as the TEE core tells them: inputs as they went in, the others as they
    /// came out, 0 in place of memory.
    #[must_use]
    pub fn values(&self) -> [u32; 8] {
        let mut values = [0; 8];
        for (n, (to, param)) in values.chunks_exact_mut(2).zip(&self.params).enumerate() {
            let word = match self.param_types >> (4 * n) & 0xf {
                1 => param.input,
                2 | 3 => param.output,
                _ => 0,
            };
            let (a, b) = teeleak_proto::client::head::halves(word);
            to.copy_from_slice(&[a, b]);
        }
        values
    }
}

/// A process that recorded, or could have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent.
    pub ppid: u32,
    /// Its name.
    pub comm: Arc<str>,
    /// Its executable.
    pub exe: Arc<str>,
    /// `CLOCK_MONOTONIC` when it began to record, in nanoseconds.
    pub born_ns: u64,
    /// Whether it is gone.
    pub ended: bool,
    /// Whether it called anything at all.
    pub called: bool,
    /// Calls that it was in when it ended, or when it was last looked at.
    pub running: u64,
    /// Calls that are not here: overwritten before they were read, never finished, or too early.
    pub lost: u64,
}

/// How calls of processes became known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClientSource {
    /// The library that is loaded into processes.
    Preload,
    /// Text of strace.
    Strace,
    /// Probes on the kernel's driver.
    Kernel,
}

/// All that processes of the normal world told.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    /// Processes, in the order in which they began to record.
    pub processes: Vec<Process>,
    /// Calls, in the order in which they began.
    pub calls: Vec<Call>,
    /// Records that could not be read, of all processes.
    pub lost: u64,
    /// How the calls went together with the TEE's events, once somebody tried.
    pub joined: Option<Joined>,
    /// Whether what the calls did is among the observation's events already.
    pub have_events: bool,
    /// How all this became known.
    pub sources: BTreeSet<ClientSource>,
}

/// How events and calls went together.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Joined {
    /// Events whose call is certain.
    pub matched: u64,
    /// Events whose process is certain, but not which of its calls.
    pub by_process: u64,
    /// Sessions that the kernel closed, for a process that went or closed its context.
    pub by_kernel: u64,
    /// Events of the normal world that no recorded call explains.
    pub unclaimed: u64,
    /// Calls that succeeded and that no event shows; only those within the time that the events
    /// span.
    pub unseen: u64,
    /// Call of each event whose call is certain: index of the event, index of the call.
    pub pairs: Vec<(usize, usize)>,
    /// Nanoseconds to add to the time of an event to get that of the calls; `None` when no call and
    /// no event fit.
    pub distance_ns: Option<i64>,
    /// Where the two sides disagree.
    pub findings: Vec<Finding>,
}
