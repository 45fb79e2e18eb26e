//! Sites with the same number of allocations in most dumps: they show whether a damaged dump lacks no more
//! records than the damaged lines, or is two dumps, or only a part of one.

use std::collections::HashMap;

use super::record_run::ConsoleDump;

/// Share of the dumps that a site has to be the same in.
const SHARE: (usize, usize) = (3, 5);

/// Part of the allocations of stable sites that a dump may have more or fewer of: caches, warm-up.
const TOLERANCE: u64 = 8;

/// Allocations of the stable sites.
#[derive(Default)]
pub(super) struct StableSites(HashMap<u32, u32>);

impl StableSites {
    pub(super) fn new<'d>(dumps: impl Iterator<Item = &'d ConsoleDump> + Clone) -> Self {
        if dumps.clone().all(|dump| dump.lost == 0) {
            return Self::default();
        }
        Self::of_all(dumps)
    }

    /// The stable sites, whether any dump is damaged or not.
    pub(super) fn of_all<'d>(dumps: impl Iterator<Item = &'d ConsoleDump> + Clone) -> Self {
        let n_dumps = dumps.clone().count();
        let mut frequencies: HashMap<(u32, u32), usize> = HashMap::new();
        for group in dumps.flat_map(|dump| &dump.groups) {
            *frequencies.entry(*group).or_default() += 1;
        }
        let is_stable = |n: usize| n > 1 && n * SHARE.1 >= n_dumps * SHARE.0;
        Self(
            frequencies
                .into_iter()
                .filter(|(_, n)| is_stable(*n))
                .map(|(group, _)| group)
                .collect(),
        )
    }

    /// Whether the dump is one whole dump but for the records known to be lost.
    pub(super) fn agree(&self, dump: &ConsoleDump) -> bool {
        if dump.cut || self.0.is_empty() {
            return false;
        }
        let (more, fewer) = self.deviation(&[dump]);
        let tolerance = self.total() / TOLERANCE;
        more <= tolerance && fewer <= dump.lost.saturating_add(tolerance)
    }

    /// The stable sites of which a dump has fewer allocations, each with the number that it should have, in order.
    pub(super) fn missing(&self, dump: &ConsoleDump) -> impl Iterator<Item = (u32, u32)> {
        let has_fewer = |(site, expected): &(u32, u32)| dump.count(*site) < *expected;
        let sites = self.0.iter().map(|(site, expected)| (*site, *expected));
        let mut missing: Vec<_> = sites.filter(has_fewer).collect();
        missing.sort_unstable();
        missing.into_iter()
    }

    /// Allocations of all stable sites in a whole dump.
    pub(super) fn total(&self) -> u64 {
        self.0.values().map(|n| u64::from(*n)).sum()
    }

    /// Allocations of stable sites that these dumps together have more and fewer than one whole dump.
    pub(super) fn deviation(&self, dumps: &[&ConsoleDump]) -> (u64, u64) {
        let (mut more, mut fewer) = (0, 0);
        for (site, expected) in &self.0 {
            let count: u64 = dumps.iter().map(|dump| u64::from(dump.count(*site))).sum();
            more += count.saturating_sub(u64::from(*expected));
            fewer += u64::from(*expected).saturating_sub(count);
        }
        (more, fewer)
    }
}

#[cfg(test)]
mod tests {
    use super::{ConsoleDump, StableSites};

    fn dump(counts: &[u32], lost: u64) -> ConsoleDump {
        let groups = (0..).zip(counts.iter().copied()).filter(|(_, n)| *n > 0).collect();
        ConsoleDump { groups, lost, ..ConsoleDump::default() }
    }

    #[test]
    fn what_damage_explains_is_one_dump() {
        let whole: Vec<_> = (0..5).map(|n| dump(&[3, 2, 4, n], 0)).collect();
        let agrees = |counts: &[u32], lost: u64| {
            let dumps: Vec<_> = whole.iter().cloned().chain([dump(counts, lost)]).collect();
            StableSites::new(dumps.iter()).agree(dumps.last().unwrap())
        };
        assert!(agrees(&[3, 2, 3, 5], 1));
        assert!(agrees(&[3, 2, 4, 4], 1));
        assert!(!agrees(&[6, 4, 8, 9], 1), "two dumps");
        assert!(!agrees(&[3, 0, 0, 0], 1), "a part of one");
        assert!(!StableSites::new([].iter()).agree(&dump(&[1], 1)), "nothing to compare with");
    }
}
