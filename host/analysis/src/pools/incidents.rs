//! Out-of-memory messages of the secure world.

use std::collections::BTreeSet;

use super::Shortage;
use crate::{
    fingerprint::fingerprint,
    growth::report::words,
    model::{
        Evidence, FigureKind, Finding, FindingKind, Incident, IncidentKind, Observation, Pool,
        PoolKind, Severity, Subject, Unit,
    },
    text,
};

/// Maximum number of places per finding.
const LISTED: usize = 5;

/// All out-of-memory incidents of the core heap.
pub(super) struct CoreHeapShortage<'a> {
    incidents: Vec<&'a Incident>,
    /// Smallest failed request, the most conclusive one.
    smallest: u64,
}

/// The incidents of the core heap, if any.
pub(super) fn core_heap(observation: &Observation) -> Option<CoreHeapShortage<'_>> {
    let request_size = |incident: &Incident| match incident.kind {
        IncidentKind::OutOfMemory { requested, .. } => Some(requested),
        _ => None,
    };
    let failures = observation.incidents.iter().filter(|incident| request_size(incident).is_some());
    let incidents: Vec<_> = failures.collect();
    let smallest = incidents.iter().copied().filter_map(request_size).min()?;
    Some(CoreHeapShortage { incidents, smallest })
}

impl CoreHeapShortage<'_> {
    /// The shortage that the smallest failed request shows.
    pub(super) fn shortage(&self) -> Shortage {
        Shortage::new(self.smallest, None)
    }

    /// The shortage in a pool: where the message does not decide, its figures about the same request do.
    pub(super) fn shortage_in(&self, pool: &Pool) -> Shortage {
        let printed_shortage = self.shortage().in_pool(pool.size);
        let counted_shortage = Shortage::of_pool(pool).filter(|counted| {
            printed_shortage.full().is_none()
                && counted.full().is_some()
                && self.is_request(counted.request_size())
        });
        counted_shortage.unwrap_or(printed_shortage)
    }

    /// Whether a request of this size failed.
    fn is_request(&self, size: u64) -> bool {
        let of_size = |kind: &IncidentKind| matches!(kind, IncidentKind::OutOfMemory { requested, .. } if *requested == size);
        self.incidents.iter().any(|incident| of_size(&incident.kind))
    }

    /// Places of the incidents.
    pub(super) fn places(&self) -> impl Iterator<Item = Evidence> {
        self.incidents.iter().take(LISTED).map(|incident| Evidence::At(incident.place.clone()))
    }

    /// What followed from them, each once.
    fn effects(&self) -> impl Iterator<Item = Evidence> {
        let notes = self.incidents.iter().flat_map(|incident| &incident.details.notes);
        let notes: BTreeSet<_> = notes.take(LISTED).collect();
        notes.into_iter().map(|note| Evidence::Text(note.clone()))
    }

    /// The finding if no figures of the pool are known.
    pub(super) fn finding(&self) -> Finding {
        let pool = PoolKind::CoreHeap.label();
        let times = text::times(self.incidents.len() as u64);
        let subject = Subject::Pool(PoolKind::CoreHeap);
        let mut evidence = vec![Evidence::Text(self.shortage().reason().into())];
        evidence.extend(self.places());
        evidence.extend(self.effects());
        Finding {
            kind: FindingKind::PoolGrowth,
            severity: Severity::Possible,
            verdict: None,
            title: format!(
                "{pool}: ran out {times}, smallest request {} bytes",
                text::number(self.smallest)
            )
            .into(),
            headline: None,
            figures: vec![words::plain(
                FigureKind::FailedAllocations,
                self.incidents.len() as f64,
                Unit::Objects,
            )],
            evidence,
            fingerprint: fingerprint(FindingKind::PoolGrowth, &subject, &[]),
            subject,
            cause: None,
            blame: None,
            next_step: "look for growth before the failure: take dumps while the workload repeats"
                .into(),
        }
    }
}
