//! Recordings of TEE client calls by normal-world processes.
//!
//! Every traced process has a ring in a file of its own: [`HEAD_BYTES`] of [`head`], then slots of
//! equal size. The file consists of 64-bit words in the byte order of the machine (it never leaves
//! the machine; the magic reveals a foreign file). Word 0 of a slot is its *state*, written last:
//!
//! - ticket `t` (the first is 0) goes to slot `t % slots`;
//! - `0` means never used, [`writing_state`]`(t)` being filled, [`written_state`]`(t)` complete.
//!
//! So a reader finds every finished record, even after a crash of the process, and counts the
//! others: tickets issued minus records read.

pub mod batch;
pub mod head;
mod record;

pub use record::{ClientCall, ClientCallKind, ClientParam, PAYLOAD_WORDS};

/// First word of a ring file, in the byte order of its machine.
pub const MAGIC: u64 = u64::from_le_bytes(*b"TEELKCLI");

/// Version of head and slots. A reader refuses others; new fields go into spare words.
pub const VERSION: u32 = 1;

/// Bytes before the first slot.
pub const HEAD_BYTES: usize = 4096;

/// Largest ring file, in bytes.
pub const RING_BYTES_MAX: usize = 4 << 20;

/// Words of a slot without a call stack: its state and the payload.
pub const SLOT_WORDS: usize = 1 + PAYLOAD_WORDS;

/// Words of a slot with a call stack: return addresses, the innermost first, zeros after the last.
pub const SLOT_WORDS_STACK: usize = 2 * SLOT_WORDS;

/// Return addresses in a slot with a call stack.
pub const STACK_FRAMES: usize = SLOT_WORDS_STACK - SLOT_WORDS;

/// State of a slot while ticket `ticket` is being written.
#[must_use]
pub const fn writing_state(ticket: u64) -> u64 {
    written_state(ticket) | 1
}

/// State of a slot that holds the complete record of ticket `ticket`.
#[must_use]
pub const fn written_state(ticket: u64) -> u64 {
    (ticket + 1) << 1
}

/// State of a slot with respect to a certain ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotState {
    /// Not finished, and maybe never will be.
    Pending,
    /// Complete.
    Whole,
    /// A later ticket has taken the slot.
    Overwritten,
}

impl SlotState {
    /// Compares a slot's state with the wanted ticket.
    #[must_use]
    pub const fn for_ticket(state: u64, ticket: u64) -> Self {
        if state == written_state(ticket) {
            Self::Whole
        } else if state > written_state(ticket) && state != writing_state(ticket) {
            Self::Overwritten
        } else {
            Self::Pending
        }
    }
}

/// Slots that fit a ring file of at most [`RING_BYTES_MAX`].
#[must_use]
pub const fn slots(slot_words: usize) -> usize {
    (RING_BYTES_MAX - HEAD_BYTES) / (slot_words * size_of::<u64>())
}

#[cfg(test)]
mod tests {
    use crate::client::*;

    #[test]
    fn states_distinguish_tickets() {
        assert_eq!(SlotState::for_ticket(0, 0), SlotState::Pending);
        assert_eq!(SlotState::for_ticket(writing_state(0), 0), SlotState::Pending);
        assert_eq!(SlotState::for_ticket(written_state(0), 0), SlotState::Whole);
        assert_eq!(SlotState::for_ticket(writing_state(7), 0), SlotState::Overwritten);
        assert_eq!(SlotState::for_ticket(written_state(7), 0), SlotState::Overwritten);
        assert_eq!(SlotState::for_ticket(written_state(0), 7), SlotState::Pending);
    }

    #[test]
    fn a_ring_keeps_to_its_size() {
        for words in [SLOT_WORDS, SLOT_WORDS_STACK] {
            let bytes = HEAD_BYTES + slots(words) * words * 8;
            assert!(bytes <= RING_BYTES_MAX && bytes > RING_BYTES_MAX - words * 8);
        }
    }
}
