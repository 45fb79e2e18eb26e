//! What a single look shows, as JSON.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::one_look::{HeapLook, HeldSite, OneLook, TaLook};

use super::snapshot::{PoolFigures, pool};

/// What is alive, where growth could not be judged.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OneLook")]
pub(super) struct OneLookJson<'t> {
    /// The look in one line.
    headline: String,
    /// Number of snapshots.
    n_snapshots: usize,
    /// Live allocations of each heap.
    heaps: Vec<HeapLookJson<'t>>,
    /// TAs with their regions, most regions first.
    tas: Vec<TaLookJson>,
    /// The newest figures of each pool, heaps of TAs among them.
    pools: Vec<PoolFigures<'t>>,
    /// What would turn the look into a verdict; missing if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'t str>,
}

/// The live allocations of one heap.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HeapLook")]
struct HeapLookJson<'t> {
    /// The heap: `core heap`, or that of a TA.
    heap: Cow<'t, str>,
    /// Number of allocations.
    count: u64,
    /// Their bytes, as requested.
    bytes: u64,
    /// Number of sites.
    n_sites: u64,
    /// Records of the dump that are missing, as far as known.
    n_lost: u64,
    /// The biggest sites.
    sites: Vec<HeldSiteJson<'t>>,
}

/// Allocations at one site.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HeldSite")]
struct HeldSiteJson<'t> {
    /// Source file.
    file: &'t str,
    /// Source line.
    line: u32,
    /// Bytes requested by each allocation.
    size_bytes: u64,
    /// Number of allocations.
    count: u64,
    /// Bytes of all of them.
    bytes: u64,
    /// For whom, if known.
    owner: Option<&'t str>,
    /// Whether there are as many as all TAs have regions.
    one_per_region: bool,
}

/// A TA with its regions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TaLook")]
struct TaLookJson {
    /// UUID of the TA.
    uuid: String,
    /// Instance number.
    instance: u32,
    /// Number of regions.
    n_regions: u64,
    /// Bytes mapped.
    bytes: u64,
    /// Whether lines of its map are missing.
    partial: bool,
    /// Whether it panicked.
    panicked: bool,
    /// Regions of each other TA, the middle one of several, if this one has far more.
    n_regions_of_others: Option<u64>,
    /// Small read-write regions away from its code.
    small_regions: Option<SmallRegionsJson>,
}

/// Small regions away from a TA's code.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SmallRegions")]
struct SmallRegionsJson {
    /// Number of them.
    count: u64,
    /// Bytes of all of them.
    bytes: u64,
    /// Lowest physical address.
    pa_from: String,
    /// Highest physical address.
    pa_to: String,
}

pub(super) fn entry(look: &OneLook) -> OneLookJson<'_> {
    OneLookJson {
        headline: look.headline(),
        n_snapshots: look.n_snapshots,
        heaps: look.heaps.iter().map(heap).collect(),
        tas: look.tas.iter().map(ta).collect(),
        pools: look.pools.iter().map(|one| pool(&one.pool)).collect(),
        next: look.next_step.as_deref(),
    }
}

fn heap(heap: &HeapLook) -> HeapLookJson<'_> {
    HeapLookJson {
        heap: heap.heap.label(),
        count: heap.count,
        bytes: heap.bytes,
        n_sites: heap.n_sites,
        n_lost: heap.lost,
        sites: heap.sites.iter().map(site).collect(),
    }
}

fn site(site: &HeldSite) -> HeldSiteJson<'_> {
    HeldSiteJson {
        file: &site.file,
        line: site.line,
        size_bytes: site.size,
        count: site.count,
        bytes: site.bytes(),
        owner: site.owner.as_deref(),
        one_per_region: site.is_per_region,
    }
}

fn ta(ta: &TaLook) -> TaLookJson {
    TaLookJson {
        uuid: ta.uuid.to_string(),
        instance: ta.instance,
        n_regions: ta.n_regions,
        bytes: ta.bytes,
        partial: ta.partial,
        panicked: ta.panicked,
        n_regions_of_others: ta.others,
        small_regions: ta.small.map(|small| SmallRegionsJson {
            count: small.count,
            bytes: small.bytes,
            pa_from: format!("{:#x}", small.between.0),
            pa_to: format!("{:#x}", small.between.1),
        }),
    }
}
