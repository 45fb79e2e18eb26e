//! Allocation sites of one chunk, looked up by the bytes of their text.
//!
//! A dump repeats the same few sites many times. So the text after `buffer: ` is looked up unparsed,
//! and only new text is parsed.

use std::ops::Range;

use super::messages::{fact::Why, mdbg};

/// File name of the heap's source.
pub(super) const HEAP: &str = "isoc/bget_malloc.c";

/// A site of a chunk.
#[derive(Clone, Debug)]
struct Key {
    hash: u64,
    /// Text after `buffer: `, in the arena.
    tail: Range<usize>,
    /// File name, in the arena.
    file: Range<usize>,
    line: u32,
    size: u64,
    /// Number of the site after it in the last dump.
    next: u32,
    /// Whether the heap allocates for itself there: its pool table comes last in a dump.
    of_heap: bool,
}

/// The sites of a chunk, numbered in order of first occurrence.
#[derive(Clone, Debug, Default)]
pub(super) struct Sites {
    /// Open addressing: number of a site plus one, 0 for a free slot.
    table: Vec<u32>,
    keys: Vec<Key>,
    arena: Vec<u8>,
    /// Number of the last site.
    last: u32,
}

impl Sites {
    /// Clears it, keeping the memory.
    pub(super) fn clear(&mut self) {
        self.table.fill(0);
        self.keys.clear();
        self.arena.clear();
        self.last = 0;
    }

    /// The number of the site of `tail` (`32 bytes core/mm/mobj.c:168`).
    #[inline]
    pub(super) fn number(&mut self, tail: &[u8]) -> Result<u32, Why> {
        // Successive dumps list the same sites in much the same order.
        let guess = self.keys.get(self.last as usize).map_or(0, |last| last.next);
        let number = match self.keys.get(guess as usize) {
            Some(key) if self.arena[key.tail.clone()] == *tail => guess,
            _ => self.look_up(tail)?,
        };
        if let Some(last) = self.keys.get_mut(self.last as usize) {
            last.next = number;
        }
        self.last = number;
        Ok(number)
    }

    fn look_up(&mut self, tail: &[u8]) -> Result<u32, Why> {
        let hash = hash(tail);
        let mut slot = self.slot(hash);
        while let Some(number) = self.table.get(slot).copied().and_then(|n| n.checked_sub(1)) {
            let key = &self.keys[number as usize];
            if key.hash == hash && self.arena[key.tail.clone()] == *tail {
                return Ok(number);
            }
            slot = (slot + 1) & (self.table.len() - 1);
        }
        self.insert(hash, tail)
    }

    /// Whether the site is in the heap's own source.
    #[inline]
    pub(super) fn is_of_heap(&self, number: u32) -> bool {
        self.keys.get(number as usize).is_some_and(|key| key.of_heap)
    }

    /// The sites in order: file, line, size in bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u32, u64)> {
        self.keys.iter().map(|key| {
            let file = str::from_utf8(&self.arena[key.file.clone()]).unwrap_or_default();
            (file, key.line, key.size)
        })
    }

    fn slot(&self, hash: u64) -> usize {
        // The table never has more than 2^32 slots.
        (hash >> 32) as usize & self.table.len().wrapping_sub(1)
    }

    #[cold]
    fn insert(&mut self, hash: u64, tail: &[u8]) -> Result<u32, Why> {
        let record = mdbg::read(tail)?;
        let number = u32::try_from(self.keys.len()).map_err(|_| Why::Number)?;
        let start = self.arena.len();
        self.arena.extend_from_slice(tail);
        let end = self.arena.len();
        self.arena.extend_from_slice(record.file.as_bytes());
        let file = end..self.arena.len();
        let (line, size) = (record.line, record.size);
        let of_heap = record.file.ends_with(HEAP);
        self.keys.push(Key { hash, tail: start..end, file, line, size, next: 0, of_heap });
        if self.keys.len() * 2 > self.table.len() {
            self.grow();
        } else {
            self.store(number, hash);
        }
        Ok(number)
    }

    fn grow(&mut self) {
        let len = (self.table.len() * 2).max(1024);
        self.table.clear();
        self.table.resize(len, 0);
        for number in 0..self.keys.len() {
            if let Ok(n) = u32::try_from(number) {
                self.store(n, self.keys[number].hash);
            }
        }
    }

    fn store(&mut self, number: u32, hash: u64) {
        let mut slot = self.slot(hash);
        while self.table[slot] != 0 {
            slot = (slot + 1) & (self.table.len() - 1);
        }
        self.table[slot] = number + 1;
    }
}

/// Mixes eight bytes at a time; the last word overlaps the one before it.
#[inline]
fn hash(text: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(ODD);
        // The sum of both halves of the product, truncated on purpose.
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let sum = (product as u64) ^ ((product >> 64) as u64);
        sum
    };
    let mut hash = ODD ^ text.len() as u64;
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    match text.last_chunk::<8>() {
        Some(last) => mix(hash, u64::from_le_bytes(*last)),
        None => rest.iter().fold(hash, |hash, byte| mix(hash, u64::from(*byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::Sites;

    #[test]
    fn the_same_text_is_the_same_site() {
        let mut sites = Sites::default();
        let first = sites.number(b"32 bytes core/mm/mobj.c:168").unwrap();
        assert_eq!(sites.number(b"28 bytes core/mm/mobj.c:168").unwrap(), first + 1);
        assert_eq!(sites.number(b"32 bytes core/mm/mobj.c:168").unwrap(), first);
        assert_eq!(sites.iter().next(), Some(("core/mm/mobj.c", 168, 32)));
        sites.clear();
        assert_eq!(sites.iter().count(), 0);
    }

    #[test]
    fn many_sites_keep_their_numbers() {
        let mut sites = Sites::default();
        for round in 0..2 {
            for n in 0..5000_u32 {
                let tail = format!("{n} bytes core/mm/mobj.c:{}", n % 7);
                assert_eq!(sites.number(tail.as_bytes()), Ok(n), "round {round}");
            }
        }
    }
}
