//! dma-bufs kept alive by a descriptor: buffer, inode, descriptor, process, and the dup that created it.

use std::collections::{BTreeMap, HashSet};

use crate::{
    model::{
        FigureKind, Finding, FindingKind, Holder, LedgerEntry, LedgerKind, LedgerSnapshot, Listing,
        LogFact, LogRecord, NormalWorld, Severity, SourceLocation, Unit, Verdict,
    },
    normal_world::{
        finding_builder::{FindingBuilder, holding},
        holders::remapped::replaced_buffers,
    },
    text,
};

/// Ledgers with the holders of buffers.
const HOLDERS: [LedgerKind; 3] = [LedgerKind::DmaHeap, LedgerKind::FdInfo, LedgerKind::Mappings];

/// Maximum number of findings.
const MOST: usize = 100;

/// Maximum number of buffers per holder shown in detail.
const EXAMPLES: usize = 3;

/// The key of a group of buffers: whether the holder is doubtful, the holder, the size.
type BufferGroupKey = (bool, Option<u64>, u64);

/// A buffer held by a duplicated descriptor.
struct HeldBuffer<'n> {
    row: &'n LedgerEntry,
    of: &'n LedgerSnapshot,
    copy: (u64, u64),
    task: Option<u64>,
    said: &'n LogRecord,
    /// Whether another process has a descriptor of the same number, which may be the copy.
    doubtful: bool,
    /// Whether an excerpt of a trace shows the copy.
    is_excerpt: bool,
}

/// Findings for buffers held by a duplicated descriptor that was never closed.
pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut reported_copies = HashSet::new();
    let mut groups: BTreeMap<BufferGroupKey, Vec<HeldBuffer<'_>>> = BTreeMap::new();
    for saying in &normal.sayings {
        let LogFact::Duplicated { task, old, new, is_excerpt, .. } = saying.said else { continue };
        let holders = holders(normal, new);
        let first = holders.first().and_then(|(_, row)| row.holder.as_ref()).map(|one| one.pid);
        let doubtful =
            holders.iter().any(|(_, row)| row.holder.as_ref().map(|one| one.pid) != first);
        for (of, row) in holders {
            if reported_copies.insert((row.ids.inode, new)) {
                let copy = (old, new);
                let buffer = HeldBuffer { row, of, copy, task, said: saying, doubtful, is_excerpt };
                let pid = row.holder.as_ref().map(|holder| holder.pid);
                groups.entry((doubtful, pid, row.bytes)).or_default().push(buffer);
            }
        }
    }
    groups.values().take(MOST).filter_map(|held| finding(held, normal)).collect()
}

