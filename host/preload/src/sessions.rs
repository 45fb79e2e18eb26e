//! Which TA a session belongs to: a small table, so that every record of a session can name it.
//!
//! No locks: an entry is claimed by its key. A session that finds no place is recorded without a
//! UUID; whoever reads the records still finds it in the one that opened the session.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
    fence,
};

use teeleak_proto::{Uuid, client::head};

/// Entries; OP-TEE allows far fewer sessions in one process.
const ENTRIES: usize = 512;
/// Entries that are tried for one session.
const TRIES: usize = 16;
/// Key of an entry that is being written.
const BUSY: u64 = u64::MAX;

struct Entry {
    key: AtomicU64,
    uuid: [AtomicU64; 2],
}

static TABLE: [Entry; ENTRIES] =
    [const { Entry { key: AtomicU64::new(0), uuid: [const { AtomicU64::new(0) }; 2] } }; ENTRIES];

/// Remembers the TA of session `id` of the context with the file descriptor `fd`.
pub(crate) fn remember(fd: i32, id: u32, uuid: Uuid) {
    let key = key(fd, id);
    forget(fd, id);
    let Some(entry) = entries(key).find(|entry| claim(entry, 0)) else { return };
    entry.uuid[0].store(head::text_word(&uuid.0, 0), Relaxed);
    entry.uuid[1].store(head::text_word(&uuid.0, 1), Relaxed);
    entry.key.store(key, Release);
}

/// The TA of a session; zeros when that is not known.
pub(crate) fn uuid_of(fd: i32, id: u32) -> Uuid {
    let key = key(fd, id);
    let Some(entry) = entries(key).find(|entry| entry.key.load(Acquire) == key) else {
        return Uuid::default();
    };
    let words = [entry.uuid[0].load(Relaxed), entry.uuid[1].load(Relaxed)];
    fence(Acquire);
    if entry.key.load(Relaxed) == key { Uuid(head::text(&words)) } else { Uuid::default() }
}

/// Forgets a session.
pub(crate) fn forget(fd: i32, id: u32) {
    let key = key(fd, id);
    for entry in entries(key) {
        if claim(entry, key) {
            entry.key.store(0, Release);
        }
    }
}

fn claim(entry: &Entry, key: u64) -> bool {
    let claimed = entry.key.compare_exchange(key, BUSY, AcqRel, Relaxed).is_ok();
    if claimed {
        fence(Release);
    }
    claimed
}

/// Never 0 and never [`BUSY`].
fn key(fd: i32, id: u32) -> u64 {
    head::word(id, fd.cast_unsigned() & 0x3fff_ffff | 0x4000_0000)
}

fn entries(key: u64) -> impl Iterator<Item = &'static Entry> {
    let start = usize::try_from(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap_or(0);
    (0..TRIES).filter_map(move |n| TABLE.get((start + n) % ENTRIES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_remembered_until_it_is_closed() {
        let (ours, other) = (Uuid([7; 16]), Uuid([9; 16]));
        remember(3, 0xff00_0001, ours);
        remember(4, 0xff00_0001, other);
        assert_eq!(uuid_of(3, 0xff00_0001), ours);
        assert_eq!(uuid_of(4, 0xff00_0001), other);
        forget(3, 0xff00_0001);
        assert_eq!(uuid_of(3, 0xff00_0001), Uuid::default());
    }

    #[test]
    fn a_number_that_is_used_again_names_the_new_one() {
        remember(5, 1, Uuid([1; 16]));
        remember(5, 1, Uuid([2; 16]));
        assert_eq!(uuid_of(5, 1), Uuid([2; 16]));
        forget(5, 1);
        assert_eq!(uuid_of(5, 1), Uuid::default());
    }

    #[test]
    fn more_sessions_than_there_is_room_for_do_no_harm() {
        let many = if cfg!(miri) { 20 } else { 1024 };
        for id in 0..many {
            remember(6, id, Uuid([6; 16]));
        }
        for id in 0..many {
            assert!([Uuid([6; 16]), Uuid::default()].contains(&uuid_of(6, id)));
            forget(6, id);
        }
    }
}
