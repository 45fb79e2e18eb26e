//! Hash index from keys to entry numbers: open addressing, one word per entry, no single removal.

/// The key of a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlotKey {
    /// Kind of resource over all protocols, and origin.
    pub(crate) resource: u32,
    pub(crate) scope: u64,
    pub(crate) key: u64,
}

/// Minimum number of cells; a power of two.
const CELLS: usize = 64;

/// Entry numbers by key. The keys themselves are in the entries.
pub(crate) struct Index {
    /// High half of the hash, and entry number plus one; 0 if free.
    cells: Vec<u64>,
    used: usize,
}

/// The hash of a key: its mark in a cell, and its first cell.
#[derive(Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    /// The hash of a key: the mixed halves of a product with a random odd number.
    #[inline]
    pub(crate) fn new(key: SlotKey) -> Self {
        const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
        let low = (key.key ^ u64::from(key.resource).wrapping_mul(ODD[1])).wrapping_mul(ODD[0]);
        let (low, high) = halves(u128::from(low ^ key.scope) * u128::from(ODD[1]));
        Self(low ^ high)
    }

    /// The first cell to probe.
    #[inline]
    const fn first(self, mask: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
        let low = self.0 as usize;
        low & mask
    }

    const fn mark(self) -> u64 {
        self.0 & !0xffff_ffff
    }
}

/// Low and high half.
#[inline]
const fn halves(product: u128) -> (u64, u64) {
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    let low = product as u64;
    (low, (product >> 64) as u64)
}

/// The entry number in a cell.
#[inline]
const fn number(cell: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    let plus_one = cell as u32;
    plus_one.wrapping_sub(1)
}

impl Index {
    /// An index with room for `room` entries.
    pub(crate) fn new(room: usize) -> Self {
        Self { cells: vec![0; (2 * room).next_power_of_two().max(CELLS)], used: 0 }
    }

    /// The entry with this hash for which `is_it` holds, or the free cell for it.
    #[inline]
    pub(crate) fn find(&self, hash: Hash, is_it: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mask = self.cells.len() - 1;
        let mut position = hash.first(mask);
        loop {
            let cell = self.cells[position];
            if cell == 0 {
                return Err(position);
            }
            let number = number(cell);
            if cell & !0xffff_ffff == hash.mark() && is_it(number) {
                return Ok(number);
            }
            position = (position + 1) & mask;
        }
    }

    /// Puts an entry into the free cell from [`Self::find`]; `hash_of` gives the hashes of existing
    /// entries.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        free: usize,
        hash: Hash,
        number: u32,
        hash_of: impl Fn(u32) -> Hash,
    ) {
        self.cells[free] = hash.mark() | (u64::from(number) + 1);
        self.used += 1;
        if self.used * 2 > self.cells.len() {
            self.grow(hash_of);
        }
    }

    #[cold]
    fn grow(&mut self, hash_of: impl Fn(u32) -> Hash) {
        let size = self.cells.len() * 2;
        let old = std::mem::replace(&mut self.cells, vec![0; size]);
        for cell in old.into_iter().filter(|cell| *cell != 0) {
            let number = number(cell);
            let free = self.free(hash_of(number));
            self.cells[free] = cell;
        }
    }

    /// Rebuilds the index from the hashes of entries 0, 1, ...
    pub(crate) fn refill(&mut self, hashes: impl Iterator<Item = Hash>) {
        self.cells.fill(0);
        self.used = 0;
        for (number, hash) in (1_u64..).zip(hashes) {
            let free = self.free(hash);
            self.cells[free] = hash.mark() | number;
            self.used += 1;
        }
    }

    /// The free cell for a new entry with this hash.
    fn free(&self, hash: Hash) -> usize {
        match self.find(hash, |_| false) {
            Ok(_) => 0,
            Err(free) => free,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hash, Index, SlotKey};

    fn key(at: u32) -> SlotKey {
        SlotKey { resource: at % 3, scope: u64::from(at % 7) << 32, key: u64::from(at) << 12 }
    }

    #[test]
    fn each_key_has_its_number() {
        let mut index = Index::new(0);
        let hash_of = |at| Hash::new(key(at));
        for at in 0..10_000 {
            let free = index.find(hash_of(at), |there| key(there) == key(at)).unwrap_err();
            index.insert(free, hash_of(at), at, hash_of);
        }
        let find = |index: &Index, at| index.find(hash_of(at), |there| key(there) == key(at)).ok();
        assert!((0..10_000).all(|at| find(&index, at) == Some(at)));
        index.refill((0..5_000).map(hash_of));
        assert!((0..5_000).all(|at| find(&index, at) == Some(at)));
        assert!((5_000..10_000).all(|at| find(&index, at).is_none()));
    }
}
