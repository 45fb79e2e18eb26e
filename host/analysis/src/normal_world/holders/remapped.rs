//! Addresses of a program that got another buffer, while the iommu still maps the one before.
//!
//! A program that unmaps a buffer and maps the next one gets the same address of its own again. The address as
//! the device sees it changes only if the buffer before was not given back.

use std::collections::{BTreeMap, HashSet};

use crate::{
    model::{
        FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, LedgerSnapshot, Listing,
        LogFact, LogRecord, NormalWorld, Severity, Unit, Verdict,
    },
    normal_world::finding_builder::{FindingBuilder, holding},
    text,
};

/// Most findings.
const MOST: usize = 10;

/// A buffer that another one replaced at a program's address.
pub(super) struct ReplacedBuffer<'n> {
    pub(super) program_address: u64,
    pub(super) before: u64,
    pub(super) now: u64,
    /// The line that shows the buffer that is there now.
    pub(super) record: &'n LogRecord,
}

impl ReplacedBuffer<'_> {
    /// What the log shows, in one sentence.
    pub(super) fn sentence(&self) -> String {
        format!(
            "program address {:#x} was iova {:#x}, and is {:#x} later: the program unmapped the buffer before",
            self.program_address, self.before, self.now
        )
    }
}

/// Buffers that were replaced and that no program uses after that.
pub(super) fn replaced_buffers(normal: &NormalWorld) -> Vec<ReplacedBuffer<'_>> {
    let mut current = BTreeMap::new();
    let mut replaced_buffers = Vec::new();
    let mut last_use = BTreeMap::new();
    for (at, record) in normal.sayings.iter().enumerate() {
        let LogFact::Uses { address, program_address: Some(program_address) } = record.said else {
            continue;
        };
        last_use.insert(address, at);
        let before = current.insert(program_address, address);
        if let Some(before) = before.filter(|before| *before != address) {
            let buffer = ReplacedBuffer { program_address, before, now: address, record };
            replaced_buffers.push((at, buffer));
        }
    }
    let is_over = |(at, one): &(usize, ReplacedBuffer<'_>)| {
        last_use.get(&one.before).is_none_or(|last| last < at)
    };
    replaced_buffers.into_iter().filter(is_over).map(|(_, one)| one).collect()
}

/// Findings for those that the iommu still maps, apart from buffers whose holder is known.
pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let Some(map) = normal.snapshots(LedgerKind::IovaMap).next_back() else { return Vec::new() };
    let replaced_buffers = replaced_buffers(normal);
    if replaced_buffers.is_empty() {
        return Vec::new();
    }
    let explained = super::buffers::copied_addresses(normal);
    let mut shown = HashSet::new();
    let mut findings = Vec::new();
    for buffer in &replaced_buffers {
        let row = map.rows.iter().find(|row| row.ids.address == Some(buffer.before));
        let Some(row) = row.filter(|_| !explained.contains(&buffer.before)) else { continue };
        if findings.len() < MOST && shown.insert(buffer.before) {
            findings.push(finding(buffer, map, row));
        }
    }
    findings
}

fn finding(buffer: &ReplacedBuffer<'_>, map: &LedgerSnapshot, row: &LedgerEntry) -> Finding {
    let title = format!(
        "iova {:#x}, {}, is still mapped, but its program's address has another buffer",
        buffer.before,
        text::bytes(row.bytes)
    );
    let name = format!("{:#x}", buffer.before);
    let subject = holding(Listing::Ledger(LedgerKind::IovaMap), &name, None);
    let same = map.rows.iter().filter(|other| other.bytes == row.bytes).count() as u64;
    FindingBuilder::new(FindingKind::Unpaired, subject, Severity::Possible, title)
        .verdict(Verdict::Undecided)
        .figure(FigureKind::Held, row.bytes, Unit::Bytes)
        .evidence_at(&buffer.sentence(), &buffer.record.place)
        .evidence_at(
            &format!("iova_map: it is one of {} of this size", text::count(same, "mapping")),
            &row.place,
        )
        .next("find who holds this buffer: dma_heap or bufinfo by its address or size, then fdinfo of the process and strace of dup() and close()")
}
