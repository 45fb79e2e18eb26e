//! dma-bufs with a growing number of descriptors, and dma-bufs without any process.

use std::collections::{BTreeMap, BTreeSet};

use super::descriptors::names;
use crate::{
    growth::{Judgement, report::words as growing},
    model::{
        Evidence, FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, LedgerSnapshot,
        Listing, Moment, NormalWorld, Severity, Unit, Verdict,
    },
    normal_world::{
        finding_builder::{FindingBuilder, holding},
        snapshots::{CountSeries, SnapshotSeries},
    },
    text,
};

/// Name of buffers that no process has, in fingerprints, too.
const NO_PROCESS: &str = "no process";

/// Most kinds of buffers that are followed, and most findings.
const KEYS: usize = 1 << 16;
const MOST: usize = 10;

/// Maximum number of buffers and of descriptors listed.
const LISTED_MAX: usize = 6;

/// Descriptors and mappings of buffers at one moment.
#[derive(Default)]
struct BufferHoldings<'n> {
    fds: Vec<&'n LedgerEntry>,
    maps: Vec<&'n LedgerEntry>,
}

fn by_moment(normal: &NormalWorld) -> BTreeMap<Moment, BufferHoldings<'_>> {
    let mut moments: BTreeMap<Moment, BufferHoldings<'_>> = BTreeMap::new();
    let live_snapshots = normal.censuses.iter().filter_map(|census| Some((census.moment?, census)));
    for (moment, census) in live_snapshots {
        let rows = moments.entry(moment).or_default();
        match census.ledger {
            LedgerKind::FdInfo => rows.fds.extend(&census.rows),
            LedgerKind::Mappings => rows.maps.extend(&census.rows),
            _ => {}
        }
    }
    moments
}

/// Process id of the holder, and size of the buffer.
type BufferKey = (u64, u64);

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let holdings = by_moment(normal);
    let prints = SnapshotSeries::new(normal, LedgerKind::Descriptors, |_| true);
    let rows = |census: &LedgerSnapshot| census.moment.and_then(|moment| holdings.get(&moment));
    let list = |census: &'_ LedgerSnapshot| -> Vec<(BufferKey, u64)> {
        rows(census).into_iter().flat_map(|held| &held.fds).filter_map(|row| key(row)).collect()
    };
    let Some(last) = prints.snapshots().next_back() else { return Vec::new() };
    let no_rows = BufferHoldings::default();
    let last_rows = rows(last).unwrap_or(&no_rows);
    let names = names(last);
    let mut ranked_findings: Vec<_> = prints
        .columns(list, KEYS)
        .into_iter()
        .filter_map(|(key, counted)| {
            let comm = names.get(&key.0).and_then(|row| row.holder.as_ref());
            let comm = comm.map_or("", |holder| &*holder.comm);
            let judgement = counted.judge();
            BufferGrowth {
                pid: key.0,
                comm,
                bytes: key.1,
                counted,
                said: judgement,
                now: last_rows,
            }
            .finding()
        })
        .collect();
    ranked_findings.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    let mut findings: Vec<_> =
        ranked_findings.into_iter().take(MOST).map(|(_, finding)| finding).collect();
    findings.extend(nobodys(normal, &holdings));
    findings
}

fn key(row: &LedgerEntry) -> Option<(BufferKey, u64)> {
    Some(((row.holder.as_ref()?.pid, row.bytes), row.count))
}

/// Buffers of one size with a growing number of descriptors in one process.
struct BufferGrowth<'n> {
    pid: u64,
    comm: &'n str,
    bytes: u64,
    counted: CountSeries,
    said: Judgement,
    now: &'n BufferHoldings<'n>,
}

