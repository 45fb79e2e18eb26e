//! Records of damaged lines that can be no others: a dump lacks as many records as it has damaged lines, all of
//! sites that stay the same, and the dumps next to it have them.
//!
//! What grows is no such site, so that nothing is restored which a leak could be made of: a dump that lacks one
//! of its records stays uncertain.

use super::{record_run::ConsoleDump, stable::StableSites};

/// Dumps from which on sites are known to stay the same.
const LEAST: usize = 4;

/// Adds the lost records of a heap's dumps that are known to be of a site that stays the same.
pub(super) fn restore_lost(dumps: &mut [&mut ConsoleDump]) {
    if dumps.len() < LEAST {
        return;
    }
    let stable = StableSites::new(dumps.iter().map(|dump| &**dump));
    for at in 0..dumps.len() {
        if dumps[at].cut || dumps[at].lost == 0 {
            continue;
        }
        let missing: Vec<_> = stable
            .missing(dumps[at])
            .filter(|(site, n)| neighbours(dumps, at).all(|near| near.count(*site) >= *n))
            .map(|(site, expected)| (site, expected - dumps[at].count(site)))
            .collect();
        let n_missing: u64 = missing.iter().map(|(_, n)| u64::from(*n)).sum();
        if n_missing == dumps[at].lost {
            missing.into_iter().for_each(|(site, n)| dumps[at].restore(site, n));
            dumps[at].lost = 0;
        }
    }
}

/// The dumps next to one: those before and after it, or the two nearest of the first and the last one.
fn neighbours<'d>(
    dumps: &'d [&mut ConsoleDump],
    at: usize,
) -> impl Iterator<Item = &'d ConsoleDump> {
    let first = at.saturating_sub(1).min(dumps.len().saturating_sub(3));
    let near = dumps.iter().enumerate().skip(first).take(3);
    near.filter(move |(other, _)| *other != at).map(|(_, dump)| &**dump)
}

#[cfg(test)]
mod tests {
    use super::restore_lost;
    use crate::parse::console::fold::record_run::ConsoleDump;

    /// The counts of dumps, of which that one lost so many records, after restoring; and what is still lost.
    fn restored(counts: &[&[u32]], at: usize, lost: u64) -> (Vec<u32>, u64) {
        let dump = |counts: &&[u32]| {
            let groups = (0..).zip(counts.iter().copied()).filter(|(_, n)| *n > 0).collect();
            ConsoleDump { groups, ..ConsoleDump::default() }
        };
        let mut dumps: Vec<_> = counts.iter().map(dump).collect();
        dumps[at].lost = lost;
        restore_lost(&mut dumps.iter_mut().collect::<Vec<_>>());
        (dumps[at].groups.iter().map(|(_, n)| *n).collect(), dumps[at].lost)
    }

    #[test]
    fn what_no_other_site_can_have_lost_is_restored() {
        let dumps: [&[u32]; 5] = [&[3, 2, 1], &[3, 2, 2], &[3, 1, 3], &[3, 2, 4], &[3, 2, 5]];
        assert_eq!(restored(&dumps, 2, 1), (vec![3, 2, 3], 0));
        assert_eq!(restored(&dumps, 2, 2), (vec![3, 1, 3], 2), "one of them may be of what grows");
        let ends: [&[u32]; 5] = [&[3, 1, 1], &[3, 2, 2], &[3, 2, 3], &[3, 2, 4], &[2, 2, 5]];
        assert_eq!(restored(&ends, 0, 1), (vec![3, 2, 1], 0));
        assert_eq!(restored(&ends, 4, 1), (vec![3, 2, 5], 0));
    }

    #[test]
    fn what_may_be_of_another_site_stays_lost() {
        let leak: [&[u32]; 5] = [&[3, 2, 1], &[3, 2, 2], &[3, 2, 2], &[3, 2, 4], &[3, 2, 5]];
        assert_eq!(restored(&leak, 2, 1), (vec![3, 2, 2], 1), "of what grows");
        let warm_up: [&[u32]; 5] = [&[3, 1], &[3, 1], &[3, 2], &[3, 2], &[3, 2]];
        assert_eq!(restored(&warm_up, 1, 1), (vec![3, 1], 1), "the dump before has it neither");
    }
}
