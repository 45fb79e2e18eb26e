//! Allocations that failed, with what their pool had: who filled it, and whether it was full or in pieces.

mod binder;
mod cgroup_limit;
mod contiguous;
mod oom;
mod slab;

use super::{LedgerFact, finding_builder::FindingBuilder};
use crate::model::{
    Finding, FindingKind, KernelShortage, LedgerSnapshot, LogRecord, NormalPool, NormalWorld,
    PoolKind, Severity, Subject,
};

/// Findings of all kinds of shortages.
pub(super) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut findings = oom::findings(normal);
    findings.extend(slab::findings(normal));
    findings.extend(contiguous::findings(normal));
    findings.extend(binder::findings(normal));
    findings
}

/// What a report of the OOM killer shows of all memory.
pub(super) fn oom_facts(normal: &NormalWorld, report: &LedgerSnapshot) -> Vec<LedgerFact> {
    let mut lines = oom::balance(normal, report).into_iter();
    let first = lines.next().map(|text| LedgerFact::of_whole(report, text));
    first.into_iter().chain(lines.map(|text| LedgerFact::of_part(report, text))).collect()
}

/// Failed allocations with their records, in order.
fn shortages(normal: &NormalWorld) -> impl Iterator<Item = (usize, &LogRecord, &KernelShortage)> {
    let shortage = |(at, record): (usize, &'_ LogRecord)| match &record.said {
        crate::model::LogFact::Shortage(_) => Some(at),
        _ => None,
    };
    let indices: Vec<_> = normal.sayings.iter().enumerate().filter_map(shortage).collect();
    indices.into_iter().filter_map(|at| {
        let record = normal.sayings.get(at)?;
        match &record.said {
            crate::model::LogFact::Shortage(shortage) => Some((at, record, &**shortage)),
            _ => None,
        }
    })
}

/// A finding about a pool that ran out. What filled it may well be in order, so it is no proof of a leak.
fn draft(pool: NormalPool, title: String) -> FindingBuilder {
    let subject = Subject::Pool(PoolKind::NormalWorld(pool));
    FindingBuilder::new(FindingKind::PoolGrowth, subject, Severity::Possible, title)
}
