//! Processes with a growing number of descriptors, and when their table will be full.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    growth::{Judgement, report::words as growing},
    model::{
        Evidence, FigureKind, Finding, FindingKind, Holder, LedgerEntry, LedgerKind,
        LedgerSnapshot, Listing, NormalWorld, Severity, Unit, Verdict,
    },
    normal_world::{
        finding_builder::{FindingBuilder, holding},
        snapshots::{CountSeries, SnapshotSeries},
    },
    text,
};

/// Maximum number of processes.
const PROCESSES: usize = 1 << 16;

/// Maximum number of findings, by gain.
const MOST: usize = 10;

/// Maximum number of kinds of descriptors shown per process.
const KINDS: usize = 4;

/// Open files that a process may have, unless its limit is set (Linux `INR_OPEN_CUR`).
const USUAL_LIMIT: u64 = 1024;

/// Share in use from which a table is nearly full, in percent.
const NEARLY_FULL: u64 = 90;

/// A process: its id and its start time.
pub(crate) type ProcessKey = (u64, u64);

/// The process of a row.
pub(crate) fn process(row: &LedgerEntry) -> Option<ProcessKey> {
    Some((row.holder.as_ref()?.pid, row.ids.start.unwrap_or(0)))
}

/// Rows of the processes in a snapshot, by process id.
pub(crate) fn names(census: &LedgerSnapshot) -> BTreeMap<u64, &LedgerEntry> {
    let total_rows = census.rows.iter().filter(|row| row.name.is_empty());
    total_rows.filter_map(|row| Some((row.holder.as_ref()?.pid, row))).collect()
}

pub(crate) fn findings(normal: &NormalWorld, ledger: LedgerKind) -> Vec<Finding> {
    let prints = SnapshotSeries::new(normal, ledger, |_| true);
    let Some(last) = prints.snapshots().next_back() else { return Vec::new() };
    let list = |census| of_census(census).collect();
    let columns = prints.columns(list, PROCESSES);
    let mut ranked_findings = Vec::new();
    for row in last.rows.iter().filter(|row| row.name.is_empty()) {
        let Some(of) = process(row) else { continue };
        let Some(counted) = columns.get(&of).map(CountSeries::since_its_begin) else { continue };
        let said = counted.judge();
        let table = DescriptorTable { ledger, row, of, said, counted, prints: &prints };
        ranked_findings.extend(table.finding());
    }
    ranked_findings.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    ranked_findings.into_iter().take(MOST).map(|(_, finding)| finding).collect()
}

fn of_census(census: &LedgerSnapshot) -> impl Iterator<Item = (ProcessKey, u64)> + '_ {
    let total_rows = census.rows.iter().filter(|row| row.name.is_empty());
    total_rows.filter_map(|row| Some((process(row)?, row.count)))
}

impl CountSeries {
    /// The series from the start of the process on.
    fn since_its_begin(&self) -> Self {
        let values = &self.series.values;
        let is_present = |value: &Option<f64>| value.is_some_and(|value| value != 0.0);
        let start = values.iter().position(is_present).unwrap_or(0);
        let mut tail = self.clone();
        tail.series.values.drain(..start);
        tail.first = self.first.saturating_add(u32::try_from(start).unwrap_or(u32::MAX));
        tail
    }
}

/// The descriptors of one process.
struct DescriptorTable<'n> {
    ledger: LedgerKind,
    row: &'n LedgerEntry,
    of: ProcessKey,
    counted: CountSeries,
    said: Judgement,
    prints: &'n SnapshotSeries<'n>,
}

