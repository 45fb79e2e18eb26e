//! Pools that a story fills.

use super::root;
use crate::{
    blame::is_of_instances,
    model::{Finding, FindingKind, Fingerprint, PoolKind, Severity, Subject, Verdict},
};

/// Links each growing pool of the secure world to the only story that can fill it.
pub(super) fn link(findings: &mut [Finding]) {
    let causes: Vec<_> = findings.iter().map(|pool| only_cause(pool, findings)).collect();
    for (finding, cause) in findings.iter_mut().zip(causes) {
        if let Some(cause) = cause {
            finding.cause = Some((cause, "it is the only growth that fills this pool".into()));
        }
    }
}

fn only_cause(pool: &Finding, findings: &[Finding]) -> Option<Fingerprint> {
    let Subject::Pool(kind) = &pool.subject else { return None };
    if pool.cause.is_some() || pool.verdict != Some(Verdict::Leak) || pool.severity > Severity::Note
    {
        return None;
    }
    let filling =
        findings.iter().filter(|one| one.severity == Severity::Failure && fills(one, kind));
    let mut roots: Vec<_> = filling.map(|one| &root(one, findings).fingerprint).collect();
    roots.sort_unstable();
    roots.dedup();
    match roots.as_slice() {
        [root] => Some((*root).clone()),
        _ => None,
    }
}

/// Whether what a finding reports takes memory, or places, of a pool.
fn fills(finding: &Finding, pool: &PoolKind) -> bool {
    match (pool, finding.kind, &finding.subject) {
        (PoolKind::TaHeap(_) | PoolKind::CoreHeap, _, Subject::Site { heap, .. }) => heap == pool,
        (PoolKind::TaRam | PoolKind::PageTables, kind, _) => {
            matches!(kind, FindingKind::RegionGrowth | FindingKind::InstanceGrowth)
                || is_of_instances(finding)
        }
        (PoolKind::Sessions, kind, _) => kind == FindingKind::SessionGrowth,
        _ => false,
    }
}
