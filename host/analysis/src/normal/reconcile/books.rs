//! Two ledgers of the same memory, or a sum and its parts, that should agree and don't.

use crate::{
    model::{Census, Finding, Kind, Ledger, NormalWorld, Row, Said, Severity, Unit},
    normal::{
        draft::{Draft, holding},
        words,
    },
};

/// Part by which two ledgers may differ, as one is read after the other: a tenth.
const SLACK: u64 = 10;

/// Bytes by which figures in MB may be off: each of three is rounded.
const ROUNDED: u64 = 2 << 20;

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut findings: Vec<_> = iommu(normal).into_iter().collect();
    findings.extend(sums(normal));
    findings.extend(lost(normal));
    findings
}

/// What the iommu has mapped against what its user has on its list.
fn iommu(normal: &NormalWorld) -> Option<Finding> {
    let users = normal.of(Ledger::IommuUsers).next_back()?;
    let listed = normal.of(Ledger::CameraBuffers).next_back()?;
    let (all, list) = (users.total?, listed.total?);
    if all.abs_diff(list) <= all / SLACK {
        return None;
    }
    let title = format!(
        "two ledgers disagree: the iommu has {} mapped, the camera lists {}",
        words::in_kb(all),
        words::in_kb(list)
    );
    let failed = normal.sayings.iter().any(|one| matches!(one.said, Said::NoAddresses { .. }));
    let severity = if failed { Severity::Failure } else { Severity::Possible };
    let top = users.rows.first();
    let top = top.map_or(String::new(), |row| {
        format!(", of which {} has {}", row.name, words::bytes(row.bytes))
    });
    let subject = holding(Ledger::IommuUsers.info().name, Ledger::CameraBuffers.info().name);
    let finding = Draft::new(Kind::Disagreement, subject, severity, title)
        .figure("iommu", all, Unit::Bytes)
        .figure("camera", list, Unit::Bytes)
        .at(&format!("iommu: {}{top}", words::bytes(all)), &users.place)
        .at(&format!("camera: {}", words::bytes(list)), last(listed))
        .text(&format!(
            "{} are mapped and on no list: somebody else keeps them",
            words::bytes(all.saturating_sub(list))
        ))
        .next("find who holds the rest: dma_heap or bufinfo, then fdinfo of the process");
    Some(finding)
}

/// Where a census ends.
fn last(census: &Census) -> &crate::model::Place {
    census.rows.last().map_or(&census.place, |row| &row.place)
}

/// Totals that are printed and rows that don't add up to them. What clients of a heap share is counted
/// for each of them, so that their total may be less.
fn sums(normal: &NormalWorld) -> Vec<Finding> {
    let printed = [Ledger::IonOrphans, Ledger::DmaBuf];
    let all = printed.into_iter().flat_map(|ledger| normal.of(ledger));
    all.filter_map(sum).collect()
}

fn sum(census: &Census) -> Option<Finding> {
    let total = census.total?;
    let rows = census.bytes();
    let missing = total.abs_diff(rows);
    if missing == 0 || census.rows.is_empty() {
        return None;
    }
    let title = format!(
        "{}: the printed total is {} bytes, the {} shown sum to {}",
        census.title(),
        words::grouped(total),
        words::several(census.rows.len() as u64, "row"),
        words::grouped(rows)
    );
    let subject = holding(census.ledger.info().name, &census.of);
    let mut draft = Draft::new(Kind::Disagreement, subject, Severity::Note, title)
        .figure("printed", total, Unit::Bytes)
        .figure("sum of the rows", rows, Unit::Bytes)
        .at(&format!("{} are in one and not in the other", words::bytes(missing)), &census.place);
    if let Some((size, times)) = multiple(census, missing) {
        draft = draft.text(&format!(
            "that is {times} times {} bytes, a size that rows have: rows may be missing from the text",
            words::grouped(size)
        ));
    }
    Some(draft.next("take the whole print again"))
}

/// The largest size of rows that the difference is a whole number of.
fn multiple(census: &Census, missing: u64) -> Option<(u64, u64)> {
    let sizes = census.rows.iter().map(|row| row.bytes).filter(|size| *size > 4096);
    let size = sizes.filter(|size| missing.is_multiple_of(*size)).max()?;
    Some((size, missing / size))
}

/// `Total-lost` of `cpu_monitor` is what remains of all memory, used and free taken away.
fn lost(normal: &NormalWorld) -> Option<Finding> {
    normal.of(Ledger::CpuMonitor).find_map(|census| {
        let of = |name: &str| census.rows.iter().find(|row| *row.name == *name);
        let [all, used, free, lost] =
            ["Memory-Total", "Total-used", "Total-freed", "Total-lost"].map(of);
        let (all, used, free, lost) = (all?, used?, free?, lost?);
        let derived = all.bytes.saturating_sub(used.bytes).saturating_sub(free.bytes);
        (lost.bytes.abs_diff(derived) > ROUNDED)
            .then(|| unbalanced(lost, derived, [all, used, free]))
    })
}

fn unbalanced(lost: &Row, derived: u64, parts: [&Row; 3]) -> Finding {
    let mb = |bytes: u64| bytes >> 20;
    let title = format!(
        "cpu_monitor: Total-lost is printed as {} MB, all less used less free is {} MB",
        mb(lost.bytes),
        mb(derived)
    );
    let [all, used, free] = parts.map(|row| mb(row.bytes));
    Draft::new(Kind::Disagreement, holding("cpu_monitor", "Total-lost"), Severity::Note, title)
        .figure("printed", lost.bytes, Unit::Bytes)
        .figure("derived", derived, Unit::Bytes)
        .at(&format!("{all} - {used} - {free} MB"), &lost.place)
        .next("see whether the text was copied right")
}