impl DescriptorTable<'_> {
    fn finding(&self) -> Option<(u64, Finding)> {
        let (first, last) = self.counted.ends();
        let gain = last.saturating_sub(first);
        let full = self.row.ids.limit.filter(|limit| {
            last.saturating_mul(100) >= limit.saturating_mul(NEARLY_FULL) && *limit > 0
        });
        let severity = match self.said.verdict {
            Verdict::Leak => Severity::Failure,
            Verdict::Undecided if self.counted.climbs() => Severity::Possible,
            _ if full.is_some() => Severity::Note,
            _ => return None,
        };
        let holder = self.row.holder.as_ref()?;
        let verdict = self.said.verdict;
        let draft = FindingBuilder::new(
            FindingKind::PoolGrowth,
            holding(Listing::Ledger(self.ledger), &holder.comm, Some(holder.pid)),
            severity,
            self.title(holder, (first, last)),
        )
        .verdict(verdict)
        .figure(FigureKind::Descriptors, last, Unit::Objects)
        .figures(self.figures())
        .evidence([Evidence::Text(growing::reason(&self.said, &self.counted.series, "descriptor").into())])
        .evidence(self.kinds().map(Evidence::Text))
        .evidence(self.usual_limit().map(|text| Evidence::Text(text.into())))
        .evidence(growing::evidence(&self.counted.series, self.counted.first))
        .evidence_at("last observed", &self.row.place)
        .next("check what these descriptors refer to, and where the process opens one and does not close it: strace -f -e trace=%desc -p PID");
        Some((gain, draft))
    }

    /// When the usual limit is reached, where the text has none.
    fn usual_limit(&self) -> Option<String> {
        let (first, last) = self.counted.ends();
        let steps = self.counted.values().count().checked_sub(1).filter(|steps| *steps > 0)? as u64;
        let rate = last.checked_sub(first)?.div_ceil(steps);
        let is_unknown = self.row.ids.limit.is_none() && !self.prints.run() && rate > 0;
        let left = USUAL_LIMIT.checked_sub(last)?.div_ceil(rate);
        let text = format!(
            "at {} each, the usual limit of {} is reached after {}",
            text::number(rate),
            text::number(USUAL_LIMIT),
            text::count(left, "more look")
        );
        is_unknown.then_some(text)
    }

    fn rate(&self) -> Option<f64> {
        self.said.rate.map(|rate| rate.value).filter(|_| self.said.verdict == Verdict::Leak)
    }

    fn title(&self, holder: &Holder, (first, last): (u64, u64)) -> String {
        let holder_text = text::holder(holder);
        let (first, last) = (text::number(first), text::count(last, "descriptor"));
        let limit = self.row.ids.limit;
        match (self.rate(), self.iterations_left()) {
            (Some(rate), Some(left)) => format!(
                "{holder_text}: {first} -> {last}, {} more per iteration; its limit of {} is reached after {} more iterations",
                text::approximation(rate),
                text::number(limit.unwrap_or(0)),
                text::number(left)
            ),
            (Some(rate), None) => {
                format!(
                    "{holder_text}: {first} -> {last}, {} more per iteration",
                    text::approximation(rate)
                )
            }
            (None, _) => {
                let limit = match limit {
                    Some(limit) => format!(", of {}", text::number(limit)),
                    None if self.prints.run() => ", of no limit".to_owned(),
                    None => String::new(),
                };
                format!("{holder_text}: {first} -> {last}{limit}")
            }
        }
    }

    /// Iterations until its table is full.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    fn iterations_left(&self) -> Option<u64> {
        let free = self.row.ids.limit?.saturating_sub(self.counted.ends().1);
        Some((free as f64 / self.rate().filter(|rate| *rate > 0.0)?).ceil() as u64)
    }

    fn figures(&self) -> Vec<crate::model::Figure> {
        let mut figures = Vec::new();
        if let Some(rate) = self.said.rate.filter(|_| self.said.verdict == Verdict::Leak) {
            figures.push(growing::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration));
        }
        if let Some(limit) = self.row.ids.limit {
            figures.push(growing::plain(FigureKind::Limit, limit as f64, Unit::Objects));
        }
        if let Some(left) = self.iterations_left() {
            figures.push(growing::plain(FigureKind::UntilFull, left as f64, Unit::Iterations));
        }
        figures.extend(growing::judgement_figures(&self.said, self.counted.idle));
        figures.extend(growing::excluded(self.said.excluded, Unit::ObjectsPerIteration));
        figures
    }

    /// The kinds of descriptors that it gained.
    fn kinds(&self) -> Option<Arc<str>> {
        let mut prints = self.prints.snapshots().filter_map(|census| self.kinds_of(census));
        let first = prints.next()?;
        let last = prints.next_back()?;
        let before = |kind: &str| first.get(kind).copied().unwrap_or(0);
        let mut gains: Vec<_> = last
            .iter()
            .map(|(kind, n)| (n.saturating_sub(before(kind)), *kind, *n))
            .filter(|(gain, ..)| *gain > 0)
            .collect();
        gains.sort_by(|one, other| other.cmp(one));
        let range = |(gain, kind, now): &(u64, &str, u64)| {
            let counts = format!("{} of {kind}", text::number(*gain));
            // A run shows the values themselves.
            if self.prints.run() {
                counts
            } else {
                format!("{counts} ({} -> {})", text::number(before(kind)), text::number(*now))
            }
        };
        let kinds: Vec<_> = gains.iter().take(KINDS).map(range).collect();
        (!kinds.is_empty()).then(|| format!("growth by kind: {}", text::list(&kinds)).into())
    }

    fn kinds_of<'n>(&self, census: &'n LedgerSnapshot) -> Option<BTreeMap<&'n str, u64>> {
        let process_rows = census.rows.iter().filter(|row| process(row) == Some(self.of));
        let kinds: BTreeMap<_, _> = process_rows
            .filter(|row| !row.name.is_empty())
            .map(|row| (&*row.name, row.count))
            .collect();
        (!kinds.is_empty()).then_some(kinds)
    }
}
