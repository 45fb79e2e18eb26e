//! What could not be seen, and why.

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

/// Something of the normal world.
pub(super) fn of_normal(what: &str, reason: Reason, remedy: &str, lost: u64) -> Gap {
    gap(what, reason, Some(remedy).filter(|remedy| !remedy.is_empty()), lost)
}

/// The TEE, where only the normal world is observed.
pub(super) fn of_tee(there: bool, why: &str) -> Gap {
    let reason = if there { Reason::NotOffered } else { Reason::Absent };
    gap("the TEE", reason, Some(why), 0)
}

/// Calls of processes that were overwritten, never finished, or too early.
pub(super) fn of_clients(lost: u64) -> Gap {
    let remedy = Some("let the workload make fewer calls at a time".into());
    Gap { what: "client calls".into(), reason: Reason::Overrun, remedy, lost }
}

fn gap(what: &str, reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    Gap { what: what.into(), reason, remedy: remedy.map(Into::into), lost }
}

/// What the TA that said hello can't tell at all.
pub(super) fn of_features(hello: &Hello<'_>) -> Vec<Gap> {
    if hello.pta_result != 0 {
        return vec![gap("the TEE core", of_result(hello.pta_result), Some(remedy::PTA), 0)];
    }
    // Sites and pools are gaps of each sample already; events have no census of their own.
    let of_run = pta::FEATURE_TAGS | pta::FEATURE_EVENTS;
    let missing = |feature: &&(u32, &str, &str)| feature.0 & of_run & !hello.features != 0;
    let gaps = remedy::FEATURES.iter().filter(missing);
    gaps.map(|(_, what, remedy)| gap(what, Reason::NotBuilt, Some(remedy), 0)).collect()
}

/// The TA speaks another version.
pub(super) fn of_version(hello: &Hello<'_>) -> Gap {
    let description = format!(
        "records of interface version {} to {}; this teeleak speaks {} to {}",
        hello.min,
        hello.current,
        version::MIN,
        version::CURRENT
    );
    gap(&description, Reason::NotOffered, Some(remedy::OTHER_VERSION), 0)
}

/// Something that stock OP-TEE does not tell.
pub(super) fn needs_pta(what: &str) -> Gap {
    gap(what, Reason::NotOffered, Some(remedy::PTA), 0)
}

/// What only the PTA tells of a whole run.
pub(super) fn of_stock() -> Gap {
    needs_pta("events")
}

/// Text of a console between censuses: what went wrong may have been told there.
pub(super) fn of_console() -> Gap {
    gap("text of the console between censuses", Reason::Overrun, None, 0)
}

/// The pools, where the statistics PTA does not answer.
pub(super) fn stats(result: u32) -> Gap {
    let absent = [ITEM_NOT_FOUND, NOT_SUPPORTED].contains(&result);
    let reason = if absent { Reason::NotBuilt } else { of_result(result) };
    gap("pools", reason, Some(remedy::POOLS), 0)
}

/// The heaps of TAs, where the statistics PTA does not tell them.
pub(super) fn ta_stats(result: u32) -> Gap {
    gap("TA heaps", of_result(result), Some(remedy::TA_STATS), 0)
}

/// The heap of a TA that the statistics PTA could not ask.
pub(super) fn no_heap(what: &str) -> Gap {
    let remedy = "keep a session to it open, sample while no call into it runs, and build it with a dev kit with \
                  CFG_TA_STATS=y";
    gap(what, Reason::NotOffered, Some(remedy), 0)
}

/// An answer that makes no sense.
pub(super) fn unreadable(what: &str, why: &str) -> Gap {
    gap(&format!("{what} ({why})"), Reason::NotOffered, None, 0)
}

/// Allocation sites, or some of them, from a dump on a console.
pub(super) fn dump(reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    gap("allocation sites", reason, remedy, lost)
}

/// Why asking for something failed.
pub(super) fn of_result(result: u32) -> Reason {
    match result {
        NOT_SUPPORTED => Reason::NotBuilt,
        BUSY => Reason::Busy,
        OUT_OF_MEMORY => Reason::NoRoom,
        result => Reason::Failed(result),
    }
}

/// What a section is called in a report.
pub(super) fn section_name(section: Section) -> &'static str {
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

/// The regions of a busy TA.
pub(super) fn busy(what: Arc<str>) -> Gap {
    Gap { what, reason: Reason::Busy, remedy: Some(remedy::IDLE.into()), lost: 0 }
}

/// Instances whose regions the TA had no room to list.
pub(super) fn no_room(lost: u64) -> Gap {
    gap("regions of some TA instances", Reason::NoRoom, None, lost)
}

/// A recording that ends before its run does.
pub(super) fn no_end() -> Gap {
    gap("the end of the run", Reason::Damaged, None, 0)
}
