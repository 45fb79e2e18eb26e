//! A census in full.

use super::Unseen;
use super::gap_list;
use super::hex;
use super::holdings;
use crate::compare::censuses;
use crate::render::normal_world::Holdings;
use crate::render::words;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::io::{self};
use teeleak_analysis::model::Observation;
use teeleak_analysis::model::Pool;
use teeleak_analysis::model::Sample;
use teeleak_analysis::text;

/// Everything that is alive in the secure world at one moment; null for what was not seen.
#[derive(Serialize, JsonSchema)]
pub(super) struct Census<'s> {
    /// OP-TEE's version, where known.
    release: Option<&'s str>,
    /// Random number that tells two boots apart, in hexadecimal.
    boot: Option<String>,
    /// Live allocations of the core heap that are alike.
    sites: Option<Vec<Site<'s>>>,
    /// User TA instances with their regions.
    instances: Option<Vec<Instance<'s>>>,
    /// Open sessions.
    sessions: Option<Vec<Session>>,
    /// Pools.
    pools: Option<Vec<PoolFigures<'s>>>,
    /// What the normal world held, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    normal_world: Option<holdings::Entry<'s>>,
    /// What could not be seen.
    unseen: Vec<Unseen<'s>>,
}

/// Live allocations that are alike.
#[derive(Serialize, JsonSchema)]
struct Site<'s> {
    /// Source file as the build names it.
    file: &'s str,
    /// Source line.
    line: u32,
    /// Bytes requested by each.
    size_bytes: u64,
    /// How many there are.
    count: u64,
    /// For whom.
    owner: String,
    /// PTA that was serving the owner.
    server: String,
    /// Session of the owner that was being served.
    session: Option<u32>,
    /// Epoch they were made in; null where nobody keeps epochs.
    epoch: Option<u32>,
    /// Return address of the call as offset into the core, in hexadecimal.
    caller: Option<String>,
}

/// A user TA instance.
#[derive(Serialize, JsonSchema)]
struct Instance<'s> {
    /// Its number, never used twice in one boot.
    instance: u32,
    /// UUID of the TA.
    uuid: String,
    /// Whether it panicked.
    panicked: bool,
    /// Sessions open to it.
    n_sessions: Option<u32>,
    /// Its regions.
    regions: Option<Vec<Region>>,
    /// Its heap, where the stock statistics tell.
    heap: Option<PoolFigures<'s>>,
}

/// A region of a TA instance.
#[derive(Serialize, JsonSchema)]
struct Region {
    /// Where the TA sees it, in hexadecimal.
    va: String,
    /// Bytes mapped.
    size_bytes: u64,
    /// Physical address, or a keyed hash of it, in hexadecimal.
    pa: Option<String>,
    /// Whether `pa` is a hash.
    pa_hashed: bool,
    /// Read, write, execute, secure memory as `rwxs`, with a dash for each that does not hold.
    access: String,
}

/// An open session.
#[derive(Serialize, JsonSchema)]
struct Session {
    /// Session id, unique among those of one opener.
    session: u32,
    /// Instance that opened it, 0 for the normal world.
    opener: u32,
    /// UUID of the TA or PTA that it is to.
    uuid: String,
    /// Instance that serves it, 0 for a PTA.
    instance: u32,
    /// How the client logged in.
    login: Option<String>,
    /// UUID of the client.
    client: Option<String>,
}

/// Figures of a pool, named as in `struct pta_stats_alloc`; null where nobody counts it.
#[derive(Serialize, JsonSchema)]
pub(super) struct PoolFigures<'s> {
    /// Which.
    name: std::borrow::Cow<'s, str>,
    /// What the figures count.
    #[schemars(extend("enum" = ["bytes", "objects"]))]
    unit: &'static str,
    /// In use now.
    allocated: Option<u64>,
    /// Most that ever was in use.
    max_allocated: Option<u64>,
    /// What there is in all.
    size: Option<u64>,
    /// Biggest free block.
    largest_free: Option<u64>,
    /// Failed allocations.
    num_alloc_fail: Option<u64>,
    /// Biggest failed allocation.
    biggest_alloc_fail: Option<u64>,
    /// In use when that one failed.
    biggest_alloc_fail_used: Option<u64>,
}

/// Writes a census.
pub(crate) fn write(
    observation: &Observation,
    sample: Option<&Sample>,
    held: Option<&Holdings<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut gaps = observation.gaps.clone();
    gaps.extend(sample.map(censuses::gaps).into_iter().flatten());
    let census = Census {
        release: observation.platform.release.as_deref(),
        boot: observation.platform.boot.map(hex),
        sites: sample.and_then(sites),
        instances: sample.and_then(instances),
        sessions: sample.and_then(sessions),
        pools: sample
            .and_then(|sample| sample.pools.value())
            .map(|pools| pools.iter().map(pool).collect()),
        normal_world: held.map(holdings::entry),
        unseen: gap_list(&gaps),
    };
    super::write("snapshot", &census, out)
}

fn sites(sample: &Sample) -> Option<Vec<Site<'_>>> {
    let sites = sample.sites.value()?.iter().map(|known| Site {
        file: &known.file,
        line: known.line,
        size_bytes: known.size,
        count: known.count,
        owner: words::owner_id(sample, known.owner),
        server: words::owner_id(sample, known.server),
        session: known.session,
        epoch: known.epoch,
        caller: known.caller.map(hex),
    });
    Some(sites.collect())
}

fn instances(sample: &Sample) -> Option<Vec<Instance<'_>>> {
    let instances = sample.instances.value()?.iter().map(|instance| Instance {
        instance: instance.id,
        uuid: instance.uuid.to_string(),
        panicked: instance.panicked,
        n_sessions: instance.ref_count,
        regions: instance.regions.value().map(|regions| regions.iter().map(region).collect()),
        heap: instance.heap.as_ref().map(pool),
    });
    Some(instances.collect())
}

fn region(region: &teeleak_analysis::model::Region) -> Region {
    Region {
        va: hex(region.va),
        size_bytes: region.size,
        pa: region.pa.map(hex),
        pa_hashed: region.hashed,
        access: text::access(region.access),
    }
}

fn sessions(sample: &Sample) -> Option<Vec<Session>> {
    let sessions = sample.sessions.value()?.iter().map(|session| Session {
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
    }
}
