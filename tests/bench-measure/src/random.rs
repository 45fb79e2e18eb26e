//! Numbers that look random, the same in each run.

/// Steele, Lea and Flood, *OOPSLA* 2014: SplitMix64, beginning with this state.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One below `n`, or 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.any() % n.max(1)
    }
}
