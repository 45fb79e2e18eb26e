//! Gaps: what was not observed, and why.

use std::sync::Arc;

use teeleak_proto::{
    hello::Hello,
    pta,
    snapshot::Section,
    tee_result::{BUSY, ITEM_NOT_FOUND, NOT_SUPPORTED, OUT_OF_MEMORY},
    version,
};

use super::remedy;
use crate::model::{Gap, Reason};

/// A gap in the normal world.
pub(super) fn of_normal(what: &str, reason: Reason, remedy: &str, lost: u64) -> Gap {
    gap(what, reason, Some(remedy).filter(|remedy| !remedy.is_empty()), lost)
}

/// The gap of the whole TEE, where only the normal world is observed.
pub(super) fn of_tee(there: bool, why: &str) -> Gap {
    let reason = if there { Reason::NotOffered } else { Reason::Absent };
    gap("the TEE", reason, Some(why), 0)
}

/// Client calls that were overwritten, never finished, or made before recording started.
pub(super) fn of_clients(lost: u64) -> Gap {
    let remedy = Some("let the workload make fewer calls at a time".into());
    Gap { what: "client calls".into(), reason: Reason::Overrun, remedy, lost }
}

fn gap(what: &str, reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    Gap { what: what.into(), reason, remedy: remedy.map(Into::into), lost }
}

/// Everything that the TA can't report, by the features in its hello.
pub(super) fn of_features(hello: &Hello<'_>) -> Vec<Gap> {
    if hello.pta_result != 0 {
        return vec![gap("the TEE core", of_result(hello.pta_result), Some(remedy::PTA), 0)];
    }
    // Sites and pools are gaps of each snapshot already; events are in no snapshot.
    let of_run = pta::FEATURE_TAGS | pta::FEATURE_EVENTS;
    let missing = |feature: &&(u32, &str, &str)| feature.0 & of_run & !hello.features != 0;
    let gaps = remedy::FEATURES.iter().filter(missing);
    gaps.map(|(_, what, remedy)| gap(what, Reason::NotBuilt, Some(remedy), 0)).collect()
}

/// The TA speaks another interface version.
pub(super) fn of_version(hello: &Hello<'_>) -> Gap {
    let description = format!(
        "records of interface versions {} to {}; this teeleak supports {} to {}",
        hello.min,
        hello.current,
        version::MIN,
        version::CURRENT
    );
    gap(&description, Reason::NotOffered, Some(remedy::OTHER_VERSION), 0)
}

/// Something that stock OP-TEE does not report.
pub(super) fn needs_pta(what: &str) -> Gap {
    gap(what, Reason::NotOffered, Some(remedy::PTA), 0)
}

/// The gap of a whole run on stock OP-TEE: events need the PTA.
pub(super) fn of_stock() -> Gap {
    needs_pta("events")
}

/// Console text lost between snapshots, which may have held incidents.
pub(super) fn of_console() -> Gap {
    gap("console text between snapshots", Reason::Overrun, None, 0)
}

/// The pools, if the statistics PTA does not report them.
pub(super) fn stats(result: u32) -> Gap {
    let absent = [ITEM_NOT_FOUND, NOT_SUPPORTED].contains(&result);
    let reason = if absent { Reason::NotBuilt } else { of_result(result) };
    gap("pools", reason, Some(remedy::POOLS), 0)
}

/// The heaps of TAs, if the statistics PTA does not report them.
pub(super) fn ta_stats(result: u32) -> Gap {
    gap("TA heaps", of_result(result), Some(remedy::TA_STATS), 0)
}

/// The heap of a TA that the statistics PTA could not query.
pub(super) fn no_heap(what: &str) -> Gap {
    let remedy = "keep a session to the TA open, take snapshots while no call into it is \
                  running, and build it with a TA dev kit that has CFG_TA_STATS=y";
    gap(what, Reason::NotOffered, Some(remedy), 0)
}

/// An invalid reply.
pub(super) fn unreadable(what: &str, why: &str) -> Gap {
    gap(&format!("{what} ({why})"), Reason::NotOffered, None, 0)
}

/// Some or all allocation sites of a dump on a console.
pub(super) fn dump(reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    gap("allocation sites", reason, remedy, lost)
}

/// Why a request failed, by its result code.
pub(super) fn of_result(result: u32) -> Reason {
    match result {
        NOT_SUPPORTED => Reason::NotBuilt,
        BUSY => Reason::Busy,
        OUT_OF_MEMORY => Reason::NoRoom,
        result => Reason::Failed(result),
    }
}

/// Name of a section in reports.
pub(super) fn section_name(section: Section) -> &'static str {
    match section {
        Section::Pools => "pools",
        Section::Sites => "allocation sites",
        Section::Records => "allocations",
        Section::Owners => "owners",
        Section::Instances => "TA instances",
        Section::Sessions => "sessions",
        Section::Regions => "regions",
        Section::Stacks => "call stacks of allocations",
    }
}

/// How to get a section whose request failed with `result`.
pub(super) fn section_remedy(section: Section, result: u32) -> Option<Arc<str>> {
    let remedy = match (section, result) {
        (_, BUSY) => remedy::IDLE,
        (_, ITEM_NOT_FOUND) => return None,
        (Section::Sites | Section::Records, NOT_SUPPORTED) => remedy::RECORDS,
        (Section::Pools, NOT_SUPPORTED) => remedy::POOLS,
        (_, NOT_SUPPORTED) => remedy::PTA,
        _ => return None,
    };
    Some(remedy.into())
}

/// The regions of a TA that is in a call.
pub(super) fn busy(what: Arc<str>) -> Gap {
    Gap { what, reason: Reason::Busy, remedy: Some(remedy::IDLE.into()), lost: 0 }
}

/// Instances whose regions the TA had no room to list.
pub(super) fn no_room(lost: u64) -> Gap {
    gap("regions of some TA instances", Reason::NoRoom, None, lost)
}

/// The end of the run is missing from the recording.
pub(super) fn no_end() -> Gap {
    gap("the end of the run", Reason::Cut, None, 0)
}

/// The snapshot that was being taken when the recording stopped.
pub(super) fn no_last_snapshot() -> Gap {
    gap("the last snapshot", Reason::Cut, None, 0)
}
