//! What is told of an observation, and the exit code that goes with it.

use teeleak_analysis::model::{Finding, Gap, Kind, Observation, Reason, Severity};

use crate::{Exit, compare};

/// An observation and what the analyses made of it.
pub(crate) struct Told<'o> {
    pub(crate) observation: &'o Observation,
    pub(crate) findings: &'o [Finding],
    /// What was not seen, of the run and of each sample.
    pub(crate) gaps: Vec<Gap>,
    pub(crate) exit: Exit,
    /// Why nothing could be decided, if so.
    pub(crate) blind: Option<String>,
}

/// Sums up. Nothing observed is never clean.
pub(crate) fn tell<'o>(observation: &'o Observation, findings: &'o [Finding]) -> Told<'o> {
    let mut gaps = observation.gaps.clone();
    gaps.extend(observation.samples.iter().flat_map(compare::gaps));
    let blind = blindness(observation);
    let failures = || findings.iter().filter(|finding| finding.severity == Severity::Failure);
    let exit = if failures().any(|finding| finding.kind == Kind::Order) {
        Exit::Order
    } else if failures().next().is_some() {
        Exit::Leak
    } else if blind.is_some() {
        Exit::Blind
    } else {
        Exit::Clean
    };
    Told { observation, findings, gaps, exit, blind }
}

/// Why silence means nothing, if so.
fn blindness(observation: &Observation) -> Option<String> {
    let samples = &observation.samples;
    if samples.is_empty() {
        return Some("no sample was taken".into());
    }
    match &observation.canary {
        Some(canary) if canary.found < canary.expected => {
            return Some(format!(
                "the canary was found in {} of {} samples: what the detector does not find means nothing",
                canary.found, canary.expected
            ));
        }
        _ => {}
    }
    if observation.gaps.iter().any(|gap| gap.reason == Reason::Damaged) || samples.len() < 2 {
        return Some("the input is damaged or too short".into());
    }
    let blind = |seen: fn(&teeleak_analysis::model::Sample) -> bool| !samples.iter().any(seen);
    if blind(|sample| sample.sites.seen().is_some()) {
        return Some("no allocation sites were seen".into());
    }
    if blind(|sample| sample.instances.seen().is_some()) {
        return Some("no TA instances were seen".into());
    }
    None
}
