//! What could not be seen, why, and which build flag brings it.

use std::sync::Arc;

use teeleak_analysis::model::{Gap, Reason};
use teeleak_proto::{
    hello::Hello,
    pta,
    snapshot::Section,
    tee_result::{BUSY, ITEM_NOT_FOUND, NOT_SUPPORTED, OUT_OF_MEMORY},
    version,
};

/// What brings the PTA.
pub(crate) const PTA: &str = "patch optee_os with ta/pta and build it with CFG_LEAK_AUDIT=y";

/// What brings allocation records.
pub(crate) const RECORDS: &str = "build optee_os with CFG_TEE_CORE_MALLOC_DEBUG=y";

/// What brings pool counters.
pub(crate) const POOLS: &str = "build optee_os with CFG_WITH_STATS=y";

/// What brings events.
pub(crate) const EVENTS: &str = "build optee_os with CFG_LEAK_AUDIT_EVENTS=512";

/// What keeps more events.
pub(crate) const MORE_EVENTS: &str = "build optee_os with a larger CFG_LEAK_AUDIT_EVENTS";

/// What brings owners and epochs.
pub(crate) const TAGS: &str =
    "a 64-bit core has room for them; on 32 bits differences between samples take over";

/// What brings the records of another version.
pub(crate) const OTHER_VERSION: &str = "read it with the teeleak that wrote it";

/// What brings allocation sites without the PTA.
pub(crate) const CONSOLE: &str = "give --console CONSOLE, where OP-TEE's own output can be read, with an optee_os built with \
                                  CFG_TEE_CORE_MALLOC_DEBUG=y; or the PTA: patch optee_os with ta/pta and build it \
                                  with CFG_LEAK_AUDIT=y";

/// What makes dumps appear.
pub(crate) const PRINTED: &str =
    "build optee_os with CFG_TEE_CORE_MALLOC_DEBUG=y and CFG_TEE_CORE_LOG_LEVEL=2 or more";

/// What lets dumps be asked for.
pub(crate) const DUMP: &str = "optee_os 3.5.0 or later prints its allocations on request";

/// What to do about a console that says nothing.
pub(crate) const OTHER_CONSOLE: &str = "is it the console that OP-TEE prints to? a serial port needs its speed set (stty), and optee_os \
     CFG_TEE_CORE_LOG_LEVEL=2 or more";

/// What brings heaps of TAs.
pub(crate) const TA_STATS: &str =
    "build optee_os and the TA's dev kit with CFG_TA_STATS=y (optee_os 3.20.0 or later)";

/// Something of the normal world.
pub(crate) fn of_normal(what: &str, reason: Reason, remedy: &str, lost: u64) -> Gap {
    gap(what, reason, Some(remedy).filter(|remedy| !remedy.is_empty()), lost)
}

/// The TEE, where only the normal world is observed.
pub(crate) fn of_tee(there: bool, why: &str) -> Gap {
    let reason = if there { Reason::NotOffered } else { Reason::Absent };
    gap("the TEE", reason, Some(why), 0)
}

const IDLE: &str = "sample while no call into the TA is running";

/// Calls of processes that were overwritten, never finished, or too early.
pub(crate) fn of_clients(lost: u64) -> Gap {
    let remedy = Some("let the workload make fewer calls at a time".into());
    Gap { what: "client calls".into(), reason: Reason::Overrun, remedy, lost }
}

/// Features that a build has or has not: bit, what it brings, the way to it.
pub(crate) const FEATURES: &[(u32, &str, &str)] = &[
    (pta::FEATURE_RECORDS, "allocation sites", RECORDS),
    (pta::FEATURE_TAGS, "owners and epochs of allocations", TAGS),
    (pta::FEATURE_EVENTS, "events", EVENTS),
    (pta::FEATURE_POOLS, "pool counters", POOLS),
];

fn gap(what: &str, reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    Gap { what: what.into(), reason, remedy: remedy.map(Into::into), lost }
}

