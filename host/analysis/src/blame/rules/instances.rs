//! TA instances that are never destroyed.

use super::Clue;
use crate::{
    blame::case::Case,
    model::{Certainty, Completeness, FindingKind, Side},
    text,
};

/// Only a single instance may be kept alive without a session (optee_os `TA_FLAG_INSTANCE_KEEP_ALIVE`
/// needs `TA_FLAG_SINGLE_INSTANCE`): of several, the core should have destroyed the others.
pub(super) fn instances_without_sessions(case: &Case<'_>) -> Option<Clue> {
    if case.finding.kind != FindingKind::InstanceGrowth {
        return None;
    }
    let last = case.facts.last()?;
    let (Completeness::Complete(instances), Completeness::Complete(sessions)) =
        (&last.instances, &last.sessions)
    else {
        return None;
    };
    let instances: Vec<_> = instances.iter().filter(|one| Some(one.uuid) == case.ta()).collect();
    let has_session = |id: u32| sessions.iter().any(|session| session.instance == id);
    let n_idle = instances.iter().filter(|instance| !has_session(instance.id)).count();
    if n_idle < 2 || 2 * n_idle < instances.len() {
        return None;
    }
    let evidence = format!(
        "{} of {} have no open session: the TEE core destroys an instance with its last session, and \
         keeps at most one alive",
        text::number(n_idle as u64),
        text::count(instances.len() as u64, "instance")
    );
    Some(Clue::new(&[Side::Core], Certainty::Certain, evidence))
}
