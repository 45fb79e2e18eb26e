//! Frames of client processes and their calls.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use teeleak_proto::client::{
    ClientCall, ClientCallKind, ClientParam,
    batch::{self, BatchHead, ProcessState, SlotRecord},
    head::{FLAG_IDLE, HeadError, RingHead},
};

use crate::{
    model::{
        Call, CallKind, CallParam, Caller, ClientSource, Clients, FileKind, Process, SourceLocation,
    },
    parse::ftrace,
};

/// Why a frame was rejected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientFrameError {
    /// The head is missing or has another version.
    Head(HeadError),
    /// Not a batch of records.
    Batch,
    /// Records of a process that no earlier frame described.
    Stranger(u32),
}

/// Reads the frames of clients, one after the other.
#[derive(Default)]
pub struct ClientCallReader {
    processes: Vec<KnownProcess>,
    numbers: HashMap<(u32, u64), usize>,
    calls: Vec<Call>,
    kernel: ftrace::TraceReader,
}

struct KnownProcess {
    head: RingHead,
    ended: bool,
    comm: Arc<str>,
    read: u64,
    lost: u64,
}

impl ClientCallReader {
    /// Reads a frame that describes a process.
    ///
    /// # Errors
    /// [`ClientFrameError::Head`] when this build can't read the head.
    pub fn process(&mut self, payload: &[u8]) -> Result<(), ClientFrameError> {
        let (state, head) = batch::read_process(payload).map_err(ClientFrameError::Head)?;
        let number = *self.numbers.entry((head.pid, head.born_ns)).or_insert_with(|| {
            let comm = text(&head.comm);
            self.processes.push(KnownProcess { head, ended: false, comm, read: 0, lost: 0 });
            self.processes.len() - 1
        });
        let process = &mut self.processes[number];
        process.head = head;
        process.ended |= state == ProcessState::Ended;
        Ok(())
    }

    /// Reads a frame of records; returns how many are of kinds that this build doesn't know.
    ///
    /// # Errors
    /// [`ClientFrameError`] when the frame can't be read at all.
    pub fn calls(
        &mut self,
        payload: &[u8],
        place: &SourceLocation,
    ) -> Result<u64, ClientFrameError> {
        let (head, records) = batch::read(payload).ok_or(ClientFrameError::Batch)?;
        let number = self.numbers.get(&(head.pid, head.born_ns)).copied();
        let process = number.and_then(|number| self.processes.get_mut(number));
        let process = process.ok_or(ClientFrameError::Stranger(head.pid))?;
        let unknown_records = process.take(&head, records, place, &mut self.calls);
        Ok(unknown_records)
    }

    /// Reads a piece of the kernel trace; returns how many of its lines were rejected.
    pub fn kernel(&mut self, text: &[u8], place: &SourceLocation) -> u64 {
        let rejected_before = self.kernel.accounting().rejected;
        self.kernel.place(place);
        self.kernel.push(text);
        self.kernel.accounting().rejected - rejected_before
    }

    /// Takes the calls read since the last time, in no order.
    pub fn take_calls(&mut self) -> Vec<Call> {
        let mut calls = std::mem::take(&mut self.calls);
        calls.append(&mut self.kernel.take_calls());
        calls
    }

    /// All processes, and the calls not taken yet in order of time.
    #[must_use]
    pub fn finish(mut self) -> Clients {
        let mut processes: Vec<_> = self.processes.iter().map(KnownProcess::process).collect();
        let mut lost_calls =
            processes.iter().fold(0, |sum: u64, process| sum.saturating_add(process.lost));
        let preload = (!processes.is_empty()).then_some(ClientSource::Preload);
        let mut sources: BTreeSet<_> = preload.into_iter().collect();
        if let Some(kernel_clients) = self.kernel.finish() {
            processes.extend(kernel_clients.processes);
            self.calls.extend(kernel_clients.calls);
            lost_calls = lost_calls.saturating_add(kernel_clients.lost);
            sources.extend(kernel_clients.sources);
        }
        self.calls.sort_by_key(|call| call.monotonic);
        Clients { processes, calls: self.calls, lost: lost_calls, sources, ..Clients::default() }
    }
}

impl KnownProcess {
    fn take(
        &mut self,
        head: &BatchHead,
        records: impl Iterator<Item = SlotRecord>,
        place: &SourceLocation,
        calls: &mut Vec<Call>,
    ) -> u64 {
        // A number read from a file may be anything.
        self.lost = self.lost.saturating_add(head.lost);
        let mut unknown_records = 0;
        for record in records {
            match &record.call {
                Some(call) => {
                    self.read += 1;
                    calls.push(self.call(call, &record.stack, place));
                }
                None => unknown_records += 1,
            }
        }
        unknown_records
    }