/// What the TA that said hello can't tell at all.
pub(crate) fn of_features(hello: &Hello<'_>) -> Vec<Gap> {
    if hello.pta_result != 0 {
        return vec![gap("the TEE core", of_result(hello.pta_result), Some(PTA), 0)];
    }
    // Sites and pools are gaps of each sample already; events have no census of their own.
    let of_run = pta::FEATURE_TAGS | pta::FEATURE_EVENTS;
    let missing = |feature: &&(u32, &str, &str)| feature.0 & of_run & !hello.features != 0;
    let gaps = FEATURES.iter().filter(missing);
    gaps.map(|(_, what, remedy)| gap(what, Reason::NotBuilt, Some(remedy), 0)).collect()
}

/// The TA speaks another version.
pub(crate) fn of_version(hello: &Hello<'_>) -> Gap {
    let what = format!(
        "records of interface version {} to {}; this teeleak speaks {} to {}",
        hello.min,
        hello.current,
        version::MIN,
        version::CURRENT
    );
    gap(&what, Reason::NotOffered, Some(OTHER_VERSION), 0)
}

/// Something that stock OP-TEE does not tell.
pub(crate) fn needs_pta(what: &str) -> Gap {
    gap(what, Reason::NotOffered, Some(PTA), 0)
}

/// What only the PTA tells of a whole run.
pub(crate) fn of_stock() -> Gap {
    needs_pta("events")
}

/// Text of a console between censuses: what went wrong may have been told there.
pub(crate) fn of_console() -> Gap {
    gap("text of the console between censuses", Reason::Overrun, None, 0)
}

/// The pools, where the statistics PTA does not answer.
pub(crate) fn stats(result: u32) -> Gap {
    let absent = [ITEM_NOT_FOUND, NOT_SUPPORTED].contains(&result);
    let reason = if absent { Reason::NotBuilt } else { of_result(result) };
    gap("pools", reason, Some(POOLS), 0)
}

/// The heaps of TAs, where the statistics PTA does not tell them.
pub(crate) fn ta_stats(result: u32) -> Gap {
    gap("TA heaps", of_result(result), Some(TA_STATS), 0)
}

/// The heap of a TA that the statistics PTA could not ask.
pub(crate) fn no_heap(what: &str) -> Gap {
    let remedy = "keep a session to it open, sample while no call into it runs, and build it with a dev kit with \
                  CFG_TA_STATS=y";
    gap(what, Reason::NotOffered, Some(remedy), 0)
}

/// An answer that makes no sense.
pub(crate) fn unreadable(what: &str, why: &str) -> Gap {
    gap(&format!("{what} ({why})"), Reason::NotOffered, None, 0)
}

/// Allocation sites, or some of them, from a dump on a console.
pub(crate) fn dump(reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    gap("allocation sites", reason, remedy, lost)
}

/// Why asking for something failed.
pub(crate) fn of_result(result: u32) -> Reason {
    match result {
        NOT_SUPPORTED => Reason::NotBuilt,
        BUSY => Reason::Busy,
        OUT_OF_MEMORY => Reason::NoRoom,
        result => Reason::Failed(result),
    }
}

/// What a section is called in a report.
pub(crate) fn section_name(section: Section) -> &'static str {
    match section {
        Section::Pools => "pools",
        Section::Sites => "allocation sites",
        Section::Records => "allocations",
        Section::Owners => "owners",
        Section::Instances => "TA instances",
        Section::Sessions => "sessions",
        Section::Regions => "regions",
    }
}

/// What brings a section that answered with `result`.
pub(crate) fn section_remedy(section: Section, result: u32) -> Option<Arc<str>> {
    let remedy = match (section, result) {
        (_, BUSY) => IDLE,
        (_, ITEM_NOT_FOUND) => return None,
        (Section::Sites | Section::Records, NOT_SUPPORTED) => RECORDS,
        (Section::Pools, NOT_SUPPORTED) => POOLS,
        (_, NOT_SUPPORTED) => PTA,
        _ => return None,
    };
    Some(remedy.into())
}

/// The regions of a busy TA.
pub(crate) fn busy(what: Arc<str>) -> Gap {
    Gap { what, reason: Reason::Busy, remedy: Some(IDLE.into()), lost: 0 }
}

/// Instances whose regions the TA had no room to list.
pub(crate) fn no_room(lost: u64) -> Gap {
    gap("regions of some TA instances", Reason::NoRoom, None, lost)
}

/// A recording that ends before its run does.
pub(crate) fn no_end() -> Gap {
    gap("the end of the run", Reason::Damaged, None, 0)
}
