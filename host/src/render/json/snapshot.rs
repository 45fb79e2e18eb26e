//! A snapshot as JSON.

use std::{io, io::Write};

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    model::{Observation, Pool, Sample},
    text,
};

use super::{GapJson, gap_list, hex, holdings};
use crate::{
    compare::snapshots,
    render::{labels, normal_world::Holdings},
};

/// Everything live in the secure world at one moment; null for parts that were not observed.
#[derive(Serialize, JsonSchema)]
pub(super) struct SnapshotDocument<'s> {
    /// OP-TEE's version, if known.
    release: Option<&'s str>,
    /// Random number of the boot, in hexadecimal.
    boot: Option<String>,
    /// Live allocations of the core heap, by site.
    sites: Option<Vec<SiteJson<'s>>>,
    /// TA instances with their regions.
    instances: Option<Vec<InstanceJson<'s>>>,
    /// Open sessions.
    sessions: Option<Vec<SessionJson>>,
    /// Pools.
    pools: Option<Vec<PoolFigures<'s>>>,
    /// Holdings of the normal world, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    normal_world: Option<holdings::NormalWorldJson<'s>>,
    /// What could not be observed.
    not_observed: Vec<GapJson<'s>>,
}

/// Live allocations of one site with the same owner, server, session, epoch, caller and call stack.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Site")]
struct SiteJson<'s> {
    /// Source file as the build names it.
    file: &'s str,
    /// Source line.
    line: u32,
    /// Bytes requested by each allocation.
    size_bytes: u64,
    /// Number of allocations.
    count: u64,
    /// Owner of the allocations.
    owner: String,
    /// PTA that was serving the owner.
    server: String,
    /// Session of the owner that was served.
    session: Option<u32>,
    /// Epoch of the allocations; null if epochs are not recorded.
    epoch: Option<u32>,
    /// Return address of the call as an offset into the TEE core, in hexadecimal.
    caller: Option<String>,
    /// Call stack as offsets into the TEE core, in hexadecimal, innermost first; missing if not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<Vec<String>>,
}

/// A TA instance.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Instance")]
struct InstanceJson<'s> {
    /// Number of the instance, unique within one boot.
    instance: u32,
    /// UUID of the TA.
    uuid: String,
    /// Whether the TA panicked.
    panicked: bool,
    /// Number of open sessions.
    n_sessions: Option<u32>,
    /// Regions of the instance.
    regions: Option<Vec<RegionJson>>,
    /// Heap of the TA, if OP-TEE's own statistics include it.
    heap: Option<PoolFigures<'s>>,
}

/// A region of a TA instance.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Region")]
struct RegionJson {
    /// Virtual address in the TA, in hexadecimal.
    va: String,
    /// Bytes mapped.
    size_bytes: u64,
    /// Physical address, or a keyed hash of it, in hexadecimal.
    pa: Option<String>,
    /// Whether `pa` is a hash.
    pa_hashed: bool,
    /// Read, write, execute and secure memory as `rwxs`, with a dash for each flag that is not set.
    access: String,
}

/// An open session.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct SessionJson {
    /// Session id, unique per opener.
    session: u32,
    /// TA instance that opened the session; 0 for the normal world.
    opener: u32,
    /// UUID of the TA or PTA that serves the session.
    uuid: String,
    /// TA instance that serves the session; 0 for a PTA.
    instance: u32,
    /// Login method of the client.
    login: Option<String>,
    /// UUID of the client.
    client: Option<String>,
}

/// Figures of a pool, named as in `struct pta_stats_alloc`; null if not counted.
#[derive(Serialize, JsonSchema)]
pub(super) struct PoolFigures<'s> {
    /// Name of the pool.
    name: std::borrow::Cow<'s, str>,
    /// Unit of the figures.
    #[schemars(extend("enum" = ["bytes", "objects"]))]
    unit: &'static str,
    /// In use.
    allocated: Option<u64>,
    /// Peak usage.
    max_allocated: Option<u64>,
    /// Size of the pool.
    size: Option<u64>,
    /// Largest free block.
    largest_free: Option<u64>,
    /// Number of failed allocations.
    num_alloc_fail: Option<u64>,
    /// Size of the largest failed allocation.
    biggest_alloc_fail: Option<u64>,
    /// In use when the largest allocation failed.
    biggest_alloc_fail_used: Option<u64>,
    /// Number of allocations since boot that succeeded, whether freed or not.
    num_alloc: Option<u64>,
}

/// Writes a snapshot.
pub(crate) fn write(
    observation: &Observation,
    sample: Option<&Sample>,
    held: Option<&Holdings<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut gaps = observation.gaps.clone();
    gaps.extend(sample.map(snapshots::gaps).into_iter().flatten());
    let census = SnapshotDocument {
        release: observation.platform.release.as_deref(),
        boot: observation.platform.boot.map(hex),
        sites: sample.and_then(sites),
        instances: sample.and_then(instances),
        sessions: sample.and_then(sessions),
        pools: sample
            .and_then(|sample| sample.pools.value())
            .map(|pools| pools.iter().map(pool).collect()),
        normal_world: held.map(holdings::entry),
        not_observed: gap_list(&gaps),
    };
    super::write("snapshot", &census, out)
}

fn sites(sample: &Sample) -> Option<Vec<SiteJson<'_>>> {
    let sites = sample.sites.value()?.iter().map(|known| SiteJson {
        file: &known.file,
        line: known.line,
        size_bytes: known.size,
        count: known.count,
        owner: labels::owner_id(sample, known.owner),
        server: labels::owner_id(sample, known.server),
        session: known.session,
        epoch: known.epoch,
        caller: known.caller.map(hex),
        stack: known
            .stack
            .as_ref()
            .map(|stack| stack.addresses().iter().copied().map(hex).collect()),
    });
    Some(sites.collect())
}

fn instances(sample: &Sample) -> Option<Vec<InstanceJson<'_>>> {
    let instances = sample.instances.value()?.iter().map(|instance| InstanceJson {
        instance: instance.id,
        uuid: instance.uuid.to_string(),
        panicked: instance.panicked,
        n_sessions: instance.ref_count,
        regions: instance.regions.value().map(|regions| regions.iter().map(region).collect()),
        heap: instance.heap.as_ref().map(pool),
    });
    Some(instances.collect())
}

fn region(region: &teeleak_analysis::model::Region) -> RegionJson {
    RegionJson {
        va: hex(region.va),
        size_bytes: region.size,
        pa: region.pa.map(hex),
        pa_hashed: region.hashed,
        access: text::access(region.access),
    }
}

fn sessions(sample: &Sample) -> Option<Vec<SessionJson>> {
    let sessions = sample.sessions.value()?.iter().map(|session| SessionJson {
        session: session.id,
        opener: session.opener,
        uuid: session.uuid.to_string(),
        instance: session.instance,
        login: session.login.map(text::login),
        client: session.client.map(|client| client.to_string()),
    });
    Some(sessions.collect())
}

pub(super) fn pool(pool: &Pool) -> PoolFigures<'_> {
    PoolFigures {
        name: pool.kind.label(),
        unit: text::pool_unit(pool.unit),
        allocated: pool.allocated,
        max_allocated: pool.max_allocated,
        size: pool.size,
        largest_free: pool.largest_free,
        num_alloc_fail: pool.num_alloc_fail,
        biggest_alloc_fail: pool.biggest_alloc_fail,
        biggest_alloc_fail_used: pool.biggest_alloc_fail_used,
        num_alloc: pool.num_alloc,
    }
}
