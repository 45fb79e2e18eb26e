//! Names that text and JSON share.

pub(crate) use teeleak_analysis::grouped;
use teeleak_analysis::{
    audit::Conclusion,
    model::{ClientSource, Observation, OwnerId, PoolKind, PoolUnit, Region, Sample, Unit},
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
pub(crate) fn verdict(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Clean => "clean",
        Conclusion::Leak => "leak",
        Conclusion::Order => "wrong order",
        Conclusion::Unobserved => "not decided",
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

pub(crate) fn unit(unit: PoolUnit) -> &'static str {
    match unit {
        PoolUnit::Bytes => "bytes",
        PoolUnit::Objects => "objects",
    }
}

pub(crate) fn figure_unit(unit: Unit) -> &'static str {
    match unit {
        Unit::BytesPerIteration => "bytes per iteration",
        Unit::ObjectsPerIteration => "objects per iteration",
        Unit::Bytes => "bytes",
        Unit::Objects => "objects",
        Unit::Iterations => "iterations",
        Unit::Nanoseconds => "ns",
    }
}

/// `TEE_LOGIN_*` of TEE Client API Specification v1.0 section 4.4.4 and, for a TA as the client, of
/// TEE Internal Core API Specification v1.3.1 section 4.2.2.
pub(crate) fn login(login: u32) -> String {
    match login {
        0 => "public".into(),
        1 => "user".into(),
        2 => "group".into(),
        4 => "application".into(),
        5 => "user and application".into(),
        6 => "group and application".into(),
        0xf000_0000 => "TA".into(),
        other => format!("{other:#x}"),
    }
}

/// `rwxs`, with a dash for each that does not hold.
pub(crate) fn access(region: &Region) -> String {
    let letters = ['r', 'w', 'x', 's'].into_iter().enumerate();
    letters.map(|(bit, letter)| if region.access >> bit & 1 == 1 { letter } else { '-' }).collect()
}

/// As [`grouped`], with its sign.
pub(crate) fn signed(number: i64) -> String {
    let sign = if number < 0 { '-' } else { '+' };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// `1 region`, `2 regions`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use crate::render::words::*;

    #[test]
    fn numbers_have_their_sign_and_their_plural() {
        assert_eq!([signed(-4096), signed(0)], ["-4,096", "+0"]);
        assert_eq!([count(1, "region"), count(2000, "region")], ["1 region", "2,000 regions"]);
    }
}