impl BufferGrowth<'_> {
    fn finding(&self) -> Option<(u64, Finding)> {
        let (first, last) = self.counted.ends();
        let gain = last.saturating_sub(first).saturating_mul(self.bytes);
        let severity = severity(&self.said, &self.counted)?;
        let holder_text =
            text::holder(&crate::model::Holder { pid: self.pid, comm: self.comm.into() });
        let title = format!(
            "{holder_text}: {} -> {} of dma-bufs of {} each{}, {} more",
            text::number(first),
            text::count(last, "descriptor"),
            text::bytes(self.bytes),
            per_iteration(&self.said),
            text::bytes(gain)
        );
        let draft = draft((self.comm, Some(self.pid)), severity, title, &self.said, &self.counted)
            .figure(FigureKind::InUse, last.saturating_mul(self.bytes), Unit::Bytes);
        let draft = self.described(draft);
        Some((gain, draft.next("close duplicated or received descriptors, here or in the process that sent them: strace -f -e trace=%desc shows the dup or the open")))
    }

    /// Adds the buffers, their descriptors and mappings.
    fn described(&self, mut draft: FindingBuilder) -> FindingBuilder {
        let ours =
            |row: &&&LedgerEntry| row.holder.as_ref().is_some_and(|holder| holder.pid == self.pid);
        let fds: Vec<_> =
            self.now.fds.iter().filter(ours).filter(|row| row.bytes == self.bytes).collect();
        let mut buffers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for row in &fds {
            buffers.entry(row.ids.inode.unwrap_or(0)).or_default().extend(&row.ids.fds);
        }
        let mapped_inodes: BTreeSet<_> =
            self.now.maps.iter().filter(ours).filter_map(|row| row.ids.inode).collect();
        let buffer_count = text::count(buffers.len() as u64, "buffer");
        let maps = buffers.keys().filter(|inode| mapped_inodes.contains(inode)).count();
        let text = format!(
            "{} of {buffer_count}, {} of them mapped",
            text::count(fds.len() as u64, "descriptor"),
            text::number(maps as u64)
        );
        draft = match fds.last() {
            Some(row) => {
                draft.evidence_at(&format!("{text}; exporter or name \"{}\"", row.name), &row.place)
            }
            None => draft.text(&text),
        };
        draft = draft.text(&format!("the newest: {}", newest(&buffers)));
        let copies = buffers.values().filter(|fds| fds.len() > 1).count() as u64;
        if copies > 0 {
            draft = draft.text(&format!(
                "{} by more than one descriptor of the process: duplicated, or received twice",
                if copies == 1 {
                    "1 buffer is held".into()
                } else {
                    format!("{} buffers are held", text::number(copies))
                }
            ));
        }
        draft
    }
}

/// `inode 5771009 as fd 409`, the newest first.
fn newest(buffers: &BTreeMap<u64, Vec<u64>>) -> String {
    let lines = buffers.iter().rev().take(LISTED_MAX).map(|(inode, fds)| {
        let fds: Vec<_> = fds.iter().take(LISTED_MAX).map(u64::to_string).collect();
        format!("inode {inode} as fd {}", text::list(&fds))
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// Severity of a judgement; `None` if there is nothing to report.
fn severity(said: &Judgement, counted: &CountSeries) -> Option<Severity> {
    match said.verdict {
        Verdict::Leak => Some(Severity::Failure),
        Verdict::Undecided if counted.climbs() => Some(Severity::Possible),
        _ => None,
    }
}

fn per_iteration(said: &Judgement) -> String {
    let rate = said.rate.filter(|_| said.verdict == Verdict::Leak);
    rate.map_or_else(String::new, |rate| {
        format!(", {} per iteration", text::approximation(rate.value))
    })
}

fn draft(
    (name, pid): (&str, Option<u64>),
    severity: Severity,
    title: String,
    said: &Judgement,
    counted: &CountSeries,
) -> FindingBuilder {
    let rate = said.rate.filter(|_| said.verdict == Verdict::Leak);
    FindingBuilder::new(
        FindingKind::SiteGrowth,
        holding(Listing::DmaBufs, name, pid),
        severity,
        title,
    )
    .verdict(said.verdict)
    .figures(rate.map(|rate| growing::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration)))
    .figures(growing::judgement_figures(said, counted.idle))
    .figures(growing::excluded(said.excluded, Unit::ObjectsPerIteration))
    .evidence([Evidence::Text(growing::reason(said, &counted.series, "descriptor").into())])
    .evidence(growing::evidence(&counted.series, counted.first))
}

/// Findings for buffers that the kernel lists but no process has a descriptor or a mapping of.
fn nobodys(normal: &NormalWorld, held: &BTreeMap<Moment, BufferHoldings<'_>>) -> Vec<Finding> {
    let prints = SnapshotSeries::new(normal, LedgerKind::DmaBuf, |census| census.moment.is_some());
    let list = |census: &'_ LedgerSnapshot| -> Vec<(u64, u64)> {
        let Some(held) = census.moment.and_then(|moment| held.get(&moment)) else {
            return Vec::new();
        };
        let held_inodes: BTreeSet<_> =
            held.fds.iter().chain(&held.maps).filter_map(|row| row.ids.inode).collect();
        let is_ownerless =
            |row: &&LedgerEntry| row.ids.inode.is_some_and(|inode| !held_inodes.contains(&inode));
        census.rows.iter().filter(is_ownerless).map(|row| (row.bytes, row.count)).collect()
    };
    let columns = prints.columns(list, KEYS);
    let findings = columns.into_iter().filter_map(|(bytes, counted)| {
        let judgement = counted.judge();
        let severity = severity(&judgement, &counted)?;
        let (first, last) = counted.ends();
        let title = format!(
            "{} -> {} of {} each without a process{}: held by the kernel",
            text::number(first),
            text::count(last, "dma-buf"),
            text::bytes(bytes),
            per_iteration(&judgement)
        );
        let draft = draft((NO_PROCESS, None), severity, title, &judgement, &counted)
            .figure(FigureKind::InUse, last.saturating_mul(bytes), Unit::Bytes)
            .text("no readable process has a descriptor or a mapping of them");
        Some(draft.next("find the driver that imported them and does not release them: bufinfo lists attached devices; a registration with the TEE also holds a buffer"))
    });
    findings.take(MOST).collect()
}
