//! Names shared by text and JSON.

use teeleak_analysis::{
    audit::Conclusion,
    model::{ClientSource, Observation, OwnerId, PoolKind, Sample},
};

use crate::compare::snapshots::{ComparedOwnerKey, ComparedSiteKey};

pub(crate) fn owner(owner: &ComparedOwnerKey) -> String {
    match owner {
        ComparedOwnerKey::Unknown => "unknown".into(),
        ComparedOwnerKey::Core => "TEE core".into(),
        ComparedOwnerKey::Ta(uuid) => format!("TA {uuid}"),
        ComparedOwnerKey::Pta(uuid) => format!("PTA {uuid}"),
        ComparedOwnerKey::Number(number) => format!("owner {number}"),
    }
}

/// The owner of a site, or the heap of a TA that it is in.
pub(crate) fn holder(key: &ComparedSiteKey) -> String {
    match &key.heap {
        PoolKind::CoreHeap => owner(&key.owner),
        heap => heap.label().into_owned(),
    }
}

/// Like [`owner`], for an allocation of a snapshot.
pub(crate) fn owner_id(sample: &Sample, id: OwnerId) -> String {
    owner(&crate::compare::snapshots::owner_key(sample, id))
}

/// OP-TEE's version without compiler, build number and build date.
pub(crate) fn release(observation: &Observation) -> Option<&str> {
    observation.platform.release.as_deref()?.split_whitespace().next()
}

/// The verdict in a word or two.
pub(crate) fn verdict(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Clean => "clean",
        Conclusion::Leak => "leak",
        Conclusion::Order => "wrong order",
        Conclusion::Inconclusive => "inconclusive",
    }
}

/// How client calls were recorded.
pub(crate) fn source(source: ClientSource) -> &'static str {
    match source {
        ClientSource::Preload => "preload library",
        ClientSource::Strace => "strace",
        ClientSource::Kernel => "kernel probes",
    }
}
