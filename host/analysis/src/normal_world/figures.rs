//! Plain series: columns of figures, one line for each moment.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    finding_builder::{FindingBuilder, holding},
    snapshots::{CountSeries, SnapshotSeries, VALUES},
};
use crate::{
    growth::{self, Judgement, Series, report::words},
    model::{
        Evidence, FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, LedgerSnapshot,
        Listing, NormalWorld, Severity, Symbol, Unit, Verdict,
    },
    text,
};

/// Columns of what is left, which is lost where they fall.
const FREE: [&str; 3] = ["free", "avail", "unused"];

/// Smallest change of an undecided column that is shown as one, in percent.
const WORTH: u64 = 2;

/// Most columns that are judged, and most findings.
const COLUMNS: usize = 256;
const MOST: usize = 10;

/// Findings, and the columns that are undecided.
pub(super) fn findings(normal: &NormalWorld) -> (Vec<Finding>, Option<Arc<str>>) {
    let titles: BTreeSet<_> = normal
        .snapshots(LedgerKind::Series)
        .map(|census| (census.of.clone(), census.place.source))
        .collect();
    let columns: Vec<_> = titles.iter().flat_map(|title| columns(normal, title)).collect();
    let mut growing: Vec<_> = columns.iter().filter(|column| column.severity().is_some()).collect();
    growing.sort_by_key(|column| std::cmp::Reverse(column.said.verdict == Verdict::Leak));
    let findings = growing.iter().take(MOST).filter_map(|column| column.finding()).collect();
    let is_open = |column: &&FigureColumn<'_>| {
        column.severity().is_none() && column.said.verdict == Verdict::Undecided
    };
    let open: Vec<_> =
        columns.iter().filter(is_open).map(|column| column.name.to_string()).collect();
    let doubt = (!open.is_empty())
        .then(|| format!("whether {} grows is undecided", text::list(&open)).into());
    (findings, doubt)
}

fn columns<'n>(normal: &'n NormalWorld, title: &(Arc<str>, Symbol)) -> Vec<FigureColumn<'n>> {
    let is_own = |census: &LedgerSnapshot| census.of == title.0 && census.place.source == title.1;
    let prints = SnapshotSeries::new(normal, LedgerKind::Series, is_own);
    let Some(last) = prints.snapshots().next_back() else { return Vec::new() };
    last.rows.iter().take(COLUMNS).map(|row| FigureColumn::new(&prints, row)).collect()
}

/// A column of figures.
struct FigureColumn<'n> {
    name: &'n str,
    row: &'n LedgerEntry,
    unit: Unit,
    values: CountSeries,
    falls: bool,
    said: Judgement,
}

impl<'n> FigureColumn<'n> {
    fn new(prints: &SnapshotSeries<'n>, row: &'n LedgerEntry) -> Self {
        let has_bytes =
            |census: &LedgerSnapshot| value(census, row).is_some_and(|row| row.bytes > 0);
        let unit = if prints.snapshots().any(has_bytes) { Unit::Bytes } else { Unit::Objects };
        let amount = |row: &LedgerEntry| if unit == Unit::Bytes { row.bytes } else { row.count };
        let values = prints.values(|census| value(census, row).map(amount));
        let lower = row.name.to_lowercase();
        let falls = FREE.iter().any(|free| lower.contains(free));
        let judged = if falls { inverted(&values.series) } else { values.series.clone() };
        Self { name: &row.name, row, unit, said: growth::judge(&judged), values, falls }
    }

    /// Whether it moves towards the end of its resource, from the first to the last value.
    fn is_worse(&self) -> bool {
        let (first, last) = self.values.ends();
        if self.falls { last < first } else { last > first }
    }

    /// Whether the change is more than a wavering: a small one, if it goes one way.
    fn is_worth(&self) -> bool {
        let (first, last) = self.values.ends();
        let is_large =
            first.abs_diff(last).saturating_mul(100) >= first.max(last).saturating_mul(WORTH);
        is_large || !self.falls && self.values.climbs()
    }

    fn severity(&self) -> Option<Severity> {
        let is_long = self.values.values().count() >= VALUES;
        match self.said.verdict {
            Verdict::Leak if is_long => Some(Severity::Failure),
            Verdict::Leak | Verdict::Undecided if self.is_worse() && self.is_worth() => {
                Some(Severity::Possible)
            }
            _ => None,
        }
    }

    fn amount(&self, value: u64) -> String {
        if self.unit == Unit::Bytes { text::bytes(value) } else { text::number(value) }
    }

    /// The values as the text prints them.
    fn range(&self) -> String {
        let (first, last) = self.values.ends();
        if self.unit == Unit::Bytes && first % 1024 == 0 && last % 1024 == 0 {
            return format!("{} -> {} KiB", text::number(first / 1024), text::number(last / 1024));
        }
        format!("{} -> {}", self.amount(first), self.amount(last))
    }

    fn finding(&self) -> Option<Finding> {
        let severity = self.severity()?;
        let leak = severity == Severity::Failure;
        let verb = match (self.falls, leak) {
            (false, true) => "grows",
            (false, false) => "rose",
            (true, true) => "falls, so that what is in use grows",
            (true, false) => "fell",
        };
        let n = text::count(self.values.values().count() as u64, "value");
        let title = format!("{} {verb}: {} over {n}{}", self.name, self.range(), self.rate_words());
        let thing = if self.unit == Unit::Bytes { "byte" } else { "unit" };
        let rate_unit = if self.unit == Unit::Bytes {
            Unit::BytesPerIteration
        } else {
            Unit::ObjectsPerIteration
        };
        let rate = self
            .said
            .rate
            .filter(|_| leak)
            .map(|rate| words::figure(FigureKind::Growth, rate, rate_unit));
        let draft = FindingBuilder::new(
            FindingKind::PoolGrowth,
            holding(Listing::Ledger(LedgerKind::Series), self.name, None),
            severity,
            title,
        )
        .verdict(if leak { Verdict::Leak } else { Verdict::Undecided })
        .figures(rate)
        .evidence([Evidence::Text(words::reason(&self.said, &self.values.series, thing).into())])
        .evidence(words::evidence(&self.values.series, self.values.first))
        .evidence_at("last observed", &self.row.place);
        Some(draft.next(
            "find what this figure counts, and take that list before and after the same work",
        ))
    }

    fn rate_words(&self) -> String {
        let Some(rate) =
            self.said.rate.filter(|rate| self.said.verdict == Verdict::Leak && rate.value > 0.0)
        else {
            return String::new();
        };
        let is_exact = matches!(self.said.basis, growth::Basis::Exact { period: 1, .. });
        let about = if is_exact { "exactly" } else { "about" };
        if self.unit == Unit::Bytes {
            return format!(", {about} {} KiB each time", text::approximation(rate.value / 1024.0));
        }
        format!(", {about} {} each time", text::approximation(rate.value))
    }
}

fn value<'c>(census: &'c LedgerSnapshot, row: &LedgerEntry) -> Option<&'c LedgerEntry> {
    census.rows.iter().find(|other| other.name == row.name)
}

/// What is gone of the largest value.
fn inverted(series: &Series) -> Series {
    let most = series.points().map(|(_, value)| value).fold(0.0, f64::max);
    let values = series.values.iter().map(|value| value.map(|value| most - value)).collect();
    Series { values, cohorts: None }
}
