//! What of the normal world runs full: memory, and tables of descriptors. Cheap enough for each second.

use std::{fs, path::Path};

use teeleak_analysis::model::{Pool, PoolKind, PoolUnit};

use super::processes::Filled;

/// All memory, as `free` counts it.
pub(super) fn memory(root: &Path) -> Option<Pool> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    let (size, free) = (of("MemTotal:")?, of("MemAvailable:")?);
    Some(pool("normal world", PoolUnit::Bytes, size.saturating_sub(free), size))
}

/// The table of descriptors of the process that has least left.
pub(super) fn descriptors(filled: &Filled) -> Pool {
    let name = format!("descriptors of {}", filled.comm);
    pool(&name, PoolUnit::Objects, filled.fds, filled.limit)
}

fn pool(name: &str, unit: PoolUnit, used: u64, size: u64) -> Pool {
    Pool {
        kind: PoolKind::Named(name.into()),
        unit,
        allocated: Some(used),
        max_allocated: None,
        size: Some(size),
        largest_free: None,
        free2_sum: None,
        num_alloc_fail: None,
        biggest_alloc_fail: None,
        biggest_alloc_fail_used: None,
    }
}
