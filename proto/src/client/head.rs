//! The head of a ring file: the indices of its words, and its decoded form.

use super::{MAGIC, SLOT_WORDS, SLOT_WORDS_STACK, VERSION, slots};

/// [`MAGIC`], stored last of the constant words.
pub const W_MAGIC: usize = 0;
/// Low half [`VERSION`], high half words of a slot.
pub const W_VERSION: usize = 1;
/// Low half slots, high half `FLAG_*`.
pub const W_SLOTS: usize = 2;
/// Low half pid, high half pid of the parent.
pub const W_PID: usize = 3;
/// `CLOCK_MONOTONIC` when the ring was created, in nanoseconds.
pub const W_BORN_NS: usize = 4;
/// Counter (`CNTVCT`) at that moment, 0 without a counter.
pub const W_BORN_TICKS: usize = 5;
/// Ticks of the counter per second, 0 without a counter.
pub const W_TICK_HZ: usize = 6;
/// Nanoseconds since 1970-01-01 UTC at that moment.
pub const W_UNIX_NS: usize = 7;
/// Name of the process, [`COMM_WORDS`] words.
pub const W_COMM: usize = 8;
/// Path of the executable, its end if longer, [`EXE_WORDS`] words.
pub const W_EXE: usize = 10;

/// Tickets issued; on its own cache line, as every call writes it.
pub const W_TICKETS: usize = 64;
/// Calls started; those without a ticket are still running.
pub const W_BEGUN: usize = 72;
/// Calls before the ring was ready, which have no ticket.
pub const W_EARLY: usize = 80;

/// Words of the head that a reader needs.
pub const WORDS: usize = 88;
/// Words of a process name (`TASK_COMM_LEN` of Linux is 16 bytes).
pub const COMM_WORDS: usize = 2;
/// Words of an executable's path.
pub const EXE_WORDS: usize = 32;

/// A library with `TEEC_InvokeCommand` was loaded when the ring was created.
pub const FLAG_TEEC: u32 = 0x1;
/// Slots hold call stacks.
pub const FLAG_STACK: u32 = 0x2;
/// File descriptors are recorded, too.
pub const FLAG_FDS: u32 = 0x4;
/// No slots: the process has made no call so far.
pub const FLAG_IDLE: u32 = 0x8;

/// The decoded head of a ring file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingHead {
    /// Words of a slot.
    pub slot_words: usize,
    /// Number of slots.
    pub slots: u64,
    /// `FLAG_*`.
    pub flags: u32,
    /// Process ID.
    pub pid: u32,
    /// Process ID of the parent.
    pub ppid: u32,
    /// `CLOCK_MONOTONIC` when the ring was created, in nanoseconds.
    pub born_ns: u64,
    /// Counter at that moment, 0 without a counter.
    pub born_ticks: u64,
    /// Ticks of the counter per second, 0 without a counter.
    pub tick_hz: u64,
    /// Nanoseconds since 1970-01-01 UTC at that moment.
    pub unix_ns: u64,
    /// Name of the process, zero padded.
    pub comm: [u8; COMM_WORDS * 8],
    /// Path of the executable, zero padded.
    pub exe: [u8; EXE_WORDS * 8],
    /// Tickets issued.
    pub tickets: u64,
    /// Calls started.
    pub begun: u64,
    /// Calls without a ticket.
    pub early: u64,
}

/// Why a head is invalid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeadError {
    /// Not a ring file, or an unfinished one.
    Magic(u64),
    /// Written by another version of teeleak.
    Version(u32),
    /// The slots do not fit the file.
    Slots {
        /// Words of a slot, as found.
        words: u32,
        /// Slots, as found.
        slots: u32,
    },
}

impl RingHead {
    /// Reads a head.
    ///
    /// # Errors
    /// [`HeadError`] when it is not one of this version.
    pub fn decode(words: &[u64; WORDS]) -> Result<Self, HeadError> {
        if words[W_MAGIC] != MAGIC {
            return Err(HeadError::Magic(words[W_MAGIC]));
        }
        let (version, slot_words) = halves(words[W_VERSION]);
        if version != VERSION {
            return Err(HeadError::Version(version));
        }
        let (n_slots, flags) = halves(words[W_SLOTS]);
        check(slot_words, n_slots)?;
        let (pid, ppid) = halves(words[W_PID]);
        Ok(Self {
            slot_words: slot_words as usize,
            slots: u64::from(n_slots),
            flags,
            pid,
            ppid,
            born_ns: words[W_BORN_NS],
            born_ticks: words[W_BORN_TICKS],
            tick_hz: words[W_TICK_HZ],
            unix_ns: words[W_UNIX_NS],
            comm: text(&words[W_COMM..]),
            exe: text(&words[W_EXE..]),
            tickets: words[W_TICKETS],
            begun: words[W_BEGUN],
            early: words[W_EARLY],
        })
    }
}

fn check(words: u32, n_slots: u32) -> Result<(), HeadError> {
    let error = HeadError::Slots { words, slots: n_slots };
    let words = usize::try_from(words).map_err(|_| error)?;
    if words != SLOT_WORDS && words != SLOT_WORDS_STACK {
        return Err(error);
    }
    if n_slots == 0 || usize::try_from(n_slots).map_err(|_| error)? > slots(words) {
        return Err(error);
    }
    Ok(())
}

/// Joins two halves to a word.
#[must_use]
pub const fn word(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

/// Splits a word into its low and high half.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the halves are what is asked for")]
pub const fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

/// Bytes of a text stored in words, the first byte in the lowest position.
#[must_use]
pub fn text<const N: usize>(words: &[u64]) -> [u8; N] {
    let mut bytes = [0; N];
    for (chunk, word) in bytes.chunks_mut(8).zip(words) {
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
    bytes
}

/// Word number `n` of a text, zero padded.
#[must_use]
pub fn text_word(bytes: &[u8], n: usize) -> u64 {
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(bytes.iter().skip(n * 8)) {
        *to = *from;
    }
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use crate::client::head::*;

    fn words() -> [u64; WORDS] {
        let mut words = [0; WORDS];
        words[W_MAGIC] = MAGIC;
        words[W_VERSION] = word(VERSION, 32);
        words[W_SLOTS] = word(5, FLAG_TEEC);
        words[W_PID] = word(1502, 1);
        words[W_COMM] = text_word(b"drmserver", 0);
        words[W_COMM + 1] = text_word(b"drmserver", 1);
        words
    }

    #[test]
    fn a_head_is_read() {
        let head = RingHead::decode(&words()).unwrap();
        assert_eq!((head.pid, head.ppid, head.slots, head.flags), (1502, 1, 5, FLAG_TEEC));
        assert_eq!(&head.comm, b"drmserver\0\0\0\0\0\0\0");
    }

    #[test]
    fn other_heads_are_refused() {
        let bad = |at: usize, value| {
            let mut words = words();
            words[at] = value;
            RingHead::decode(&words).unwrap_err()
        };
        assert_eq!(bad(W_MAGIC, 1), HeadError::Magic(1));
        assert_eq!(bad(W_VERSION, word(9, 32)), HeadError::Version(9));
        assert_eq!(bad(W_VERSION, word(1, 31)), HeadError::Slots { words: 31, slots: 5 });
        assert_eq!(bad(W_SLOTS, 0), HeadError::Slots { words: 32, slots: 0 });
        assert_eq!(
            bad(W_SLOTS, word(u32::MAX, 0)),
            HeadError::Slots { words: 32, slots: u32::MAX }
        );
    }
}
