//! Who broke a protocol: whoever took its steps.

use std::{collections::BTreeSet, sync::Arc};

use super::{case::Facts, process::process_of};
use crate::{
    model::{Blame, Certainty, Event, EventKind, Evidence, Finding, Side},
    protocol::Tie,
    text,
};

/// The blame for a step in the wrong order, or for acquires that are never released.
pub(super) fn blame(finding: &Finding, ties: &[Tie], facts: &Facts<'_>) -> Option<Blame> {
    let acquires = ties.iter().find(|tie| tie.fingerprint == finding.fingerprint);
    let acquires = acquires.into_iter().flat_map(|tie| &tie.acquires);
    let acquires: Vec<_> = acquires.filter_map(|at| facts.observation.events.get(*at)).collect();
    let is_unpaired = !acquires.is_empty();
    let events = if is_unpaired { acquires } else { steps(finding) };
    let side = side(&events, facts)?;
    let steps =
        if is_unpaired { "steps that acquire what stays" } else { "steps of the wrong order" };
    let n = text::number(events.len() as u64);
    let evidence = Arc::from(format!("{side} took all {n} {steps}"));
    Some(Blame {
        sides: vec![side],
        certainty: Certainty::Likely,
        calls: Vec::new(),
        process: process_of(events.iter().copied()),
        evidence: vec![evidence],
    })
}

/// The events that show the wrong order.
fn steps(finding: &Finding) -> Vec<&Event> {
    let sequence = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Sequence(steps) => Some(steps.as_slice()),
        _ => None,
    });
    sequence.unwrap_or_default().iter().map(|step| &step.event).collect()
}

/// The side that took all steps, if that is one.
fn side(events: &[&Event], facts: &Facts<'_>) -> Option<Side> {
    let sides: Option<BTreeSet<_>> = events.iter().map(|event| side_of(event, facts)).collect();
    let sides = sides.filter(|sides| sides.len() == 1)?;
    sides.first().copied()
}

fn side_of(event: &Event, facts: &Facts<'_>) -> Option<Side> {
    match event.kind {
        // A TA maps memory for itself, and takes notes of its own steps.
        EventKind::Map | EventKind::Unmap | EventKind::Note(_) => Some(Side::Ta(event.uuid)),
        EventKind::Open | EventKind::Close | EventKind::Invoke if event.opener == 0 => {
            Some(Side::Client)
        }
        EventKind::Open | EventKind::Close | EventKind::Invoke => {
            facts.instances.get(&event.opener).map(|uuid| Side::Ta(Some(*uuid)))
        }
        EventKind::Step(_) => event.by.as_ref().map(|_| Side::Client),
    }
}
