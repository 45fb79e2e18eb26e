//! Payloads of the capture frames with the recordings of normal-world processes.
//!
//! All words are little-endian, on every machine.

use super::{
    ClientCall, PAYLOAD_WORDS, SLOT_WORDS, SLOT_WORDS_STACK, STACK_FRAMES, SlotState,
    head::{self, HeadError, RingHead},
};

/// Bytes of [`BatchHead`].
pub const BATCH_HEAD_BYTES: usize = 32;

/// Bytes of the payload of a [`crate::frame::FrameKind::ClientProcess`] frame: a state, and the
/// words of the head.
pub const PROCESS_BYTES: usize = 1 + head::WORDS * 8;

/// Head of a [`crate::frame::FrameKind::ClientCalls`] frame; slots follow, as copied from the ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchHead {
    /// Process ID.
    pub pid: u32,
    /// Words of a slot.
    pub slot_words: u32,
    /// `CLOCK_MONOTONIC` when the ring was created, in nanoseconds; with the pid, its identity.
    pub born_ns: u64,
    /// Ticket of the first slot.
    pub first: u64,
    /// Records of this ring lost since the previous frame: overwritten or never finished.
    pub lost: u64,
}

impl BatchHead {
    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> [u8; BATCH_HEAD_BYTES] {
        let mut bytes = [0; BATCH_HEAD_BYTES];
        bytes[..4].copy_from_slice(&self.pid.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.slot_words.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.born_ns.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..].copy_from_slice(&self.lost.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; BATCH_HEAD_BYTES]) -> Self {
        let long = |n: usize| word_at(bytes, n);
        let (pid, slot_words) = head::halves(long(0));
        Self { pid, slot_words, born_ns: long(1), first: long(2), lost: long(3) }
    }
}

/// One record of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotRecord {
    /// The call; `None` for a kind that this build doesn't know.
    pub call: Option<ClientCall>,
    /// Return addresses, the innermost first; zeros after the last.
    pub stack: [u64; STACK_FRAMES],
}

/// Splits a batch into head and records; `None` for an invalid batch.
#[must_use]
pub fn read(payload: &[u8]) -> Option<(BatchHead, impl Iterator<Item = SlotRecord>)> {
    let (head, slots) = payload.split_first_chunk()?;
    let head = BatchHead::decode(head);
    let words = usize::try_from(head.slot_words).ok()?;
    let is_known = words == SLOT_WORDS || words == SLOT_WORDS_STACK;
    if !is_known || slots.len() % (words * 8) != 0 {
        return None;
    }
    Some((head, slots.chunks_exact(words * 8).map(read_slot)))
}

/// Decodes the words of a slot after its state.
fn read_slot(slot: &[u8]) -> SlotRecord {
    let payload: [u64; PAYLOAD_WORDS] = core::array::from_fn(|n| word_at(slot, n + 1));
    let stack = core::array::from_fn(|n| word_at(slot, n + SLOT_WORDS));
    SlotRecord { call: ClientCall::decode(&payload), stack }
}

/// The state, for ticket `ticket`, of a slot copied from a ring in the machine's byte order.
#[must_use]
pub fn slot_state(slot: &[u8], ticket: u64) -> SlotState {
    let state = slot.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
    SlotState::for_ticket(state, ticket)
}

/// Converts words copied from a ring to the byte order of a capture.
pub fn to_capture_order(words: &mut [u8]) {
    for word in words.chunks_exact_mut(8) {
        if cfg!(target_endian = "big") {
            word.reverse();
        }
    }
}

/// State of a process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum ProcessState {
    /// It runs, or ran when the capture ended.
    Running = 0,
    /// It ended, or runs another program.
    Ended = 1,
}

/// Reads the payload of a process frame.
///
/// # Errors
/// [`HeadError`] when it is too short or not of this version.
pub fn read_process(payload: &[u8]) -> Result<(ProcessState, RingHead), HeadError> {
    let (&state, words) = payload.split_first().ok_or(HeadError::Magic(0))?;
    let state = if state == 0 { ProcessState::Running } else { ProcessState::Ended };
    let words = core::array::from_fn(|n| word_at(words, n));
    Ok((state, RingHead::decode(&words)?))
}

/// Word `n` of little-endian bytes, 0 beyond their end.
fn word_at(bytes: &[u8], n: usize) -> u64 {
    let word = bytes.get(n * 8..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use crate::client::{ClientCallKind, ClientParam, batch::*};

    fn call(session: u32) -> ClientCall {
        ClientCall {
            kind: ClientCallKind::CloseSession,
            flags: 0,
            begin_ns: 10,
            end_ns: 20,
            begin_ticks: 1,
            end_ticks: 2,
            pid: 7,
            tid: 8,
            comm: [0; 16],
            result: 0,
            origin: 0,
            cmd: 0,
            session,
            param_types: 0,
            context: 3,
            uuid: crate::Uuid([1; 16]),
            params: [ClientParam::default(); 4],
        }
    }

    fn batch() -> Vec<u8> {
        let head = BatchHead { pid: 7, slot_words: 32, born_ns: 5, first: 9, lost: 2 };
        let mut bytes = head.encode().to_vec();
        for session in 1..=3 {
            bytes.extend(crate::client::written_state(u64::from(session)).to_le_bytes());
            bytes.extend(call(session).encode().iter().flat_map(|word| word.to_le_bytes()));
        }
        bytes
    }

    #[test]
    fn a_batch_is_read_again() {
        let batch = batch();
        let (head, records) = read(&batch).unwrap();
        assert_eq!((head.pid, head.born_ns, head.first, head.lost), (7, 5, 9, 2));
        let calls: Vec<_> = records.map(|record| record.call.unwrap()).collect();
        assert_eq!(calls, [call(1), call(2), call(3)]);
    }

    #[test]
    fn a_cut_batch_is_none() {
        let batch = batch();
        assert!(read(&batch[..batch.len() - 1]).is_none());
        assert!(read(&batch[..31]).is_none());
    }

    #[test]
    fn a_short_process_frame_is_refused() {
        assert_eq!(read_process(&[]), Err(HeadError::Magic(0)));
        assert_eq!(read_process(&[1, 2, 3]), Err(HeadError::Magic(0)));
    }
}
