//! Exhausted IOMMU addresses, and their holders.

use std::sync::Arc;

use crate::{
    model::{
        FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, Listing, LogFact, LogRecord,
        NormalPool, NormalWorld, PoolKind, Severity, Subject, Unit,
    },
    normal_world::finding_builder::FindingBuilder,
    text,
};

/// The first failed allocation of addresses: bytes, device, log fact.
fn first_refusal(normal: &NormalWorld) -> Option<(u64, &Arc<str>, &LogRecord)> {
    normal.sayings.iter().find_map(|saying| match &saying.said {
        LogFact::NoAddresses { bytes, device } => Some((*bytes, device, saying)),
        _ => None,
    })
}

/// Mappings of a device when addresses ran out.
fn user<'n>(normal: &'n NormalWorld, device: &str) -> Option<&'n LedgerEntry> {
    normal
        .snapshots(LedgerKind::IommuUsers)
        .flat_map(|census| &census.rows)
        .find(|row| *row.name == *device)
}

pub(crate) fn triage(normal: &NormalWorld) -> Vec<Arc<str>> {
    let Some((bytes, device, _)) = first_refusal(normal) else { return Vec::new() };
    let usage = user(normal, device).map_or(String::new(), |row| {
        let mappings = text::count(row.count, "mapping");
        format!(" while it holds {} in {mappings}", text::bytes(row.bytes))
    });
    let text = format!(
        "addresses of the iommu for {device}: none left for {}{usage}: look for buffers that are never unmapped",
        text::bytes(bytes)
    );
    vec![text.into()]
}

pub(crate) fn findings(normal: &NormalWorld, buffers: &[Finding]) -> Vec<Finding> {
    let Some((bytes, device, saying)) = first_refusal(normal) else { return Vec::new() };
    let subject = Subject::Pool(PoolKind::NormalWorld(NormalPool::IommuAddresses(device.clone())));
    let title = format!(
        "addresses of the iommu for {device} ran out: mapping {} failed",
        text::bytes(bytes)
    );
    let mut draft = FindingBuilder::new(FindingKind::PoolGrowth, subject, Severity::Failure, title);
    if let Some(row) = user(normal, device) {
        draft = draft.figure(FigureKind::InUse, row.bytes, Unit::Bytes).figure(
            FigureKind::Mappings,
            row.count,
            Unit::Objects,
        );
        let text = format!(
            "{} of {device} hold {}",
            text::count(row.count, "mapping"),
            text::bytes(row.bytes)
        );
        draft = draft.evidence_at(&text, &row.place);
    }
    draft = draft.evidence_at("from the kernel log", &saying.place);
    for (text, place) in waiters(normal) {
        draft = draft.evidence_at(&text, place);
    }
    let buffer_finding = buffers
        .iter()
        .find(|one| matches!(&one.subject, Subject::Holding { listing: Listing::DmaBufs, .. }));
    let reason = "each held buffer keeps its addresses";
    let draft = draft.cause(buffer_finding.map(|one| one.fingerprint.clone()), reason);
    vec![draft.next(
        "find the buffers that are never unmapped: iova_map before and after, then dma_heap and fdinfo",
    )]
}

/// Threads that wait for a thread whose mappings failed.
fn waiters(normal: &NormalWorld) -> Vec<(String, &crate::model::SourceLocation)> {
    let failures = normal.sayings.iter().filter(|saying| saying.said == LogFact::NotMapped);
    let mut lines = Vec::new();
    for saying in &normal.sayings {
        let LogFact::Waits { from, to } = saying.said else { continue };
        // MediaTek's kernels log tasks as `T`, core number, thread id.
        let is_from_target = |other: &LogRecord| {
            other.by.strip_prefix('T').is_some_and(|by| by.ends_with(&to.1.to_string()))
        };
        let times = failures.clone().filter(|other| is_from_target(other)).count() as u64;
        if times > 0 && lines.is_empty() {
            let text = format!(
                "thread {} of pid {} waits for thread {} of pid {}, whose mappings failed {}",
                from.1,
                from.0,
                to.1,
                to.0,
                text::count(times, "time")
            );
            lines.push((text, &saying.place));
        }
    }
    lines
}
