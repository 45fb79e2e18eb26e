//! Panics and what they belong to: the incident that caused one, the death that one is printed about.

use crate::model::{Incident, IncidentKind, SourceLocation};

/// Lines from the message about a stack that was smashed to the panic of its TA.
const SMASHED: u64 = 4;

/// Whether a panic of this kind is what the incident before it caused.
pub(super) fn is_panic_of(last: &Incident, kind: &IncidentKind, place: &SourceLocation) -> bool {
    match (&last.kind, kind) {
        (IncidentKind::TaAssertion, IncidentKind::TaPanic { .. }) => true,
        _ if last.details.panicked => false,
        (IncidentKind::CoreAssertion | IncidentKind::StackOverrun, IncidentKind::CorePanic) => {
            last.stack.is_empty()
        }
        (IncidentKind::Abort { .. }, IncidentKind::CorePanic) => !last.details.of_ta,
        (IncidentKind::StackOverrun, IncidentKind::TaPanic { .. }) => {
            place.at - last.place.at <= SMASHED
        }
        (IncidentKind::LoaderPanic, IncidentKind::TaPanic { .. }) => true,
        _ => false,
    }
}

/// Whether nothing of the secure world can run after this.
pub(super) const fn is_end(incident: &Incident) -> bool {
    let is_of_ta = incident.details.of_ta || matches!(incident.kind, IncidentKind::LoaderPanic);
    matches!(incident.kind, IncidentKind::CorePanic) || (incident.details.panicked && !is_of_ta)
}

/// Whether a TA that died like this is left with the panic code `code`: one that aborts, with a code
/// that says nothing.
pub(super) fn is_death_by(kind: &IncidentKind, code: u32) -> bool {
    match kind {
        IncidentKind::TaPanic { code: own } => *own == code,
        kind => matches!(kind, IncidentKind::Abort { .. }),
    }
}
