//! Converts the entries of a snapshot to types of the model.

use crate::model::{
    Completeness, Handles, Instance, Owner, OwnerId, Pool, PoolKind, PoolUnit, Region, Session,
    Site, Stage,
};
use teeleak_proto::{census, event::EventRecordKind, frame, pool, pta};

use super::NamePool;

impl From<frame::PhaseStage> for Stage {
    fn from(stage: frame::PhaseStage) -> Self {
        match stage {
            frame::PhaseStage::Before => Stage::Before,
            frame::PhaseStage::Idle => Stage::Idle,
            frame::PhaseStage::Warmup => Stage::Warmup,
            frame::PhaseStage::Measured => Stage::Measured,
            frame::PhaseStage::After => Stage::After,
        }
    }
}

/// Whether an event of this kind is about a session.
pub(super) fn has_session(kind: EventRecordKind) -> bool {
    matches!(kind, EventRecordKind::Open | EventRecordKind::Close | EventRecordKind::Invoke)
}

pub(super) fn site(site: &census::SiteRecord<'_>, tags: bool, names: &mut NamePool) -> Site {
    Site {
        file: names.get(site.file),
        line: site.line.into(),
        size: site.size.into(),
        count: site.count.into(),
        owner: owner_id(site.owner, tags),
        server: owner_id(site.server, tags),
        session: (tags && site.session != 0).then_some(site.session.into()),
        epoch: tags.then_some(site.epoch),
        caller: (site.caller != 0).then_some(site.caller.into()),
        stack: None,
    }
}

fn owner_id(number: u16, tags: bool) -> OwnerId {
    match number {
        _ if !tags => OwnerId::Unknown,
        0 => OwnerId::Core,
        number => OwnerId::Number(number),
    }
}

pub(super) fn owner(owner: &census::OwnerRecord) -> Owner {
    Owner {
        number: owner.owner,
        uuid: (owner.kind != pta::OWNER_OTHERS).then_some(owner.uuid),
        instance: owner.instance,
        pta: owner.kind == pta::OWNER_PTA,
        gone: owner.kind == pta::OWNER_TA_GONE,
    }
}

pub(super) fn instance(
    instance: &census::InstanceRecord,
    regions: Completeness<Vec<Region>>,
) -> Instance {
    Instance {
        id: instance.instance,
        uuid: instance.uuid,
        panicked: instance.state & pta::INSTANCE_PANICKED != 0,
        ref_count: Some(instance.ref_count),
        regions,
        heap: None,
        handles: handles(instance),
    }
}

fn handles(instance: &census::InstanceRecord) -> Option<Handles> {
    let handles = Handles {
        objects: instance.n_objects,
        operations: instance.n_operations,
        enumerators: instance.n_enumerators,
    };
    (instance.state & pta::INSTANCE_HANDLES != 0).then_some(handles)
}

pub(super) fn session(session: &census::SessionRecord) -> Session {
    Session {
        id: session.session,
        opener: session.opener,
        uuid: session.uuid,
        instance: session.instance,
        login: Some(session.login),
        client: Some(session.client),
    }
}

pub(super) fn region(region: &census::RegionRecord) -> Region {
    const KNOWN_PA: u32 = pta::REGION_PA | pta::REGION_PA_HASH;
    Region {
        va: region.va,
        size: region.size,
        pa: (region.flags & KNOWN_PA != 0).then_some(region.pa),
        hashed: region.flags & pta::REGION_PA_HASH != 0,
        access: access(region.flags),
        flags: region.flags,
    }
}

/// Access rights `rwxs` as bits 0 to 3.
fn access(flags: u32) -> u8 {
    let bit = |flag: u32| u8::from(flags & flag != 0);
    let secure = 1 - bit(pta::REGION_NONSEC);
    bit(pta::REGION_READ) | bit(pta::REGION_WRITE) << 1 | bit(pta::REGION_EXEC) << 2 | secure << 3
}

pub(super) fn pool(pool: &pool::PoolRecord, names: &mut NamePool) -> Pool {
    let known_value = |flag: u32, value: u64| (pool.known & flag != 0).then_some(value);
    Pool {
        kind: pool_kind(pool.kind, names),
        unit: if pool.unit == pta::UNIT_BYTES { PoolUnit::Bytes } else { PoolUnit::Objects },
        allocated: known_value(pta::KNOWN_ALLOCATED, pool.allocated),
        max_allocated: known_value(pta::KNOWN_MAX, pool.max_allocated),
        size: known_value(pta::KNOWN_SIZE, pool.size),
        largest_free: known_value(pta::KNOWN_LARGEST_FREE, pool.largest_free),
        free2_sum: known_value(pta::KNOWN_FREE2, pool.free2_sum),
        num_alloc_fail: known_value(pta::KNOWN_FAIL, pool.num_alloc_fail),
        biggest_alloc_fail: known_value(pta::KNOWN_FAIL, pool.biggest_alloc_fail),
        biggest_alloc_fail_used: known_value(pta::KNOWN_FAIL, pool.biggest_alloc_fail_used),
        num_alloc: known_value(pta::KNOWN_NUM_ALLOC, pool.num_alloc),
    }
}

fn pool_kind(kind: u16, names: &mut NamePool) -> PoolKind {
    match kind {
        pta::POOL_CORE_HEAP => PoolKind::CoreHeap,
        pta::POOL_NEXUS_HEAP => PoolKind::NexusHeap,
        pta::POOL_TA_RAM => PoolKind::TaRam,
        pta::POOL_CRYPTO => PoolKind::Crypto,
        pta::POOL_PAGE_TABLES => PoolKind::PageTables,
        pta::POOL_SESSIONS => PoolKind::Sessions,
        pta::POOL_THREADS => PoolKind::Threads,
        other => PoolKind::Named(names.get(&format!("pool {other}"))),
    }
}
