//! Calls: requests to the TEE, as recorded in the calling process of the normal world.

use std::{collections::BTreeSet, sync::Arc};

use teeleak_proto::Uuid;

use super::{Finding, Party, Place};

/// A function of the TEE Client API, or an operation on a file descriptor.
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
    /// `TEEC_AllocateSharedMemory`; parameters as for [`Self::RegisterSharedMemory`].
    AllocateSharedMemory,
    /// `TEEC_ReleaseSharedMemory`; parameters as for [`Self::RegisterSharedMemory`].
    ReleaseSharedMemory,
    /// `TEEC_RequestCancellation`; parameter 0 is the operation's address.
    RequestCancellation,
    /// `TEEC_RegisterSharedMemoryFileDescriptor`, an OP-TEE extension; `cmd` is the fd.
    RegisterSharedMemoryFd,
    /// A file was opened, or a buffer was exported as one; `result` is the fd or the negated errno.
    FdOpen,
    /// A file descriptor was duplicated: `cmd` the old one, `result` the new one.
    FdDup,
    /// A file descriptor was closed: `cmd`.
    FdClose,
    /// A file descriptor was mapped: `cmd`; parameter 0 is address and length.
    FdMap,
    /// A mapping of a descriptor was unmapped: parameter 0 is address and length.
    FdUnmap,
    /// An ioctl: `cmd` is the file descriptor, parameter 0 the request and its argument.
    FdIoctl,
}

/// One parameter of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CallParam {
    /// Value: the inputs b and a, b in the high half. Memory: address of the buffer, its identity
    /// within the process.
    pub input: u64,
    /// Memory: size of the buffer in bytes. Value: 0.
    pub size: u64,
    /// Value: the outputs b and a. Memory: size in bytes after the call; for shared memory itself,
    /// the kernel's id plus one, or 0 if unknown.
    pub output: u64,
}

/// The kind of file that a descriptor refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum FileKind {
    /// Any other file, or no descriptor.
    #[default]
    Other,
    /// A TEE device, `/dev/tee*`.
    TeeDevice,
    /// A dma-buf.
    DmaBuf,
    /// A dma-buf allocator: `/dev/dma_heap/*`, `/dev/ion`.
    DmaHeap,
    /// Shared memory of a TEE device.
    TeeShm,
}

/// One call, as recorded in the process that made it.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Position in its source.
    pub place: Place,
    /// The caller.
    pub by: Party,
    /// Name of the thread.
    pub thread: Arc<str>,
    /// The function.
    pub kind: CallKind,
    /// `CLOCK_MONOTONIC` before and after, in nanoseconds.
    pub monotonic: (u64, u64),
    /// The same by the counter that both worlds share, in nanoseconds, if available.
    pub counter: Option<(u64, u64)>,
    /// `TEEC_Result`; 0 for a function that has none.
    pub result: u32,
    /// `TEEC_ORIGIN_*`, if the caller requested it.
    pub origin: Option<u32>,
    /// Session id.
    pub session: Option<u32>,
    /// UUID of the TA.
    pub uuid: Option<Uuid>,
    /// Command of an invoke; for other kinds see [`CallKind`].
    pub cmd: u32,
    /// `TEEC_PARAM_TYPES()`.
    pub param_types: u32,
    /// Parameters.
    pub params: [CallParam; 4],
    /// The kind of file that the descriptor refers to.
    pub file: FileKind,
    /// Return addresses, innermost first.
    pub stack: Vec<u64>,
}

impl Call {
    /// Values of an invoke as the TEE core records them: inputs before the call, outputs after it,
    /// 0 in place of memory.
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

/// A process of the normal world that is, or could have been, recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Process id of the parent.
    pub ppid: u32,
    /// Name, as in `/proc/PID/comm`.
    pub comm: Arc<str>,
    /// Path of the program.
    pub exe: Arc<str>,
    /// `CLOCK_MONOTONIC` at the start of the recording, in nanoseconds.
    pub born_ns: u64,
    /// Whether it has exited.
    pub ended: bool,
    /// Whether it made any call.
    pub called: bool,
    /// Calls still running at its exit, or at the last read.
    pub running: u64,
    /// Calls that are missing: overwritten before they were read, never finished, or too early.
    pub lost: u64,
}

/// The recorder that calls come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClientSource {
    /// The preload library.
    Preload,
    /// An strace log.
    Strace,
    /// Probes on the kernel's TEE driver.
    Kernel,
}

/// All recorded processes of the normal world and their calls.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    /// Processes, in order of the start of their recordings.
    pub processes: Vec<Process>,
    /// Calls, in order of their start.
    pub calls: Vec<Call>,
    /// Unreadable records of all processes.
    pub lost: u64,
    /// How the calls match the TEE's events; `None` until they are joined.
    pub joined: Option<Joined>,
    /// Whether the observation's events already include those of the calls.
    pub have_events: bool,
    /// The recorders.
    pub sources: BTreeSet<ClientSource>,
}

/// How events and calls match.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Joined {
    /// Events whose call is certain.
    pub matched: u64,
    /// Events whose process is certain, but not the call.
    pub by_process: u64,
    /// Sessions that the kernel closed after the process exited or closed its context.
    pub by_kernel: u64,
    /// Events caused by the normal world that no recorded call explains.
    pub unclaimed: u64,
    /// Successful calls without an event, within the time that the events span.
    pub unseen: u64,
    /// Certain matches: index of the event, index of the call.
    pub pairs: Vec<(usize, usize)>,
    /// Nanoseconds to add to an event's time to get the calls' time; `None` if nothing matches.
    pub distance_ns: Option<i64>,
    /// Disagreements between the two sides.
    pub findings: Vec<Finding>,
}
