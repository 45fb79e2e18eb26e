//! Releases that a text shows. A text may lack any line, and nobody knows: a few releases that it lacks beside
//! many that it has may be lost lines.

use std::collections::HashMap;

use teeleak_proto::Uuid;

/// Releases for each one that is missing, from which on the missing one is an exception.
const HABIT: u64 = 2;

/// Lines that get lost without a trace in any text, and one in so many of a long one.
const FEW: u64 = 2;
const RARE: u64 = 50;

/// Kinds that are counted, so that memory is bounded.
const MOST: usize = 1 << 12;

/// A kind of resource (number and origin) of a TA.
type ResourceKind = (u32, Option<Uuid>);

/// The number of releases by kind of resource.
#[derive(Default)]
pub(crate) struct TextReleases {
    counts: HashMap<ResourceKind, u64>,
}

impl TextReleases {
    #[cold]
    pub(super) fn count(&mut self, kind: ResourceKind) {
        if self.counts.len() < MOST || self.counts.contains_key(&kind) {
            *self.counts.entry(kind).or_default() += 1;
        }
    }

    /// Releases of this kind that a text shows.
    pub(crate) fn number(&self, kind: ResourceKind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }
}

/// Whether lost lines explain so many steps beside these releases.
pub(crate) fn may_be_lost_lines(steps: u64, released: u64) -> bool {
    let acquired = released.saturating_add(steps);
    steps > 0 && steps <= FEW.max(acquired / RARE) && released >= steps.saturating_mul(HABIT)
}

#[cfg(test)]
mod tests {
    use super::may_be_lost_lines;

    #[test]
    fn few_of_many_may_be_lost() {
        for (steps, released, expected) in [
            (0, 100, false),
            (1, 1, false),
            (1, 2, true),
            (2, 3, false),
            (2, 4, true),
            (3, 100, false),
            (3, 147, true),
            (20, 1000, true),
            (30, 1000, false),
        ] {
            assert_eq!(may_be_lost_lines(steps, released), expected, "{steps} of {released}");
        }
    }
}
