//! One call, as stored in a slot.

use super::head::{halves, text, text_word, word};
use crate::Uuid;

/// Words of a record in its slot, without the state and the call stack.
pub const PAYLOAD_WORDS: usize = 31;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $id:literal),* $(,)?) => {
        /// The called function.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum ClientCallKind {
            $($(#[$doc])* $name = $id,)*
        }

        impl ClientCallKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind with this number.
            #[must_use]
            pub const fn from_id(id: u16) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// `TEEC_InitializeContext`.
    InitializeContext = 1,
    /// `TEEC_FinalizeContext`.
    FinalizeContext = 2,
    /// `TEEC_OpenSession`; `cmd` is the connection method.
    OpenSession = 3,
    /// `TEEC_CloseSession`.
    CloseSession = 4,
    /// `TEEC_InvokeCommand`.
    InvokeCommand = 5,
    /// `TEEC_RegisterSharedMemory`; parameter 0 is the memory, `cmd` its flags.
    RegisterSharedMemory = 6,
    /// `TEEC_AllocateSharedMemory`; likewise.
    AllocateSharedMemory = 7,
    /// `TEEC_ReleaseSharedMemory`; likewise.
    ReleaseSharedMemory = 8,
    /// `TEEC_RequestCancellation`; parameter 0 is the operation's address.
    RequestCancellation = 9,
    /// `TEEC_RegisterSharedMemoryFileDescriptor`, an extension of OP-TEE; likewise, `cmd` is the
    /// fd.
    RegisterSharedMemoryFd = 10,
    /// A file was opened or a buffer exported as one; `result` is the fd or the negated errno.
    FdOpen = 32,
    /// A file descriptor was duplicated: `cmd` the old one, `result` the new one.
    FdDup = 33,
    /// A file descriptor was closed: `cmd`.
    FdClose = 34,
    /// A file descriptor was mapped: `cmd`; parameter 0 is address and length.
    FdMap = 35,
    /// A mapping of one was unmapped: parameter 0 is address and length.
    FdUnmap = 36,
    /// An ioctl: `cmd` is the file descriptor, parameter 0 the request and its argument.
    FdIoctl = 37,
}

/// One parameter of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClientParam {
    /// Value: a and b before the call, b in the high half. Memory: address of the buffer, its
    /// identity within the process.
    pub input: u64,
    /// Memory: size before the call, in bytes. Value: 0.
    pub size: u64,
    /// Value: a and b after the call, b in the high half. Memory: size after the call, in bytes;
    /// for shared memory itself the kernel's ID of it plus one, 0 if unknown.
    pub output: u64,
}

/// One call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientCall {
    /// The called function.
    pub kind: ClientCallKind,
    /// `ClientCall::HAS_*` and `ClientCall::FILE_*`.
    pub flags: u16,
    /// `CLOCK_MONOTONIC` before the call, in nanoseconds.
    pub begin_ns: u64,
    /// `CLOCK_MONOTONIC` after the call, in nanoseconds.
    pub end_ns: u64,
    /// Counter (`CNTVCT`) before the call, 0 without a counter.
    pub begin_ticks: u64,
    /// Counter after the call.
    pub end_ticks: u64,
    /// Process ID.
    pub pid: u32,
    /// Thread ID.
    pub tid: u32,
    /// Name of the thread, zero padded.
    pub comm: [u8; 16],
    /// `TEEC_Result`; 0 if the function has none.
    pub result: u32,
    /// `TEEC_ORIGIN_*`; 0 if the caller did not request it.
    pub origin: u32,
    /// Command of an invoke, else see the kind.
    pub cmd: u32,
    /// Session id, 0 without a session.
    pub session: u32,
    /// `TEEC_PARAM_TYPES()` of the operation.
    pub param_types: u32,
    /// File descriptor of the context, -1 without a context.
    pub context: i32,
    /// UUID of the TA; zeros if unknown.
    pub uuid: Uuid,
    /// Parameters.
    pub params: [ClientParam; 4],
}

