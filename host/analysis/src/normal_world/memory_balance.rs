//! What of all memory no line of `/proc/meminfo` accounts for; only where all of its parts are there.

use crate::model::{LedgerKind, LedgerSnapshot};

/// Parts that every kernel prints, besides slab.
const PARTS: [&str; 6] = ["MemFree", "Buffers", "Cached", "AnonPages", "KernelStack", "PageTables"];

/// Parts of kernels that have them.
const FURTHER: [&str; 3] = ["SwapCached", "Percpu", "SecPageTables"];

/// The parts of several snapshots: those that one of them has are needed in each.
pub(super) struct MemoryBalance {
    further: Vec<&'static str>,
}

impl MemoryBalance {
    pub(super) fn new<'n>(snapshots: impl Iterator<Item = &'n LedgerSnapshot>) -> Self {
        let mut further = Vec::new();
        for census in snapshots {
            let new = FURTHER.iter().filter(|name| value(census, name).is_some());
            let new: Vec<_> = new.filter(|name| !further.contains(*name)).copied().collect();
            further.extend(new);
        }
        Self { further }
    }

    /// Memory that nobody accounts for.
    pub(super) fn unaccounted(&self, census: &LedgerSnapshot) -> Option<u64> {
        if census.ledger != LedgerKind::MemInfo || !self.missing(census).is_empty() {
            return None;
        }
        let parts = PARTS.iter().chain(&self.further).filter_map(|name| value(census, name));
        let known_bytes = parts.fold(slab(census)?, u64::saturating_add);
        Some(value(census, "MemTotal")?.saturating_sub(known_bytes))
    }

    /// The rows that are missing for that.
    pub(super) fn missing(&self, census: &LedgerSnapshot) -> Vec<&'static str> {
        let needed = ["MemTotal"].iter().chain(&PARTS).chain(&self.further);
        let mut missing: Vec<_> =
            needed.filter(|name| value(census, name).is_none()).copied().collect();
        missing.extend(slab(census).is_none().then_some("Slab"));
        missing
    }
}

/// The bytes of a row.
pub(super) fn value(census: &LedgerSnapshot, name: &str) -> Option<u64> {
    census.rows.iter().find(|row| *row.name == *name).map(|row| row.bytes)
}

/// Slab memory: its own row, or the two that it is the sum of.
pub(super) fn slab(census: &LedgerSnapshot) -> Option<u64> {
    let parts = value(census, "SReclaimable")
        .and_then(|reclaimable| reclaimable.checked_add(value(census, "SUnreclaim")?));
    match (value(census, "Slab"), parts) {
        (Some(whole), Some(parts)) => Some(whole.max(parts)),
        (whole, parts) => whole.or(parts),
    }
}

/// Memory in use without what the kernel gives back: for snapshots that lack the other parts.
pub(super) fn in_use(census: &LedgerSnapshot) -> Option<u64> {
    let buffers = value(census, "Buffers").unwrap_or(0);
    let free = value(census, "MemFree")?.saturating_add(value(census, "Cached")?);
    Some(value(census, "MemTotal")?.saturating_sub(free.saturating_add(buffers)))
}
