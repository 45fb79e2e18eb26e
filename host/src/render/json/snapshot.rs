//! A census in full.

use std::io::{self, Write};

use serde::Serialize;
use teeleak_analysis::model::{Observation, Pool, Sample};

use super::{Unseen, hex, unseen};
use crate::{compare, render::words};

#[derive(Serialize)]
struct Census<'s> {
    release: Option<&'s str>,
    boot: Option<String>,
    sites: Option<Vec<Site<'s>>>,
    instances: Option<Vec<Instance<'s>>>,
    sessions: Option<Vec<Session>>,
    pools: Option<Vec<PoolFigures<'s>>>,
    unseen: Vec<Unseen<'s>>,
}

#[derive(Serialize)]
struct Site<'s> {
    file: &'s str,
    line: u32,
    size_bytes: u64,
    count: u64,
    owner: String,
    server: String,
    session: Option<u32>,
    epoch: Option<u32>,
    caller: Option<String>,
}

#[derive(Serialize)]
struct Instance<'s> {
    instance: u32,
    uuid: String,
    panicked: bool,
    n_sessions: Option<u32>,
    regions: Option<Vec<Region>>,
    heap: Option<PoolFigures<'s>>,
}

#[derive(Serialize)]
struct Region {
    va: String,
    size_bytes: u64,
    pa: Option<String>,
    pa_hashed: bool,
    access: String,
}

#[derive(Serialize)]
struct Session {
    session: u32,
    opener: u32,
    uuid: String,
    instance: u32,
    login: Option<String>,
    client: Option<String>,
}

#[derive(Serialize)]
pub(super) struct PoolFigures<'s> {
    name: &'s str,
    unit: &'static str,
    allocated: Option<u64>,
    max_allocated: Option<u64>,
    size: Option<u64>,
    largest_free: Option<u64>,
    num_alloc_fail: Option<u64>,
    biggest_alloc_fail: Option<u64>,
    biggest_alloc_fail_used: Option<u64>,
}

/// Writes a census.
pub(crate) fn write(
    observation: &Observation,
    sample: &Sample,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut gaps = observation.gaps.clone();
    gaps.extend(compare::gaps(sample));
    let census = Census {
        release: observation.platform.release.as_deref(),
        boot: observation.platform.boot.map(hex),
        sites: sites(sample),
        instances: instances(sample),
        sessions: sessions(sample),
        pools: sample.pools.seen().map(|pools| pools.iter().map(pool).collect()),
        unseen: unseen(&gaps),
    };
    super::write("snapshot", &census, out)
}

fn sites(sample: &Sample) -> Option<Vec<Site<'_>>> {
    let all = sample.sites.seen()?.iter().map(|known| Site {
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
    Some(all.collect())
}

fn instances(sample: &Sample) -> Option<Vec<Instance<'_>>> {
    let all = sample.instances.seen()?.iter().map(|instance| Instance {
        instance: instance.id,
        uuid: instance.uuid.to_string(),
        panicked: instance.panicked,
        n_sessions: instance.ref_count,
        regions: instance.regions.seen().map(|regions| regions.iter().map(region).collect()),
        heap: instance.heap.as_ref().map(pool),
    });
    Some(all.collect())
}

fn region(region: &teeleak_analysis::model::Region) -> Region {
    Region {
        va: hex(region.va),
        size_bytes: region.size,
        pa: region.pa.map(hex),
        pa_hashed: region.hashed,
        access: words::access(region),
    }
}

fn sessions(sample: &Sample) -> Option<Vec<Session>> {
    let all = sample.sessions.seen()?.iter().map(|session| Session {
        session: session.id,
        opener: session.opener,
        uuid: session.uuid.to_string(),
        instance: session.instance,
        login: session.login.map(words::login),
        client: session.client.map(|client| client.to_string()),
    });
    Some(all.collect())
}

pub(super) fn pool(pool: &Pool) -> PoolFigures<'_> {
    PoolFigures {
        name: words::pool(&pool.kind),
        unit: words::unit(pool.unit),
        allocated: pool.allocated,
        max_allocated: pool.max_allocated,
        size: pool.size,
        largest_free: pool.largest_free,
        num_alloc_fail: pool.num_alloc_fail,
        biggest_alloc_fail: pool.biggest_alloc_fail,
        biggest_alloc_fail_used: pool.biggest_alloc_fail_used,
    }
}