impl ClientCall {
    /// The caller requested the origin of the result.
    pub const HAS_ORIGIN: u16 = 0x1;
    /// The call has an operation.
    pub const HAS_OPERATION: u16 = 0x2;
    /// Mask of the file kind.
    pub const FILE_MASK: u16 = 0x700;
    /// A TEE device, `/dev/tee*`.
    pub const FILE_TEE: u16 = 0x100;
    /// A dma-buf.
    pub const FILE_DMA_BUF: u16 = 0x200;
    /// An allocator of dma-bufs: `/dev/dma_heap/*`, `/dev/ion`.
    pub const FILE_HEAP: u16 = 0x300;
    /// Shared memory of a TEE device.
    pub const FILE_TEE_SHM: u16 = 0x400;

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> [u64; PAYLOAD_WORDS] {
        let mut words = [0; PAYLOAD_WORDS];
        words[0] = self.begin_ns;
        words[1] = self.end_ns;
        words[2] = self.begin_ticks;
        words[3] = self.end_ticks;
        words[4] = word(self.pid, self.tid);
        words[5] = word(self.kind as u32 | u32::from(self.flags) << 16, self.result);
        words[6] = word(self.origin, self.cmd);
        words[7] = word(self.session, self.param_types);
        words[8] = text_word(&self.uuid.0, 0);
        words[9] = text_word(&self.uuid.0, 1);
        words[10] = text_word(&self.comm, 0);
        words[11] = text_word(&self.comm, 1);
        for (to, param) in words[12..24].chunks_exact_mut(3).zip(&self.params) {
            to.copy_from_slice(&[param.input, param.size, param.output]);
        }
        words[24] = word(self.context.cast_unsigned(), 0);
        words
    }

    /// Decodes it; `None` for a kind that this build doesn't know.
    #[must_use]
    pub fn decode(words: &[u64; PAYLOAD_WORDS]) -> Option<Self> {
        let (pid, tid) = halves(words[4]);
        let (what, result) = halves(words[5]);
        let [a, b, c, d] = what.to_le_bytes();
        let (origin, cmd) = halves(words[6]);
        let (session, param_types) = halves(words[7]);
        let mut params = [ClientParam::default(); 4];
        for (from, param) in words[12..24].chunks_exact(3).zip(&mut params) {
            *param = ClientParam { input: from[0], size: from[1], output: from[2] };
        }
        Some(Self {
            kind: ClientCallKind::from_id(u16::from_le_bytes([a, b]))?,
            flags: u16::from_le_bytes([c, d]),
            begin_ns: words[0],
            end_ns: words[1],
            begin_ticks: words[2],
            end_ticks: words[3],
            pid,
            tid,
            comm: text(&words[10..]),
            result,
            origin,
            cmd,
            session,
            param_types,
            context: halves(words[24]).0.cast_signed(),
            uuid: Uuid(text(&words[8..])),
            params,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::client::record::*;

    fn call() -> ClientCall {
        ClientCall {
            kind: ClientCallKind::InvokeCommand,
            flags: ClientCall::HAS_ORIGIN | ClientCall::HAS_OPERATION,
            begin_ns: 1,
            end_ns: 2,
            begin_ticks: 3,
            end_ticks: 4,
            pid: 5,
            tid: 6,
            comm: *b"drmserver\0\0\0\0\0\0\0",
            result: 0xffff_000c,
            origin: 4,
            cmd: 7,
            session: 8,
            param_types: 0x5361,
            context: -1,
            uuid: Uuid([9; 16]),
            params: [1u64, 2, 3, 4].map(|n| ClientParam { input: n, size: n << 8, output: !n }),
        }
    }

    #[test]
    fn a_call_round_trips() {
        assert_eq!(ClientCall::decode(&call().encode()), Some(call()));
    }

    #[test]
    fn every_kind_has_its_number() {
        for &kind in ClientCallKind::ALL {
            assert_eq!(ClientCallKind::from_id(kind as u16), Some(kind));
        }
    }

    #[test]
    fn an_unknown_kind_is_no_call() {
        let mut words = call().encode();
        words[5] = 999;
        assert_eq!(ClientCall::decode(&words), None);
    }
}
