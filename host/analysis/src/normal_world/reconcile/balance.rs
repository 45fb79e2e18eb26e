//! Disagreement of two ledgers of the same memory, or of a sum and its parts.

use crate::{
    model::{
        FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, LedgerSnapshot, Listing,
        LogFact, NormalWorld, Severity, Unit,
    },
    normal_world::finding_builder::{FindingBuilder, holding},
    text,
};

/// Two ledgers may differ by this fraction, as one is read after the other: a tenth.
const SLACK: u64 = 10;

/// What the users of the iommu are compared with, in fingerprints, too.
const CAMERA: &str = "buffers of the camera";

/// Rounding error in bytes of a sum of three figures in MB.
const ROUNDED: u64 = 2 << 20;

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut findings: Vec<_> = iommu(normal).into_iter().collect();
    findings.extend(sums(normal));
    findings.extend(total_lost(normal));
    findings
}

/// Compares the mappings of the IOMMU with the buffer list of its user.
fn iommu(normal: &NormalWorld) -> Option<Finding> {
    let users = normal.snapshots(LedgerKind::IommuUsers).next_back()?;
    let camera_list = normal.snapshots(LedgerKind::CameraBuffers).next_back()?;
    let (all, list) = (users.total?, camera_list.total?);
    if all.abs_diff(list) <= all / SLACK {
        return None;
    }
    let title = format!(
        "two ledgers disagree: the iommu has {} mapped, the camera lists {}",
        text::kilobytes(all),
        text::kilobytes(list)
    );
    let has_failed =
        normal.sayings.iter().any(|one| matches!(one.said, LogFact::NoAddresses { .. }));
    let severity = if has_failed { Severity::Failure } else { Severity::Possible };
    let top = users.rows.first();
    let top = top.map_or(String::new(), |row| {
        format!(", of which {} has {}", row.name, text::bytes(row.bytes))
    });
    let subject = holding(Listing::Ledger(LedgerKind::IommuUsers), CAMERA, None);
    let finding = FindingBuilder::new(FindingKind::Disagreement, subject, severity, title)
        .figure(FigureKind::Iommu, all, Unit::Bytes)
        .figure(FigureKind::Camera, list, Unit::Bytes)
        .evidence_at(&format!("iommu: {}{top}", text::bytes(all)), &users.place)
        .evidence_at(&format!("camera: {}", text::bytes(list)), last(camera_list))
        .text(&format!(
            "{} are mapped but not listed: another user holds them",
            text::bytes(all.saturating_sub(list))
        ))
        .next("find who holds the rest: dma_heap or bufinfo, then fdinfo of the process");
    Some(finding)
}

/// The last place of a snapshot.
fn last(census: &LedgerSnapshot) -> &crate::model::SourceLocation {
    census.rows.last().map_or(&census.place, |row| &row.place)
}

/// Printed totals that differ from the sum of the rows. Shared buffers of a heap are counted for each
/// client, so that heap totals may be less.
fn sums(normal: &NormalWorld) -> Vec<Finding> {
    let ledgers = [LedgerKind::IonOrphans, LedgerKind::DmaBuf];
    let snapshots = ledgers.into_iter().flat_map(|ledger| normal.snapshots(ledger));
    snapshots.filter_map(sum).collect()
}

fn sum(census: &LedgerSnapshot) -> Option<Finding> {
    let total = census.total?;
    let rows = census.bytes();
    let missing = total.abs_diff(rows);
    if missing == 0 || census.rows.is_empty() {
        return None;
    }
    let title = format!(
        "{}: the printed total is {} bytes, the {} shown sum to {}",
        census.title(),
        text::number(total),
        text::count(census.rows.len() as u64, "row"),
        text::number(rows)
    );
    let subject = holding(Listing::Ledger(census.ledger), &census.of, None);
    let mut draft = FindingBuilder::new(FindingKind::Disagreement, subject, Severity::Note, title)
        .figure(FigureKind::Printed, total, Unit::Bytes)
        .figure(FigureKind::SumOfRows, rows, Unit::Bytes)
        .evidence_at(&format!("the difference is {}", text::bytes(missing)), &census.place);
    if let Some((size, times)) = multiple(census, missing) {
        draft = draft.text(&format!(
            "that is {} times {} bytes, a size of listed rows: rows may be missing from the text",
            text::number(times),
            text::number(size)
        ));
    }
    Some(draft.next("capture the complete output again"))
}

/// The largest row size that divides the difference.
fn multiple(census: &LedgerSnapshot, missing: u64) -> Option<(u64, u64)> {
    let sizes = census.rows.iter().map(|row| row.bytes).filter(|size| *size > 4096);
    let size = sizes.filter(|size| missing.is_multiple_of(*size)).max()?;
    Some((size, missing / size))
}

/// Checks `Total-lost` of `cpu_monitor`: all memory less used less free.
fn total_lost(normal: &NormalWorld) -> Option<Finding> {
    normal.snapshots(LedgerKind::CpuMonitor).find_map(|census| {
        let row_named = |name: &str| census.rows.iter().find(|row| *row.name == *name);
        let [all, used, free, lost] =
            ["Memory-Total", "Total-used", "Total-freed", "Total-lost"].map(row_named);
        let (all, used, free, lost) = (all?, used?, free?, lost?);
        let derived = all.bytes.saturating_sub(used.bytes).saturating_sub(free.bytes);
        (lost.bytes.abs_diff(derived) > ROUNDED)
            .then(|| unbalanced(lost, derived, [all, used, free]))
    })
}

fn unbalanced(lost: &LedgerEntry, derived: u64, parts: [&LedgerEntry; 3]) -> Finding {
    let mb = |bytes: u64| text::number(bytes >> 20);
    let title = format!(
        "cpu_monitor: Total-lost is printed as {} MB, all less used less free is {} MB",
        mb(lost.bytes),
        mb(derived)
    );
    let [all, used, free] = parts.map(|row| mb(row.bytes));
    FindingBuilder::new(
        FindingKind::Disagreement,
        holding(Listing::Ledger(LedgerKind::CpuMonitor), "Total-lost", None),
        Severity::Note,
        title,
    )
    .figure(FigureKind::Printed, lost.bytes, Unit::Bytes)
    .figure(FigureKind::Derived, derived, Unit::Bytes)
    .evidence_at(&format!("{all} - {used} - {free} MB"), &lost.place)
    .next("check whether the text was copied correctly")
}
