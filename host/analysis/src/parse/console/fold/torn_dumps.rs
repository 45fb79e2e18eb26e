//! Dumps that are two, and halves that are one: where damage hid the end of a dump, or made one.
//!
//! The sites that stay the same show it: all of them twice in one dump, or two dumps in a row that have them
//! only together. No line tells what such a dump lacks, so it proves nothing.

use super::{record_run::ConsoleDump, stable::StableSites};

/// Dumps from which on sites are known to stay the same.
const LEAST: usize = 5;

/// Marks the dumps of a heap that are no whole dump.
pub(super) fn mark_torn(dumps: &mut [&mut ConsoleDump]) {
    if dumps.len() < LEAST {
        return;
    }
    let stable = StableSites::of_all(dumps.iter().map(|dump| &**dump));
    let total = stable.total();
    if total < 2 {
        return;
    }
    let deviations: Vec<_> = dumps.iter().map(|dump| stable.deviation(&[dump])).collect();
    let is_torn = |at: usize| {
        let (more, fewer) = deviations[at];
        let with = |other: usize| {
            let pair = (dumps.get(at)?, dumps.get(other)?);
            let (more, fewer) = stable.deviation(&[pair.0, pair.1]);
            Some(deviations[other].1 > 0 && more == 0 && fewer <= 1 + pair.0.lost + pair.1.lost)
        };
        let is_half = |other: Option<usize>| fewer > 0 && other.and_then(with) == Some(true);
        more >= total || is_half(at.checked_sub(1)) || is_half(Some(at + 1))
    };
    let torn: Vec<_> = (0..dumps.len()).filter(|at| is_torn(*at)).collect();
    for at in torn {
        dumps[at].lost = dumps[at].lost.max(1);
        dumps[at].cut = true;
    }
}

#[cfg(test)]
mod tests {
    use super::mark_torn;
    use crate::parse::console::fold::record_run::ConsoleDump;

    /// The dumps with these counts that are torn.
    fn torn(counts: &[&[u32]]) -> Vec<usize> {
        let dump = |counts: &&[u32]| {
            let groups = (0..).zip(counts.iter().copied()).filter(|(_, n)| *n > 0).collect();
            ConsoleDump { groups, ..ConsoleDump::default() }
        };
        let mut dumps: Vec<_> = counts.iter().map(dump).collect();
        mark_torn(&mut dumps.iter_mut().collect::<Vec<_>>());
        (0..dumps.len()).filter(|at| dumps[*at].cut).collect()
    }

    #[test]
    fn halves_and_doubles_are_torn() {
        let whole: &[u32] = &[3, 2, 1];
        assert_eq!(torn(&[whole, whole, &[3, 1], &[0, 1, 1], whole, whole]), [2, 3]);
        assert_eq!(torn(&[whole, whole, whole, whole, &[3, 2], &[0, 0, 1]]), [4, 5]);
        assert_eq!(torn(&[whole, whole, &[6, 4, 2, 9], whole, whole]), [2]);
    }

    #[test]
    fn changes_of_a_heap_are_whole_dumps() {
        let whole: &[u32] = &[3, 2, 1];
        assert_eq!(torn(&[&[1], whole, whole, whole, whole, whole]), []);
        assert_eq!(torn(&[whole, whole, &[2, 2, 1], whole, &[4, 2, 1], whole]), []);
        assert_eq!(torn(&[whole, &[3, 2, 1, 9], &[3, 2, 1, 18], whole, whole]), []);
    }
}
