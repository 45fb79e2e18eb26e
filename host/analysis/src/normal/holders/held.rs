//! dma-bufs with a growing number of descriptors, and dma-bufs without any process.

use std::collections::{BTreeMap, BTreeSet};

use super::descriptors::names;
use crate::{
    growth::{Judgement, report::words as growing},
    model::{
        Census, Evidence, FigureKind, Finding, Kind, Ledger, Listing, Moment, NormalWorld, Row,
        Severity, Unit, Verdict,
    },
    normal::{
        draft::{Draft, holding},
        prints::{Counted, Prints},
    },
    text,
};

/// Maximum number of kinds of buffers, and of findings.
const KEYS: usize = 1 << 16;
const MOST: usize = 10;

/// Maximum number of buffers and of descriptors listed.
const TOLD: usize = 6;

/// Descriptors and mappings of buffers at one moment.
#[derive(Default)]
struct Held<'n> {
    fds: Vec<&'n Row>,
    maps: Vec<&'n Row>,
}

fn by_moment(normal: &NormalWorld) -> BTreeMap<Moment, Held<'_>> {
    let mut all: BTreeMap<Moment, Held<'_>> = BTreeMap::new();
    let own = normal.censuses.iter().filter_map(|census| Some((census.moment?, census)));
    for (moment, census) in own {
        let held = all.entry(moment).or_default();
        match census.ledger {
            Ledger::FdInfo => held.fds.extend(&census.rows),
            Ledger::Mappings => held.maps.extend(&census.rows),
            _ => {}
        }
    }
    all
}

/// Process id of the holder, and size of the buffer.
type Key = (u64, u64);

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let held = by_moment(normal);
    let prints = Prints::of(normal, Ledger::Descriptors, |_| true);
    let rows = |census: &Census| census.moment.and_then(|moment| held.get(&moment));
    let list = |census: &'_ Census| -> Vec<(Key, u64)> {
        rows(census).into_iter().flat_map(|held| &held.fds).filter_map(|row| key(row)).collect()
    };
    let Some(last) = prints.measured().next_back() else { return Vec::new() };
    let now = Held::default();
    let now = rows(last).unwrap_or(&now);
    let names = names(last);
    let mut told: Vec<_> = prints
        .columns(list, KEYS)
        .into_iter()
        .filter_map(|(key, counted)| {
            let comm = names.get(&key.0).and_then(|row| row.holder.as_ref());
            let comm = comm.map_or("", |holder| &*holder.comm);
            let said = counted.judge();
            Growing { pid: key.0, comm, bytes: key.1, counted, said, now }.finding()
        })
        .collect();
    told.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    let mut told: Vec<_> = told.into_iter().take(MOST).map(|(_, finding)| finding).collect();
    told.extend(nobodys(normal, &held));
    told
}

fn key(row: &Row) -> Option<(Key, u64)> {
    Some(((row.holder.as_ref()?.pid, row.bytes), row.count))
}

/// Buffers of one size with a growing number of descriptors in one process.
struct Growing<'n> {
    pid: u64,
    comm: &'n str,
    bytes: u64,
    counted: Counted,
    said: Judgement,
    now: &'n Held<'n>,
}

impl Growing<'_> {
    fn finding(&self) -> Option<(u64, Finding)> {
        let (first, last) = self.counted.ends();
        let gain = last.saturating_sub(first).saturating_mul(self.bytes);
        let severity = severity(&self.said, &self.counted)?;
        let who = text::holder(&crate::model::Holder { pid: self.pid, comm: self.comm.into() });
        let title = format!(
            "{who}: {} -> {} of dma-bufs of {} each{}, {} more",
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
    fn described(&self, mut draft: Draft) -> Draft {
        let ours = |row: &&&Row| row.holder.as_ref().is_some_and(|holder| holder.pid == self.pid);
        let fds: Vec<_> =
            self.now.fds.iter().filter(ours).filter(|row| row.bytes == self.bytes).collect();
        let mut buffers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for row in &fds {
            buffers.entry(row.ids.inode.unwrap_or(0)).or_default().extend(&row.ids.fds);
        }
        let mapped: BTreeSet<_> =
            self.now.maps.iter().filter(ours).filter_map(|row| row.ids.inode).collect();
        let of = text::count(buffers.len() as u64, "buffer");
        let maps = buffers.keys().filter(|inode| mapped.contains(inode)).count();
        let text = format!(
            "{} of {of}, {} of them mapped",
            text::count(fds.len() as u64, "descriptor"),
            text::number(maps as u64)
        );
        draft = match fds.last() {
            Some(row) => {
                draft.at(&format!("{text}; exporter or name \"{}\"", row.name), &row.place)
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
    let told = buffers.iter().rev().take(TOLD).map(|(inode, fds)| {
        let fds: Vec<_> = fds.iter().take(TOLD).map(u64::to_string).collect();
        format!("inode {inode} as fd {}", text::list(&fds))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Severity of a judgement; `None` if there is nothing to report.
fn severity(said: &Judgement, counted: &Counted) -> Option<Severity> {
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
    counted: &Counted,
) -> Draft {
    let rate = said.rate.filter(|_| said.verdict == Verdict::Leak);
    Draft::new(Kind::SiteGrowth, holding(Listing::DmaBufs, name, pid), severity, title)
        .verdict(said.verdict)
        .figures(
            rate.map(|rate| growing::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration)),
        )
        .figures(growing::about(said, counted.idle))
        .evidence([Evidence::Text(growing::why(said, &counted.series, "descriptor").into())])
        .evidence(growing::evidence(&counted.series, counted.first))
}

/// Findings for buffers that the kernel lists but no process has a descriptor or a mapping of.
fn nobodys(normal: &NormalWorld, held: &BTreeMap<Moment, Held<'_>>) -> Vec<Finding> {
    let prints = Prints::of(normal, Ledger::DmaBuf, |census| census.moment.is_some());
    let list = |census: &'_ Census| -> Vec<(u64, u64)> {
        let Some(held) = census.moment.and_then(|moment| held.get(&moment)) else {
            return Vec::new();
        };
        let known: BTreeSet<_> =
            held.fds.iter().chain(&held.maps).filter_map(|row| row.ids.inode).collect();
        let alone = |row: &&Row| row.ids.inode.is_some_and(|inode| !known.contains(&inode));
        census.rows.iter().filter(alone).map(|row| (row.bytes, row.count)).collect()
    };
    let all = prints.columns(list, KEYS);
    let told = all.into_iter().filter_map(|(bytes, counted)| {
        let said = counted.judge();
        let severity = severity(&said, &counted)?;
        let (first, last) = counted.ends();
        let title = format!(
            "{} -> {} of {} each without a process{}: held by the kernel",
            text::number(first),
            text::count(last, "dma-buf"),
            text::bytes(bytes),
            per_iteration(&said)
        );
        let draft = draft(("no process", None), severity, title, &said, &counted)
            .figure(FigureKind::InUse, last.saturating_mul(bytes), Unit::Bytes)
            .text("no readable process has a descriptor or a mapping of them");
        Some(draft.next("find the driver that imported them and does not release them: bufinfo lists attached devices; a registration with the TEE also holds a buffer"))
    });
    told.take(MOST).collect()
}
