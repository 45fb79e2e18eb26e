//! What findings say already: a doubt that repeats it is no further doubt.

use crate::model::{
    Event, EventKind, Finding, FindingKind, Incident, IncidentKind, Origin, PoolKind, Severity,
    Subject,
};

/// Facts that the findings which count have stated.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct StatedFacts {
    /// Memory that could not be had, by messages and result codes.
    shortages: bool,
    /// Requests that the core heap refused.
    core_heap: bool,
    /// A leak in the heap of a TA: nobody asked for the sites of the TEE core.
    pub(super) leak_of_ta_heap: bool,
}

impl StatedFacts {
    /// The facts of the findings that count; a note counts beside a failure.
    pub(super) fn new(findings: &[Finding]) -> Self {
        let has_failure = findings.iter().any(|one| one.severity == Severity::Failure);
        let counts = |one: &&Finding| has_failure || one.severity > Severity::Note;
        let states = |is: fn(&Finding) -> bool| findings.iter().filter(counts).any(is);
        Self {
            shortages: states(|one| one.kind == FindingKind::Shortage),
            core_heap: states(|one| one.subject == Subject::Pool(PoolKind::CoreHeap)),
            leak_of_ta_heap: states(is_leak_of_ta_heap),
        }
    }

    /// Whether a finding says that this happened.
    pub(super) const fn has_incident(self, incident: &Incident) -> bool {
        match incident.kind {
            IncidentKind::OutOfMemory { .. } => self.core_heap,
            _ => self.shortages && incident.is_memory_shortage(),
        }
    }

    /// Whether a finding says that this call got no memory: the line that says so is an incident, too, unless it
    /// is a vendor's.
    pub(super) fn has_starved(self, event: &Event) -> bool {
        let is_of_vendor = matches!(event.kind, EventKind::Step(_));
        self.shortages && event.origin == Origin::Text && !is_of_vendor
    }
}

fn is_leak_of_ta_heap(finding: &Finding) -> bool {
    let heap = match &finding.subject {
        Subject::Site { heap, .. } => heap,
        Subject::Pool(pool) => pool,
        _ => return false,
    };
    finding.severity == Severity::Failure && matches!(heap, PoolKind::TaHeap(_))
}
