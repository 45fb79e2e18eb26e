//! Names that text and JSON share.

use teeleak_analysis::{
    audit::Exit,
    model::{ClientSource, Observation, OwnerId, PoolKind, Sample},
};

use crate::compare::censuses::OwnerKey;

pub(crate) fn owner(owner: &OwnerKey) -> String {
    match owner {
        OwnerKey::Unknown => "unknown".into(),
        OwnerKey::Core => "TEE core".into(),
        OwnerKey::Ta(uuid) => format!("TA {uuid}"),
        OwnerKey::Pta(uuid) => format!("PTA {uuid}"),
        OwnerKey::Number(number) => format!("owner {number}"),
    }
}

/// As [`owner`], of an allocation of a sample.
pub(crate) fn owner_id(sample: &Sample, id: OwnerId) -> String {
    owner(&crate::compare::censuses::owner_key(sample, id))
}

/// OP-TEE's version without what its build adds: compiler, number of the build, date.
pub(crate) fn release(observation: &Observation) -> Option<&str> {
    observation.platform.release.as_deref()?.split_whitespace().next()
}

/// The verdict in a word or two.
pub(crate) fn verdict(exit: Exit) -> &'static str {
    match exit {
        Exit::Clean => "clean",
        Exit::Leak => "leak",
        Exit::Order => "wrong order",
        Exit::Unobserved => "not decided",
    }
}

/// How calls of processes became known.
pub(crate) fn source(source: ClientSource) -> &'static str {
    match source {
        ClientSource::Preload => "preload library",
        ClientSource::Strace => "strace",
        ClientSource::Kernel => "kernel probes",
    }
}

/// Seconds between two censuses, where `teeleak watch` took them.
pub(crate) fn census_seconds(observation: &Observation) -> Option<u64> {
    match observation.platform.workload.as_slice() {
        [watch, census, seconds] if **watch == *"watch" && **census == *"--census" => {
            seconds.parse().ok()
        }
        _ => None,
    }
}

pub(crate) fn pool(kind: &PoolKind) -> &str {
    match kind {
        PoolKind::CoreHeap => "core heap",
        PoolKind::NexusHeap => "nexus heap",
        PoolKind::TaRam => "TA memory",
        PoolKind::Crypto => "crypto numbers",
        PoolKind::PageTables => "page tables",
        PoolKind::Sessions => "sessions",
        PoolKind::Threads => "threads",
        PoolKind::Named(name) => name,
    }
}
