//! Objects of one key by snapshot.

use std::collections::{BTreeMap, BTreeSet};

use super::bounded;
use crate::growth::{Cohort, Series};

/// Live objects and bytes of one key at each snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Objects and bytes by snapshot; `None` if not observed.
    alive: Vec<Option<(u64, u64)>>,
    /// Objects by iteration of their allocation, then by snapshot.
    born: BTreeMap<usize, Vec<u64>>,
    /// Objects that a damaged snapshot may hide, by snapshot; each may be of any key.
    hidden: BTreeMap<usize, u64>,
    /// Snapshots whose bytes are unknown.
    blurred: BTreeSet<usize>,
}

impl Column {
    /// An empty column; `seen` says which snapshots observed the key's kind.
    pub(crate) fn new(seen: impl Iterator<Item = bool>) -> Self {
        let amounts = seen.map(|seen| seen.then_some((0, 0))).collect();
        Self {
            alive: amounts,
            born: BTreeMap::new(),
            hidden: BTreeMap::new(),
            blurred: BTreeSet::new(),
        }
    }

    /// Marks snapshot `at` as observed.
    pub(crate) fn see(&mut self, at: usize) {
        self.alive[at].get_or_insert((0, 0));
    }

    /// Adds `count` live objects of `bytes` in total at snapshot `at`, allocated in iteration `born` if
    /// known.
    pub(crate) fn add(&mut self, at: usize, born: Option<usize>, count: u64, bytes: u64) {
        let Some(alive) = &mut self.alive[at] else { return };
        *alive = (alive.0.saturating_add(count), alive.1.saturating_add(bytes));
        if let Some(born) = born {
            let birth = born.min(at);
            let len = self.alive.len();
            self.born.entry(birth).or_insert_with(|| vec![0; len])[at] += count;
        }
    }

    /// Adds the objects of a column of the same snapshots.
    pub(super) fn absorb(&mut self, other: &Self) {
        for (alive, more) in self.alive.iter_mut().zip(&other.alive) {
            if let (Some(alive), Some(more)) = (alive, more) {
                *alive = (alive.0.saturating_add(more.0), alive.1.saturating_add(more.1));
            }
        }
        for (birth, counts) in &other.born {
            let own = self.born.entry(*birth).or_insert_with(|| vec![0; counts.len()]);
            own.iter_mut().zip(counts).for_each(|(count, more)| *count += more);
        }
    }

    /// Records that the bytes of snapshot `at` are unknown, although its objects were counted.
    pub(super) fn blur(&mut self, at: usize) {
        self.blurred.insert(at);
    }

    /// Records that snapshot `at` may hide that many objects.
    pub(super) fn hide(&mut self, at: usize, most: u64) {
        self.hidden.insert(at, most);
    }

    /// The objects as a series that starts at snapshot `from`.
    pub(crate) fn objects(&self, from: usize, cohorts: bool) -> Series {
        let values = self.alive[from..].iter().map(|alive| alive.map(|(n, _)| n)).collect();
        let hidden_counts = self.hidden.range(from..).map(|(at, most)| (at - from, *most));
        let values = bounded::values(values, hidden_counts);
        let cohorts = cohorts.then(|| self.born.iter().map(|born| self.cohort(born, from)));
        Series { values, cohorts: cohorts.map(Iterator::collect) }
    }

    /// The bytes as a series that starts at snapshot `from`.
    pub(super) fn bytes(&self, from: usize) -> Series {
        let value = |(at, alive): (usize, &Option<(u64, u64)>)| {
            alive.filter(|_| !self.blurred.contains(&(from + at))).map(|(_, n)| n as f64)
        };
        let values = self.alive[from..].iter().enumerate().map(value).collect();
        Series { values, cohorts: None }
    }

    fn cohort(&self, (born, counts): (&usize, &Vec<u64>), from: usize) -> Cohort {
        let start = (*born).max(from);
        let samples = self.alive[start..].iter().zip(&counts[start..]);
        let alive_counts = samples.map(|(alive, count)| alive.map(|_| *count)).collect();
        Cohort { born: u32::try_from(start - from).unwrap_or(u32::MAX), alive: alive_counts }
    }

    /// Gain per idle iteration, in objects and bytes, as far as the first and the last half of them both
    /// have it: what someone else allocates once is no rate. The first of many does not count: one-time
    /// work happens there.
    pub(crate) fn idle_rate(&self) -> (f64, f64) {
        let n_skipped = usize::from(self.alive.len() > 3);
        let amounts: Vec<_> = self
            .alive
            .iter()
            .enumerate()
            .skip(n_skipped)
            .filter_map(|(at, n)| Some((at, (*n)?)))
            .collect();
        let middle = amounts.len() / 2;
        let halves = [amounts.get(..=middle).unwrap_or_default(), &amounts[middle..]];
        let rate = |amount: fn(&(u64, u64)) -> u64| {
            let rates = halves.into_iter().filter_map(|half| gain(half, amount));
            rates.reduce(f64::min).unwrap_or(0.0).max(0.0)
        };
        (rate(|n| n.0), rate(|n| n.1))
    }
}

/// Gain from one snapshot to the next, on average; `None` of fewer than two.
fn gain(amounts: &[(usize, (u64, u64))], amount: fn(&(u64, u64)) -> u64) -> Option<f64> {
    let [(start, first), .., (end, last)] = amounts else { return None };
    Some((amount(last) as f64 - amount(first) as f64) / (end - start) as f64)
}

#[cfg(test)]
mod tests {
    use super::Column;

    fn rate(alive: &[u64]) -> f64 {
        let mut column = Column::new(alive.iter().map(|_| true));
        alive.iter().enumerate().for_each(|(at, n)| column.add(at, None, *n, 0));
        column.idle_rate().0
    }

    #[test]
    fn idle_growth_goes_on_in_both_halves() {
        assert_eq!(rate(&[0, 9, 10, 11]), 1.0);
        assert_eq!(rate(&[0, 0, 1, 1, 2, 2, 3, 3, 4]), 0.5);
        assert_eq!(rate(&[0, 9, 10]), 1.0);
        assert_eq!(rate(&[0, 0, 2]), 0.0);
        assert_eq!(rate(&[0, 1]), 1.0);
        assert_eq!(rate(&[]), 0.0);
        for once in [[0, 0, 2, 2], [0, 0, 0, 2], [0, 0, 3, 2]] {
            assert_eq!(rate(&once), 0.0, "{once:?}");
        }
    }
}
