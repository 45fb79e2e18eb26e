//! One key's objects over the samples.

use std::collections::BTreeMap;

use crate::growth::{Cohort, Series};

/// How many objects of one key, and how many bytes, were alive at each sample.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Objects and bytes by sample; `None` where nobody looked.
    alive: Vec<Option<(u64, u64)>>,
    /// Objects by the iteration of their birth, then by sample.
    born: BTreeMap<usize, Vec<u64>>,
}

impl Column {
    /// A column that saw nothing where `seen` says that somebody looked.
    pub(crate) fn new(seen: impl Iterator<Item = bool>) -> Self {
        let amounts = seen.map(|seen| seen.then_some((0, 0))).collect();
        Self { alive: amounts, born: BTreeMap::new() }
    }

    /// Somebody looked at sample `at`.
    pub(crate) fn see(&mut self, at: usize) {
        self.alive[at].get_or_insert((0, 0));
    }

    /// `count` objects of `bytes` in all, born in iteration `born` where that is known, were alive
    /// at sample `at`.
    pub(crate) fn add(&mut self, at: usize, born: Option<usize>, count: u64, bytes: u64) {
        let Some(alive) = &mut self.alive[at] else { return };
        *alive = (alive.0.saturating_add(count), alive.1.saturating_add(bytes));
        if let Some(born) = born {
            let birth = born.min(at);
            let len = self.alive.len();
            self.born.entry(birth).or_insert_with(|| vec![0; len])[at] += count;
        }
    }

    /// The objects as a series that begins at sample `from`.
    pub(crate) fn objects(&self, from: usize, cohorts: bool) -> Series {
        let values = self.alive[from..].iter().map(|alive| alive.map(|(n, _)| n as f64)).collect();
        let cohorts = cohorts.then(|| self.born.iter().map(|born| self.cohort(born, from)));
        Series { values, cohorts: cohorts.map(Iterator::collect) }
    }

    /// The bytes as a series that begins at sample `from`.
    pub(super) fn bytes(&self, from: usize) -> Series {
        let values = self.alive[from..].iter().map(|alive| alive.map(|(_, n)| n as f64)).collect();
        Series { values, cohorts: None }
    }

    fn cohort(&self, (born, counts): (&usize, &Vec<u64>), from: usize) -> Cohort {
        let start = (*born).max(from);
        let samples = self.alive[start..].iter().zip(&counts[start..]);
        let alive_counts = samples.map(|(alive, count)| alive.map(|_| *count)).collect();
        Cohort { born: u32::try_from(start - from).unwrap_or(u32::MAX), alive: alive_counts }
    }

    /// Gain per iteration over idle iterations, in objects and bytes. The first one doesn't count
    /// where there are more: what is done only once is done there.
    pub(crate) fn idle_rate(&self) -> (f64, f64) {
        let n_skipped = usize::from(self.alive.len() > 2);
        let mut amounts =
            self.alive.iter().enumerate().skip(n_skipped).filter_map(|(at, n)| Some((at, (*n)?)));
        let (Some((start, first)), Some((end, last))) = (amounts.next(), amounts.next_back())
        else {
            return (0.0, 0.0);
        };
        let rate =
            |first: u64, last: u64| ((last as f64 - first as f64) / (end - start) as f64).max(0.0);
        (rate(first.0, last.0), rate(first.1, last.1))
    }
}
