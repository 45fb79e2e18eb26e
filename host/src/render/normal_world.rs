//! Holdings of the normal world in its last snapshot: descriptors by process, dma-bufs, memory, slab.

use std::collections::BTreeMap;

use teeleak_analysis::model::{
    Holder, LedgerEntry, LedgerKind, LedgerSnapshot, Moment, Observation,
};

/// Holdings of the normal world at one moment.
pub(crate) struct Holdings<'o> {
    /// Processes, most descriptors first.
    pub(crate) processes: Vec<ProcessHoldings<'o>>,
    /// dma-bufs, largest first.
    pub(crate) buffers: Vec<DmaBufHoldings<'o>>,
    /// Figures of `/proc/meminfo`, in bytes, in their order.
    pub(crate) memory: Vec<(&'o str, u64)>,
    /// Slab caches with objects and bytes, largest first.
    pub(crate) caches: Vec<&'o LedgerEntry>,
}

/// A process and the number of its descriptors.
pub(crate) struct ProcessHoldings<'o> {
    pub(crate) holder: &'o Holder,
    pub(crate) fds: u64,
    pub(crate) limit: Option<u64>,
    /// Number of dma-buf descriptors, and their bytes.
    pub(crate) buffers: (u64, u64),
}

/// A dma-buf and its holders.
pub(crate) struct DmaBufHoldings<'o> {
    pub(crate) inode: u64,
    pub(crate) bytes: u64,
    pub(crate) name: &'o str,
    /// Process and descriptor.
    pub(crate) holders: Vec<(&'o Holder, u64)>,
}

impl<'o> Holdings<'o> {
    /// Holdings in the last snapshot; `None` if no descriptors were recorded.
    pub(crate) fn from_observation(observation: &'o Observation) -> Option<Self> {
        let snapshots = &observation.normal.censuses;
        let last = snapshots.iter().rev().find(|one| one.ledger == LedgerKind::Descriptors)?;
        let snapshot = MomentLedgers { all: snapshots, moment: last.moment? };
        let mut processes: Vec<_> = processes(last).collect();
        let holders: BTreeMap<_, _> =
            processes.iter().map(|process| (process.holder.pid, process.holder)).collect();
        for row in snapshot.rows(LedgerKind::FdInfo) {
            let is_holder = |process: &&mut ProcessHoldings<'_>| {
                row.holder.as_ref().is_some_and(|holder| holder.pid == process.holder.pid)
            };
            if let Some(process) = processes.iter_mut().find(is_holder) {
                process.buffers.0 += 1;
                process.buffers.1 += row.bytes;
            }
        }
        processes.sort_by_key(|process| std::cmp::Reverse(process.fds));
        let mut caches: Vec<_> = snapshot.rows(LedgerKind::Slab).collect();
        caches.sort_by_key(|row| std::cmp::Reverse(row.bytes));
        let memory =
            snapshot.rows(LedgerKind::MemInfo).map(|row| (&*row.name, row.bytes)).collect();
        Some(Self { processes, buffers: buffers(&snapshot, &holders), memory, caches })
    }
}

/// Ledger snapshots of one moment.
struct MomentLedgers<'o> {
    all: &'o [LedgerSnapshot],
    moment: Moment,
}

impl<'o> MomentLedgers<'o> {
    fn rows(&self, ledger: LedgerKind) -> impl Iterator<Item = &'o LedgerEntry> + use<'o> {
        let moment = self.moment;
        let is_match =
            move |one: &&LedgerSnapshot| one.ledger == ledger && one.moment == Some(moment);
        self.all.iter().filter(is_match).flat_map(|one| &one.rows)
    }
}

fn processes(census: &LedgerSnapshot) -> impl Iterator<Item = ProcessHoldings<'_>> {
    let process_rows = census.rows.iter().filter(|row| row.name.is_empty());
    process_rows.filter_map(|row| {
        let (fds, limit) = (row.count, row.ids.limit);
        Some(ProcessHoldings { holder: row.holder.as_ref()?, fds, limit, buffers: (0, 0) })
    })
}

/// All dma-bufs in the kernel's list or referenced by a process's descriptor.
fn buffers<'o>(
    now: &MomentLedgers<'o>,
    holders: &BTreeMap<u64, &'o Holder>,
) -> Vec<DmaBufHoldings<'o>> {
    let mut by_inode: BTreeMap<u64, DmaBufHoldings<'o>> = BTreeMap::new();
    for row in now.rows(LedgerKind::DmaBuf).chain(now.rows(LedgerKind::FdInfo)) {
        let Some(inode) = row.ids.inode else { continue };
        let (bytes, name) = (row.bytes, &*row.name);
        let buffer = by_inode.entry(inode).or_insert_with(|| DmaBufHoldings {
            inode,
            bytes,
            name,
            holders: Vec::new(),
        });
        let holder = row.holder.as_ref().and_then(|holder| holders.get(&holder.pid));
        buffer.holders.extend(holder.zip(row.ids.fds.first()).map(|(holder, fd)| (*holder, *fd)));
    }
    let mut buffers: Vec<_> = by_inode.into_values().collect();
    buffers.sort_by_key(|buffer| (std::cmp::Reverse(buffer.bytes), buffer.inode));
    buffers
}
