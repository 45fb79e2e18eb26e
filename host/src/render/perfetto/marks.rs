//! Instants: ends of iterations, findings and incidents.

use std::io;

use teeleak_analysis::{
    model::{Clock, Evidence, Finding, Observation},
    text,
};

use super::{axis::Axis, writer::TraceWriter};
use crate::render::view::ReportView;

/// Writes the ends of iterations, on a track named after the clock.
pub(super) fn iterations(
    (observation, axis): (&Observation, &Axis),
    trace: &mut TraceWriter<'_>,
) -> io::Result<()> {
    let track = trace.track(&format!("iterations; {}", times(axis)), None)?;
    for sample in &observation.samples {
        let moment = sample.moment;
        let name = format!("{} {}", text::stage_key(moment.stage), moment.iteration);
        trace.instant(track, axis.sample(sample), &name, &[])?;
    }
    for (place, status) in &observation.failed {
        let name = format!("the workload failed with status {status}");
        trace.instant(track, axis.time_ns(None, place), &name, &[])?;
    }
    Ok(())
}

fn times(axis: &Axis) -> &'static str {
    match axis.clock {
        Some(Clock::Counter) => {
            "times of the secure world's counter, snapshots are placed between their neighbouring events"
        }
        Some(Clock::Monotonic) => {
            "CLOCK_MONOTONIC, anything without a time is placed between its neighbours"
        }
        Some(Clock::Wall) => "wall clock, anything without a time is placed between its neighbours",
        None => "no times recorded: one second per snapshot",
    }
}

/// Writes the findings, each at the last event of its sequence, and the incidents.
pub(super) fn findings(
    view: &ReportView<'_>,
    axis: &Axis,
    trace: &mut TraceWriter<'_>,
) -> io::Result<()> {
    if !view.report.findings.is_empty() {
        let track = trace.track("findings", None)?;
        for finding in &view.report.findings {
            let number = view.report.number(&finding.fingerprint);
            let number = number.map_or(String::new(), |n| format!("{n}. "));
            let name = format!("{number}{}", finding.title);
            trace.instant(
                track,
                finding_ns(finding, axis),
                &name,
                &[
                    ("kind", finding.kind.info().json.into()),
                    ("severity", finding.severity.name().into()),
                    ("fingerprint", finding.fingerprint.to_string()),
                    ("next", finding.next_step.to_string()),
                ],
            )?;
        }
    }
    let incidents = &view.observation.incidents;
    if !incidents.is_empty() {
        let track = trace.track("incidents", None)?;
        for incident in incidents {
            trace.instant(
                track,
                axis.time_ns(incident.time, &incident.place),
                &incident.text,
                &[],
            )?;
        }
    }
    Ok(())
}

fn finding_ns(finding: &Finding, axis: &Axis) -> u64 {
    let steps = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Sequence(steps) => steps.last(),
        _ => None,
    });
    let last = steps.map(|step| axis.time_ns(step.event.time, &step.event.place)).max();
    last.unwrap_or(axis.span.1)
}
