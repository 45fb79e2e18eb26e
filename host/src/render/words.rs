//! Names shared by text and JSON.

use crate::compare::censuses::OwnerKey;
use teeleak_analysis::audit::Conclusion;
use teeleak_analysis::model::ClientSource;
use teeleak_analysis::model::Observation;
use teeleak_analysis::model::OwnerId;
use teeleak_analysis::model::Sample;

pub(crate) fn owner(owner: &OwnerKey) -> String {
    match owner {
        OwnerKey::Unknown => "unknown".into(),
        OwnerKey::Core => "TEE core".into(),
        OwnerKey::Ta(uuid) => format!("TA {uuid}"),
        OwnerKey::Pta(uuid) => format!("PTA {uuid}"),
        OwnerKey::Number(number) => format!("owner {number}"),
    }
}

/// Like [`owner`], for an allocation of a snapshot.
pub(crate) fn owner_id(sample: &Sample, id: OwnerId) -> String {
    owner(&crate::compare::censuses::owner_key(sample, id))
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
        Conclusion::Unobserved => "inconclusive",
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
