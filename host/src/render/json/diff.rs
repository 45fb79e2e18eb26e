//! The difference between snapshots.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{GapJson, gap_list};
use crate::{
    compare::snapshots::{AmountChange, Difference},
    render::labels,
};

/// Difference between the last snapshot of each capture and that of the first capture.
#[derive(Serialize, JsonSchema)]
pub(super) struct DiffDocument<'d> {
    /// Whether anything could be compared.
    compared: bool,
    /// Allocation sites of the TEE core.
    sites: Vec<SiteGrowth<'d>>,
    /// Regions by TA.
    regions: Vec<TaGrowth>,
    /// Sessions by TA or PTA.
    sessions: Vec<TaGrowth>,
    /// Pools whose usage changed.
    pools: Vec<PoolGrowth<'d>>,
    /// What could not be observed.
    not_observed: Vec<GapJson<'d>>,
}

/// An allocation site whose live allocations changed.
#[derive(Serialize, JsonSchema)]
struct SiteGrowth<'d> {
    /// Source file as the build names it.
    file: &'d str,
    /// Source line.
    line: u32,
    /// Bytes requested by each allocation.
    size_bytes: u64,
    /// Owner of the allocations.
    owner: String,
    #[serde(flatten)]
    growth: Growth,
}

/// A TA or PTA whose regions or sessions changed.
#[derive(Serialize, JsonSchema)]
struct TaGrowth {
    /// UUID of the TA or PTA.
    uuid: String,
    #[serde(flatten)]
    growth: Growth,
}

/// A pool whose usage changed.
#[derive(Serialize, JsonSchema)]
struct PoolGrowth<'d> {
    /// Name of the pool.
    name: std::borrow::Cow<'d, str>,
    /// In use in the first capture, in the unit of the pool.
    before: u64,
    /// In use in the last capture, in the unit of the pool.
    after: u64,
}

/// Objects and bytes in the first and the last capture.
#[derive(Serialize, JsonSchema)]
struct Growth {
    /// Objects in the first capture.
    count_before: u64,
    /// Objects in the last capture.
    count_after: u64,
    /// Bytes in the first capture.
    bytes_before: u64,
    /// Bytes in the last capture.
    bytes_after: u64,
    /// Objects in each capture, if there are more than two; null if not observed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    counts: Vec<Option<u64>>,
}

/// Writes a difference.
pub(crate) fn write(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let ta = |(uuid, change): (&teeleak_proto::Uuid, &AmountChange)| TaGrowth {
        uuid: uuid.to_string(),
        growth: growth(change),
    };
    let document = DiffDocument {
        compared: difference.compared,
        sites: sites(difference),
        regions: difference.regions.iter().map(ta).collect(),
        sessions: difference.sessions.iter().map(ta).collect(),
        pools: pools(difference),
        not_observed: gap_list(&difference.gaps),
    };
    super::write("diff", &document, out)
}

fn sites(difference: &Difference) -> Vec<SiteGrowth<'_>> {
    let site = |(key, change)| {
        let key: &crate::compare::snapshots::ComparedSiteKey = key;
        SiteGrowth {
            file: &key.file,
            line: key.line,
            size_bytes: key.size,
            owner: labels::holder(key),
            growth: growth(change),
        }
    };
    difference.sites.iter().map(site).collect()
}

fn pools(difference: &Difference) -> Vec<PoolGrowth<'_>> {
    let pools = difference.pools.iter();
    pools
        .map(|(kind, change)| PoolGrowth {
            name: kind.label(),
            before: change.before.count,
            after: change.after.count,
        })
        .collect()
}

fn growth(change: &AmountChange) -> Growth {
    Growth {
        count_before: change.before.count,
        count_after: change.after.count,
        bytes_before: change.before.bytes,
        bytes_after: change.after.bytes,
        counts: change.course.clone(),
    }
}
