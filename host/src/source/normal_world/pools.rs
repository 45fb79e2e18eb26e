//! Normal-world resources that can run out: memory and descriptor tables. Cheap enough to read
//! every second.

use std::path::Path;

use teeleak_analysis::model::{Pool, PoolKind, PoolUnit};

use super::processes::FullestTable;
use crate::source::meminfo::MemoryFigures;

/// System memory, as `free` counts it.
pub(super) fn memory(root: &Path) -> Option<Pool> {
    let figures = MemoryFigures::read(root).ok()?;
    let (size, free) = (figures.bytes("MemTotal")?, figures.bytes("MemAvailable")?);
    Some(pool("normal world", PoolUnit::Bytes, size.saturating_sub(free), size))
}

/// The descriptor table of the process closest to its limit.
pub(super) fn descriptors(filled: &FullestTable) -> Pool {
    let name = format!("descriptors of {}", filled.comm);
    pool(&name, PoolUnit::Objects, filled.fds, filled.limit)
}

fn pool(name: &str, unit: PoolUnit, used: u64, size: u64) -> Pool {
    Pool {
        allocated: Some(used),
        size: Some(size),
        ..Pool::without_figures(PoolKind::Named(name.into()), unit)
    }
}