    fn call(&self, call: &ClientCall, stack: &[u64], place: &SourceLocation) -> Call {
        let nonzero = |number: u32| (number != 0).then_some(number);
        let has_origin = call.flags & ClientCall::HAS_ORIGIN != 0;
        Call {
            place: place.clone(),
            by: Caller { pid: call.pid, tid: call.tid, comm: self.name(call), by_kernel: false },
            thread: text(&call.comm),
            kind: call_kind(call.kind),
            monotonic: (call.begin_ns, call.end_ns),
            counter: counter(call, self.head.tick_hz),
            result: call.result,
            origin: has_origin.then_some(call.origin),
            session: nonzero(call.session),
            uuid: (call.uuid.0 != [0; 16]).then_some(call.uuid),
            cmd: call.cmd,
            param_types: call.param_types,
            params: call.params.map(call_param),
            file: file_kind(call.flags),
            stack: stack.iter().copied().take_while(|frame| *frame != 0).collect(),
        }
    }

    /// Name of the process: the main thread's current name, or for other threads the name at load time.
    fn name(&self, call: &ClientCall) -> Arc<str> {
        if call.pid == call.tid { text(&call.comm) } else { Arc::clone(&self.comm) }
    }

    fn process(&self) -> Process {
        let head = &self.head;
        let idle = head.flags & FLAG_IDLE != 0;
        Process {
            pid: head.pid,
            ppid: head.ppid,
            comm: Arc::clone(&self.comm),
            exe: text(&head.exe),
            born_ns: head.born_ns,
            ended: self.ended,
            called: !idle && (head.begun > 0 || head.early > 0),
            running: head.begun.saturating_sub(head.tickets),
            lost: self.lost.saturating_add(head.early),
        }
    }
}

fn call_kind(kind: ClientCallKind) -> CallKind {
    match kind {
        ClientCallKind::InitializeContext => CallKind::InitializeContext,
        ClientCallKind::FinalizeContext => CallKind::FinalizeContext,
        ClientCallKind::OpenSession => CallKind::OpenSession,
        ClientCallKind::CloseSession => CallKind::CloseSession,
        ClientCallKind::InvokeCommand => CallKind::InvokeCommand,
        ClientCallKind::RegisterSharedMemory => CallKind::RegisterSharedMemory,
        ClientCallKind::AllocateSharedMemory => CallKind::AllocateSharedMemory,
        ClientCallKind::ReleaseSharedMemory => CallKind::ReleaseSharedMemory,
        ClientCallKind::RequestCancellation => CallKind::RequestCancellation,
        ClientCallKind::RegisterSharedMemoryFd => CallKind::RegisterSharedMemoryFd,
        ClientCallKind::FdOpen => CallKind::FdOpen,
        ClientCallKind::FdDup => CallKind::FdDup,
        ClientCallKind::FdClose => CallKind::FdClose,
        ClientCallKind::FdMap => CallKind::FdMap,
        ClientCallKind::FdUnmap => CallKind::FdUnmap,
        ClientCallKind::FdIoctl => CallKind::FdIoctl,
    }
}

fn call_param(param: ClientParam) -> CallParam {
    let ClientParam { input, size, output } = param;
    CallParam { input, size, output }
}

fn file_kind(flags: u16) -> FileKind {
    match flags & ClientCall::FILE_MASK {
        ClientCall::FILE_TEE => FileKind::TeeDevice,
        ClientCall::FILE_DMA_BUF => FileKind::DmaBuf,
        ClientCall::FILE_HEAP => FileKind::DmaHeap,
        ClientCall::FILE_TEE_SHM => FileKind::TeeShm,
        _ => FileKind::Other,
    }
}

/// Start and end of the call by the counter, in nanoseconds.
fn counter(call: &ClientCall, hz: u64) -> Option<(u64, u64)> {
    let ns = |ticks: u64| {
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(hz);
        u64::try_from(ns).ok()
    };
    if hz == 0 || call.begin_ticks == 0 {
        return None;
    }
    Some((ns(call.begin_ticks)?, ns(call.end_ticks)?))
}

/// Text up to its first zero.
fn text(bytes: &[u8]) -> Arc<str> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into()
}

#[cfg(test)]
mod tests {
    use teeleak_proto::client::{
        MAGIC, SLOT_WORDS, VERSION,
        batch::PROCESS_BYTES,
        head::{W_BEGUN, W_EARLY, W_MAGIC, W_SLOTS, W_VERSION, word},
    };

    use crate::parse::capture::client_calls::*;

    #[test]
    fn losses_beyond_any_number_stay_the_largest() {
        let slot_words = u32::try_from(SLOT_WORDS).unwrap();
        let mut process = [0; PROCESS_BYTES];
        let words = [
            (W_MAGIC, MAGIC),
            (W_VERSION, word(VERSION, slot_words)),
            (W_SLOTS, word(1, 0)),
            (W_BEGUN, u64::MAX),
            (W_EARLY, u64::MAX),
        ];
        for (n, word) in words {
            process[1 + n * 8..9 + n * 8].copy_from_slice(&word.to_le_bytes());
        }
        let head = BatchHead { pid: 0, slot_words, born_ns: 0, first: 0, lost: u64::MAX };
        let mut reader = ClientCallReader::default();
        assert_eq!(reader.process(&process), Ok(()));
        let place = SourceLocation { source: "ring".into(), at: 1 };
        for _ in 0..2 {
            assert_eq!(reader.calls(&head.encode(), &place), Ok(0));
        }
        assert_eq!(reader.finish().lost, u64::MAX);
    }
}
