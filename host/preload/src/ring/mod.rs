//! The ring that calls are written to: words shared with a reader.
//!
//! Any number of writers, threads and signal handlers alike; none ever waits:
//! - a ticket is taken with one addition; it names the slot;
//! - the slot is claimed with one compare-and-swap, which fails while another writer still fills it
//!   (then this record is dropped, and its ticket shows that it is missing);
//! - the words are stored first, the state last.
//!
//! A full ring overwrites its oldest record. Nothing here is unsafe or knows of files.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Relaxed, Release},
    fence,
};

use teeleak_proto::client::{self, head};

/// A ring in shared words.
#[derive(Clone, Copy)]
pub(crate) struct Ring<'a> {
    head: &'a [AtomicU64],
    slots: &'a [AtomicU64],
    slot_words: usize,
}

impl<'a> Ring<'a> {
    /// A ring in `words`: the head, then slots of `slot_words`; `None` without room for one slot.
    pub(crate) fn new(words: &'a [AtomicU64], slot_words: usize) -> Option<Self> {
        let (head, slots) = words.split_at_checked(client::HEAD_BYTES / size_of::<u64>())?;
        let is_large_enough = slot_words > client::PAYLOAD_WORDS && slots.len() >= slot_words;
        is_large_enough.then_some(Self { head, slots, slot_words })
    }

    /// Number of slots.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len() / self.slot_words
    }

    /// Room for a call stack, in return addresses.
    pub(crate) fn stack_room(&self) -> usize {
        self.slot_words.saturating_sub(client::SLOT_WORDS)
    }

    /// Stores a word of the head.
    pub(crate) fn set(&self, word: usize, value: u64) {
        if let Some(at) = self.head.get(word) {
            at.store(value, Release);
        }
    }

    /// Adds to a counter of the head; returns its previous value.
    pub(crate) fn add(&self, word: usize, value: u64) -> u64 {
        self.head.get(word).map_or(0, |at| at.fetch_add(value, Relaxed))
    }

    /// Writes a record; `false` if it was dropped because its slot is being written.
    pub(crate) fn push(&self, payload: &[u64; client::PAYLOAD_WORDS], stack: &[u64]) -> bool {
        let ticket = self.add(head::W_TICKETS, 1);
        let Some((state, words)) = self.slot(ticket) else { return false };
        if !claim(state, ticket) {
            return false;
        }
        let (fixed, frames) = words.split_at(client::PAYLOAD_WORDS);
        for (to, from) in fixed.iter().zip(payload) {
            to.store(*from, Relaxed);
        }
        for (n, to) in frames.iter().enumerate() {
            to.store(stack.get(n).copied().unwrap_or(0), Relaxed);
        }
        state.store(client::written_state(ticket), Release);
        true
    }

    fn slot(&self, ticket: u64) -> Option<(&'a AtomicU64, &'a [AtomicU64])> {
        let number = usize::try_from(ticket % self.slots() as u64).ok()?;
        let start = number * self.slot_words;
        self.slots.get(start..start + self.slot_words)?.split_first()
    }
}

/// Claims a slot for a ticket, unless it is being written or a later ticket has used it.
fn claim(state: &AtomicU64, ticket: u64) -> bool {
    let old = state.load(Relaxed);
    let free = old & 1 == 0 && old < client::written_state(ticket);
    let claimed =
        free && state.compare_exchange(old, client::writing_state(ticket), AcqRel, Relaxed).is_ok();
    if claimed {
        // A reader that sees a word stored after this also sees the claim.
        fence(Release);
    }
    claimed
}

#[cfg(test)]
mod tests;
