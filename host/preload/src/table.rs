//! A small lock-free table from a key to two words: an entry is claimed by its key.
//!
//! A key is tried in a few entries only, so that a failed lookup is cheap. A key that does not fit
//! is not stored, and the caller gets `false`.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
    fence,
};

/// Entries tried per key.
const TRIES: usize = 16;
/// Key of an entry that is free.
const FREE: u64 = 0;
/// Key of an entry that is being written.
const BUSY: u64 = u64::MAX;

struct Entry {
    key: AtomicU64,
    value: [AtomicU64; 2],
}

/// A table of `N` entries. Keys are neither 0 nor `u64::MAX`.
pub(crate) struct Table<const N: usize>([Entry; N]);

impl<const N: usize> Table<N> {
    /// An empty table.
    pub(crate) const fn new() -> Self {
        Self(
            [const { Entry { key: AtomicU64::new(FREE), value: [const { AtomicU64::new(0) }; 2] } };
                N],
        )
    }

    /// Stores `value` under `key`, replacing an old value; `false` if it does not fit.
    pub(crate) fn insert(&self, key: u64, value: [u64; 2]) -> bool {
        self.remove(key);
        let Some(entry) = self.entries(key).find(|entry| claim(entry, FREE)) else { return false };
        entry.value[0].store(value[0], Relaxed);
        entry.value[1].store(value[1], Relaxed);
        entry.key.store(key, Release);
        true
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: u64) -> Option<[u64; 2]> {
        let entry = self.entries(key).find(|entry| entry.key.load(Acquire) == key)?;
        let value = [entry.value[0].load(Relaxed), entry.value[1].load(Relaxed)];
        fence(Acquire);
        (entry.key.load(Relaxed) == key).then_some(value)
    }

    /// Forgets `key`.
    pub(crate) fn remove(&self, key: u64) {
        for entry in self.entries(key) {
            if claim(entry, key) {
                entry.key.store(FREE, Release);
            }
        }
    }

    fn entries(&self, key: u64) -> impl Iterator<Item = &Entry> {
        let start = usize::try_from(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap_or(0);
        (0..TRIES).filter_map(move |n| self.0.get((start + n) % N))
    }
}

fn claim(entry: &Entry, key: u64) -> bool {
    let claimed = entry.key.compare_exchange(key, BUSY, AcqRel, Relaxed).is_ok();
    if claimed {
        fence(Release);
    }
    claimed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_until_it_is_removed() {
        let table = Table::<64>::new();
        assert!(table.insert(7, [1, 2]) && table.insert(8, [3, 4]));
        assert_eq!((table.get(7), table.get(8)), (Some([1, 2]), Some([3, 4])));
        table.remove(7);
        assert_eq!((table.get(7), table.get(8)), (None, Some([3, 4])));
    }

    #[test]
    fn a_key_that_is_put_again_has_the_new_value() {
        let table = Table::<64>::new();
        assert!(table.insert(7, [1, 2]) && table.insert(7, [3, 4]));
        assert_eq!(table.get(7), Some([3, 4]));
        table.remove(7);
        assert_eq!(table.get(7), None);
    }

    #[test]
    fn a_full_table_says_so() {
        let table = Table::<16>::new();
        assert_eq!((1..=40).filter(|key| table.insert(*key, [*key, 0])).count(), 16);
        assert!((1..=40).all(|key| table.get(key).is_none_or(|value| value == [key, 0])));
    }
}
