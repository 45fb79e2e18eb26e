//! Snapshots of a ledger by iteration, and series of their entries.

use std::collections::BTreeMap;

use crate::{
    growth::{
        Basis, Judgement, Series,
        collect::{Column, HasMoment, RunTimeline},
        judge,
    },
    model::{LedgerKind, LedgerSnapshot, Moment, NormalWorld, Verdict},
};

impl HasMoment for LedgerSnapshot {
    fn moment(&self) -> Option<Moment> {
        self.moment
    }
}

/// Minimum number of values for a leak: eight gains in a row are chance in less than 1 % of cases.
pub(super) const VALUES: usize = 9;

/// The snapshots of a ledger, or of one of its caches, heaps or devices.
pub(super) struct SnapshotSeries<'n> {
    timeline: RunTimeline<'n, LedgerSnapshot>,
}

/// A quantity over the snapshots.
#[derive(Clone, Debug)]
pub(super) struct CountSeries {
    /// The values, less the growth of idle iterations.
    pub(super) series: Series,
    /// Growth per idle iteration.
    pub(super) idle: f64,
    /// Iteration of the first value.
    pub(super) first: u32,
}

impl<'n> SnapshotSeries<'n> {
    /// The snapshots of a ledger for which `fits` holds.
    pub(super) fn new(
        normal: &'n NormalWorld,
        ledger: LedgerKind,
        fits: impl Fn(&LedgerSnapshot) -> bool,
    ) -> Self {
        let snapshots: Vec<_> = normal.snapshots(ledger).filter(|census| fits(census)).collect();
        Self { timeline: RunTimeline::from_refs(&snapshots) }
    }

    /// Whether a run took the snapshots.
    pub(super) fn run(&self) -> bool {
        self.timeline.run
    }

    /// The measured snapshots, in order.
    pub(super) fn snapshots(&self) -> impl DoubleEndedIterator<Item = &'n LedgerSnapshot> + '_ {
        self.timeline.measured.iter().flatten().copied()
    }

    /// Series of their entries by key; entries missing from a snapshot are 0.
    pub(super) fn columns<K: Ord>(
        &self,
        list: impl Fn(&'n LedgerSnapshot) -> Vec<(K, u64)>,
        most: usize,
    ) -> BTreeMap<K, CountSeries> {
        let measured_columns = columns(&self.timeline.measured, &list, most);
        let idle: Vec<_> = self.timeline.idle.iter().copied().map(Some).collect();
        let idle = columns(&idle, &list, most);
        let first = self.timeline.first;
        let series_by_key = measured_columns.into_iter().map(|(key, column)| {
            let idle = idle.get(&key).map_or(0.0, |idle| idle.idle_rate().0);
            let mut series = column.objects(0, false);
            series.subtract(idle);
            (key, CountSeries { series, idle, first })
        });
        series_by_key.collect()
    }

    /// Series of one number per snapshot; a snapshot without it is a gap.
    pub(super) fn values(&self, value: impl Fn(&LedgerSnapshot) -> Option<u64>) -> CountSeries {
        let column = |prints: &mut dyn Iterator<Item = Option<&'n LedgerSnapshot>>| {
            let values: Vec<_> = prints.map(|census| value(census?)).collect();
            let mut column = Column::new(values.iter().map(Option::is_some));
            let known = values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?)));
            known.for_each(|(at, value)| column.add(at, None, value, 0));
            column
        };
        let idle = column(&mut self.timeline.idle.iter().copied().map(Some)).idle_rate().0;
        let mut series = column(&mut self.timeline.measured.iter().copied()).objects(0, false);
        series.subtract(idle);
        CountSeries { series, idle, first: self.timeline.first }
    }
}

fn columns<'n, K: Ord>(
    prints: &[Option<&'n LedgerSnapshot>],
    list: &impl Fn(&'n LedgerSnapshot) -> Vec<(K, u64)>,
    most: usize,
) -> BTreeMap<K, Column> {
    let mut columns: BTreeMap<K, Column> = BTreeMap::new();
    for (at, census) in prints.iter().enumerate() {
        for (key, amount) in census.map(list).into_iter().flatten() {
            if columns.len() >= most && !columns.contains_key(&key) {
                continue;
            }
            let empty_column = || Column::new(prints.iter().map(Option::is_some));
            columns.entry(key).or_insert_with(empty_column).add(at, None, amount, 0);
        }
    }
    columns
}

impl CountSeries {
    /// The judgement of the series; a short one is never a leak, as the whole system contributes to it.
    pub(super) fn judge(&self) -> Judgement {
        let judgement = judge(&self.series);
        let values = self.series.points().count();
        if judgement.verdict != Verdict::Leak || values >= VALUES {
            return judgement;
        }
        Judgement::undecided(Basis::TooShort, judgement.support, VALUES - values)
    }

    /// First and last observed value.
    pub(super) fn ends(&self) -> (u64, u64) {
        let mut values = self.values();
        let first = values.next().unwrap_or(0);
        (first, values.next_back().unwrap_or(first))
    }

    /// The observed values, including idle growth.
    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        self.series.points().map(|(at, value)| (value + self.idle * at as f64).round() as u64)
    }

    /// Whether it grows, but hardly more than in idle iterations: too few of them show whose growth that is.
    pub(super) fn is_of_idle(&self) -> bool {
        let mut series = self.series.clone();
        series.subtract(-self.idle);
        self.idle > 0.0 && series.may_leak()
    }

    /// Whether the last third of the values is higher than the first, on average: in noise the ends alone show nothing.
    pub(super) fn ends_higher(&self) -> bool {
        let values: Vec<_> = self.series.points().map(|(_, value)| value).collect();
        let third = values.len().div_ceil(3);
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        third > 0 && sum(&values[values.len() - third..]) > sum(&values[..third])
    }

    /// Whether it rose in most iterations and never fell.
    pub(super) fn climbs(&self) -> bool {
        let values: Vec<_> = self.series.points().map(|(_, value)| value).collect();
        let falls = values.windows(2).any(|pair| pair[1] < pair[0]);
        !falls && values.len() > 2 && 2 * self.series.rise_count() >= values.len() - 1
    }
}