/// The finding for one buffer, or for several of the same size.
fn finding(all: &[HeldBuffer<'_>], normal: &NormalWorld) -> Option<Finding> {
    let [held] = all else { return group_finding(all, normal) };
    Some(held.finding(normal))
}

fn group_finding(all: &[HeldBuffer<'_>], normal: &NormalWorld) -> Option<Finding> {
    let first = all.first()?;
    let numbers = |of: fn(&HeldBuffer<'_>) -> u64| text::ranges(&all.iter().map(of).collect());
    let total = all.iter().fold(0u64, |sum, held| sum.saturating_add(held.row.bytes));
    let (each, who) = (text::number(first.row.bytes), first.holder_text(normal));
    let title = format!(
        "{} of {each} bytes, {} in all, are held by {who} as fd {}, dups of {} never closed",
        text::count(all.len() as u64, "buffer"),
        text::bytes(total),
        numbers(|held| held.copy.1),
        numbers(|held| held.copy.0)
    );
    let mut draft = first.draft(title, normal).figure(FigureKind::Held, total, Unit::Bytes).figure(
        FigureKind::Buffers,
        all.len() as u64,
        Unit::Objects,
    );
    draft = draft.text(&format!("inodes {}", numbers(|held| held.row.ids.inode.unwrap_or(0))));
    for held in all.iter().take(EXAMPLES) {
        draft = held.evidence(normal, draft);
    }
    if all.len() > EXAMPLES {
        draft = draft
            .text(&format!("and {} more like these", text::number((all.len() - EXAMPLES) as u64)));
    }
    Some(first.end(draft, normal))
}

/// Rows of the last snapshots in which a process holds a buffer by this descriptor, best first.
fn holders(normal: &NormalWorld, fd: u64) -> Vec<(&LedgerSnapshot, &LedgerEntry)> {
    let snapshots = HOLDERS.into_iter().flat_map(|ledger| normal.snapshots(ledger).rev());
    let rows = snapshots.flat_map(|census| census.rows.iter().map(move |row| (census, row)));
    rows.filter(|(_, row)| row.ids.fds.contains(&fd) && row.ids.inode.is_some()).collect()
}

impl HeldBuffer<'_> {
    fn finding(&self, normal: &NormalWorld) -> Finding {
        let LedgerEntry { bytes, ids, .. } = self.row;
        let (old, new) = self.copy;
        let inode = ids.inode.unwrap_or_default();
        let address = ids.address.map_or(String::new(), |address| format!(" at iova {address:#x}"));
        let title = format!(
            "{} bytes{address} (inode {inode}) are held by {} as fd {new}, a dup of {old} never closed",
            text::number(*bytes),
            self.holder_text(normal)
        );
        let draft = self.draft(title, normal).figure(FigureKind::Held, *bytes, Unit::Bytes);
        let draft = self.evidence(normal, draft);
        self.end(draft, normal)
    }

    /// The holder, with its name from any ledger.
    fn holder(&self, normal: &NormalWorld) -> Option<Holder> {
        let holder = self.row.holder.clone()?;
        let log_holder = normal.sayings.iter().rev().find_map(|one| match &one.said {
            LogFact::Process(named) if named.pid == holder.pid => Some(named),
            _ => None,
        });
        // A run lists the descriptors of each process with its name.
        let last_list = normal.snapshots(LedgerKind::Descriptors).next_back();
        let list_holder = last_list.and_then(|census| {
            let row_holders = census.rows.iter().filter_map(|row| row.holder.as_ref());
            { row_holders }.find(|listed| listed.pid == holder.pid)
        });
        let replacement = log_holder.or(list_holder).filter(|_| holder.comm.is_empty());
        Some(replacement.cloned().unwrap_or(holder))
    }

    fn holder_text(&self, normal: &NormalWorld) -> String {
        self.holder(normal).map_or_else(|| "a process".into(), |holder| text::holder(&holder))
    }

    fn draft(&self, title: String, normal: &NormalWorld) -> FindingBuilder {
        let is_proof = !self.doubtful && !self.is_excerpt;
        let severity = if is_proof { Severity::Failure } else { Severity::Possible };
        let holder = self.holder(normal);
        let comm = holder.as_ref().map_or("", |holder| &*holder.comm);
        let pid = holder.as_ref().map(|holder| holder.pid);
        FindingBuilder::new(
            FindingKind::Unpaired,
            holding(Listing::DmaBufs, comm, pid),
            severity,
            title,
        )
        .verdict(if self.is_excerpt { Verdict::Undecided } else { Verdict::Leak })
    }

    fn evidence(&self, normal: &NormalWorld, draft: FindingBuilder) -> FindingBuilder {
        let (old, new) = self.copy;
        let draft = draft.evidence_at(
            &self.listing_text(&self.row.name, &self.holder_text(normal)),
            &self.row.place,
        );
        let draft = self.add_other_ledgers(normal, draft);
        let task = self.task.map_or(String::new(), |task| format!("task {task}: "));
        let after = if self.is_excerpt {
            format!("the excerpt has no close({new}), and the descriptor is still open")
        } else {
            format!("and no close({new}) after it")
        };
        draft.evidence_at(&format!("strace: {task}dup({old}) = {new}, {after}"), &self.said.place)
    }

    fn end(&self, draft: FindingBuilder, normal: &NormalWorld) -> Finding {
        let (old, new) = self.copy;
        let pid = self.row.holder.as_ref().map(|holder| holder.pid);
        let draft = match (self.doubtful, self.task == pid) {
            (true, _) => draft.text(&format!(
                "other processes also hold buffers as fd {new}, so the holder is uncertain"
            )),
            // The first thread of a process has its number.
            (false, true) => draft,
            (false, false) => draft
                .text("the trace names a task, not a process: matched by the descriptor's number"),
        };
        draft.next(&format!("close the copy of fd {old}: look for dup() without close() in the program and libraries of {}", self.holder_text(normal)))
    }

    fn listing_text(&self, name: &str, who: &str) -> String {
        let maps = self
            .row
            .ids
            .maps
            .map_or(String::new(), |maps| format!(", mapped {} times", text::number(maps)));
        let fds: Vec<_> = self.row.ids.fds.iter().map(u64::to_string).collect();
        format!("{}: \"{name}\", {who} has fd {}{maps}", self.of.title(), text::list(&fds))
    }

    /// Adds entries of other ledgers for the same buffer.
    fn add_other_ledgers(&self, normal: &NormalWorld, mut draft: FindingBuilder) -> FindingBuilder {
        let ids = &self.row.ids;
        for row in normal.snapshots(LedgerKind::FdInfo).flat_map(|census| &census.rows) {
            let is_same = row.ids.inode == ids.inode && row.ids.fds.contains(&self.copy.1);
            if is_same && row.place != self.row.place {
                let holder_text = row.holder.as_ref().map_or(String::new(), text::holder);
                let text = format!(
                    "fdinfo: fd {} of {holder_text} is inode {}",
                    self.copy.1,
                    ids.inode.unwrap_or(0)
                );
                draft = draft.evidence_at(&text, &row.place);
            }
        }
        let Some(address) = ids.address else { return draft };
        for (text, place) in self.of_address(normal, address) {
            draft = draft.evidence_at(&text, &place);
        }
        draft
    }

    fn of_address(&self, normal: &NormalWorld, address: u64) -> Vec<(String, SourceLocation)> {
        let mut lines = Vec::new();
        for census in normal.snapshots(LedgerKind::IovaMap) {
            let Some(row) = by_address(census, address) else { continue };
            let same_size =
                census.rows.iter().filter(|row| row.bytes == self.row.bytes).count() as u64;
            let text = format!(
                "iova_map: {address:#x} is mapped, one of {} of this size, {} in all",
                text::count(same_size, "mapping"),
                text::bytes(same_size.saturating_mul(self.row.bytes))
            );
            lines.push((text, row.place.clone()));
        }
        for census in normal.snapshots(LedgerKind::IommuDump) {
            let Some(row) = by_address(census, address).filter(|row| row.count > 0) else {
                continue;
            };
            let operations: Vec<_> = row.stack.iter().map(ToString::to_string).collect();
            let text = format!("iommu_dump: {}, and no free", text::list(&operations));
            lines.push((text, row.place.clone()));
        }
        lines.extend(use_of(normal, address));
        lines
    }
}

/// The line of a program that shows what became of a buffer, or at least that it was used.
fn use_of(normal: &NormalWorld, address: u64) -> Option<(String, SourceLocation)> {
    let replaced_buffers = replaced_buffers(normal);
    if let Some(buffer) = replaced_buffers.iter().find(|buffer| buffer.before == address) {
        return Some((buffer.sentence(), buffer.record.place.clone()));
    }
    let is_use = |record: &&LogRecord| matches!(record.said, LogFact::Uses { address: used, .. } if used == address);
    let usage = normal.sayings.iter().find(is_use)?;
    Some((format!("a program used {address:#x}"), usage.place.clone()))
}

/// Addresses of the buffers that copies of descriptors hold.
pub(super) fn copied_addresses(normal: &NormalWorld) -> HashSet<u64> {
    let copies = normal.sayings.iter().filter_map(|record| match record.said {
        LogFact::Duplicated { new, .. } => Some(new),
        _ => None,
    });
    copies.flat_map(|new| holders(normal, new)).filter_map(|(_, row)| row.ids.address).collect()
}

fn by_address(census: &LedgerSnapshot, address: u64) -> Option<&LedgerEntry> {
    census.rows.iter().find(|row| row.ids.address == Some(address))
}
