//! What differs between two samples.

use std::io::{self, Write};

use serde::Serialize;

use super::{Unseen, unseen};
use crate::{
    compare::{Change, Difference},
    render::words,
};

#[derive(Serialize)]
struct Document<'d> {
    compared: bool,
    sites: Vec<SiteGrowth<'d>>,
    regions: Vec<TaGrowth>,
    sessions: Vec<TaGrowth>,
    pools: Vec<PoolGrowth<'d>>,
    unseen: Vec<Unseen<'d>>,
}

#[derive(Serialize)]
struct SiteGrowth<'d> {
    file: &'d str,
    line: u32,
    size_bytes: u64,
    owner: String,
    #[serde(flatten)]
    growth: Growth,
}

#[derive(Serialize)]
struct TaGrowth {
    uuid: String,
    #[serde(flatten)]
    growth: Growth,
}

#[derive(Serialize)]
struct PoolGrowth<'d> {
    name: &'d str,
    before: u64,
    after: u64,
}

#[derive(Serialize)]
struct Growth {
    count_before: u64,
    count_after: u64,
    bytes_before: u64,
    bytes_after: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    counts: Vec<Option<u64>>,
}

/// Writes a difference.
pub(crate) fn write(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let ta = |(uuid, change): (&teeleak_proto::Uuid, &Change)| TaGrowth {
        uuid: uuid.to_string(),
        growth: growth(change),
    };
    let document = Document {
        compared: difference.compared,
        sites: sites(difference),
        regions: difference.regions.iter().map(ta).collect(),
        sessions: difference.sessions.iter().map(ta).collect(),
        pools: pools(difference),
        unseen: unseen(&difference.gaps),
    };
    super::write("diff", &document, out)
}

fn sites(difference: &Difference) -> Vec<SiteGrowth<'_>> {
    let site = |(key, change)| {
        let key: &crate::compare::SiteKey = key;
        SiteGrowth {
            file: &key.file,
            line: key.line,
            size_bytes: key.size,
            owner: words::owner(&key.owner),
            growth: growth(change),
        }
    };
    difference.sites.iter().map(site).collect()
}

fn pools(difference: &Difference) -> Vec<PoolGrowth<'_>> {
    let pools = difference.pools.iter();
    pools
        .map(|(kind, change)| PoolGrowth {
            name: words::pool(kind),
            before: change.before.count,
            after: change.after.count,
        })
        .collect()
}

fn growth(change: &Change) -> Growth {
    Growth {
        count_before: change.before.count,
        count_after: change.after.count,
        bytes_before: change.before.bytes,
        bytes_after: change.after.bytes,
        counts: change.course.clone(),
    }
}
