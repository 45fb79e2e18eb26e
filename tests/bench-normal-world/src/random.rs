//! Numbers that look random, the same in each run.

/// Steele, Lea and Flood, *OOPSLA* 2014: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    pub(crate) fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    /// One of them; early ones more often, as the square of a uniform number.
    pub(crate) fn early<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let n = all.len() as u64;
        let at = self.below(n) * self.below(n) / n.max(1);
        all.get(usize::try_from(at).ok()?)
    }
}
