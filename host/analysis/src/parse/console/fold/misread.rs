//! Records that a damaged line made: `buffer: 6 bytes` for `buffer: 56 bytes` reads like a record of another site.
//!
//! Such a site occurs once in all dumps, differs from one that recurs by a single damage, and stands in a
//! dump that lacks one record of that one. It is counted as what it was, or as lost where it may have been one of
//! several sites.

use std::collections::HashMap;

use super::{
    names::{LogSite, LogSites},
    one_damage::is_damaged,
    record_run::ConsoleDump,
};

/// Dumps from which on a site that occurs once is an exception.
const LEAST: usize = 4;

/// Sites that occur once, beyond which they are no exception.
const MOST: usize = 64;

/// Gives the records of a heap's dumps that were misread to their sites.
pub(super) fn mend_misread(dumps: &mut [&mut ConsoleDump], names: &LogSites) {
    if dumps.len() < LEAST {
        return;
    }
    let (singles, recurring) = sites(dumps);
    if singles.len() > MOST {
        return;
    }
    for (at, single) in singles {
        let Some(text) = names.get(single).map(text) else { continue };
        let is_original = |site: &&u32| {
            names.get(**site).is_some_and(|name| is_damaged(&text, &self::text(name)))
                && lacks_one(dumps, at, **site)
        };
        let originals: Vec<u32> = recurring.iter().filter(is_original).copied().collect();
        if !originals.is_empty() {
            dumps[at].groups.retain(|(site, _)| *site != single);
        }
        match *originals {
            [] => {}
            [only] => dumps[at].restore(only, 1),
            _ => dumps[at].lost += 1,
        }
    }
}

/// What a record of the site says.
fn text(site: &LogSite) -> String {
    format!("{} bytes {}:{}", site.size, site.file, site.line)
}

/// The sites with one allocation in one dump, each with the index of the dump, and those of several dumps.
fn sites(dumps: &[&mut ConsoleDump]) -> (Vec<(usize, u32)>, Vec<u32>) {
    let mut n_dumps: HashMap<u32, usize> = HashMap::new();
    for (site, _) in dumps.iter().flat_map(|dump| &dump.groups) {
        *n_dumps.entry(*site).or_default() += 1;
    }
    let mut singles = Vec::new();
    for (at, dump) in dumps.iter().enumerate() {
        let is_single = |(site, n): &&(u32, u32)| *n == 1 && n_dumps.get(site) == Some(&1);
        let of_dump = dump.groups.iter().filter(is_single).map(|(site, _)| (at, *site));
        singles.extend(of_dump.take(MOST + 1));
    }
    let mut recurring: Vec<_> =
        n_dumps.into_iter().filter(|(_, n)| *n > 1).map(|(site, _)| site).collect();
    recurring.sort_unstable();
    (singles, recurring)
}

/// Whether one record more of the site would fit between the dumps around this one.
fn lacks_one(dumps: &[&mut ConsoleDump], at: usize, site: u32) -> bool {
    let count = |at: usize| Some(i64::from(dumps.get(at)?.count(site)));
    let before = |n: usize| at.checked_sub(n).and_then(count);
    let Some(value) = count(at).map(|n| n + 1) else { return false };
    match (before(1), count(at + 1)) {
        (Some(before), Some(after)) => (before.min(after)..=before.max(after)).contains(&value),
        (Some(near), None) => before(2).is_some_and(|far| goes_on(value, near, far)),
        (None, Some(near)) => count(at + 2).is_some_and(|far| goes_on(value, near, far)),
        (None, None) => false,
    }
}

/// Whether a count beyond `near` is as it, or has changed as much as from `far` to it.
fn goes_on(value: i64, near: i64, far: i64) -> bool {
    let next = near + (near - far);
    (near.min(next)..=near.max(next)).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::lacks_one;
    use crate::parse::console::fold::record_run::ConsoleDump;

    fn lacking(counts: &[u32], at: usize) -> bool {
        let group = |n: &u32| ConsoleDump { groups: vec![(7, *n)], ..ConsoleDump::default() };
        let mut dumps: Vec<_> = counts.iter().map(group).collect();
        lacks_one(&dumps.iter_mut().collect::<Vec<_>>(), at, 7)
    }

    #[test]
    fn a_record_is_missing_where_its_neighbours_have_it() {
        assert!(lacking(&[3, 3, 2, 3], 2));
        assert!(lacking(&[1, 2, 2, 4], 2));
        assert!(lacking(&[1, 2, 3, 3], 3));
        assert!(lacking(&[0, 2, 3, 4], 0));
        assert!(lacking(&[1, 1, 2, 3, 2], 4), "what comes in steps");
        assert!(!lacking(&[3, 3, 3, 3], 2));
        assert!(!lacking(&[3, 3, 3, 3], 3));
        assert!(!lacking(&[1, 2, 3, 4], 3));
    }
}
