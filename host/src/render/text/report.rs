//! What an analysis says: the verdict, each finding with its proof, then what it rests on.

use std::io::{self, Write};

use teeleak_analysis::model::{Finding, Observation, Part, Sample, Severity, Stage};

use super::{BAD, DIM, GOOD, HEAD, WARN, finding, gaps};
use crate::{
    Exit,
    render::words::{count, grouped},
    told::Told,
};

/// Writes a report.
pub(crate) fn write(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    verdict(told, out)?;
    let (told_in_full, notes): (Vec<_>, Vec<_>) =
        told.findings.iter().partition(|finding| finding.severity > Severity::Note);
    for (n, found) in told_in_full.iter().enumerate() {
        finding::write(n + 1, found, told.findings, out)?;
    }
    write_notes(&notes, out)?;
    coverage(told.observation, out)?;
    gaps::write(&told.gaps, out)
}

fn verdict(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (style, text) = match told.exit {
        Exit::Clean => (GOOD, "clean"),
        Exit::Leak => (BAD, "leak"),
        Exit::Order => (BAD, "wrong order"),
        Exit::Usage | Exit::Blind => (WARN, "not decided"),
    };
    let failures = told.findings.iter().filter(|one| one.severity == Severity::Failure).count();
    let what = match told.exit {
        Exit::Clean => "nothing is left behind".to_owned(),
        Exit::Usage | Exit::Blind => told.blind.clone().unwrap_or_default(),
        Exit::Leak | Exit::Order => count(failures as u64, "finding"),
    };
    writeln!(out, "{style}{text}{style:#}: {what} {DIM}({}){DIM:#}", scope(told.observation))
}

/// What was looked at: `20 iterations of drm-player, OP-TEE 4.10.0`.
fn scope(observation: &Observation) -> String {
    let iterations = count(measured(observation), "iteration");
    let workload = observation.platform.workload.join(" ");
    let of = if workload.is_empty() { String::new() } else { format!(" of `{workload}`") };
    let release = observation.platform.release.as_deref();
    let release = release.map_or(String::new(), |release| format!(", OP-TEE {release}"));
    format!("{iterations}{of}{release}")
}

fn measured(observation: &Observation) -> u64 {
    observation.samples.iter().filter(|sample| sample.moment.stage == Stage::Measured).count()
        as u64
}

fn write_notes(notes: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}notes{HEAD:#}")?;
    notes.iter().try_for_each(|note| writeln!(out, "  {}", note.title))
}

fn coverage(observation: &Observation, out: &mut dyn Write) -> io::Result<()> {
    let samples = &observation.samples;
    writeln!(out, "\n{HEAD}seen{HEAD:#}")?;
    writeln!(out, "  {}: {}", count(samples.len() as u64, "sample"), stages(samples))?;
    writeln!(out, "  complete in: {}", complete(samples))?;
    writeln!(out, "  {}", count(observation.events.len() as u64, "event"))?;
    if let Some(canary) = &observation.canary {
        let style = if canary.found < canary.expected { BAD } else { DIM };
        let (size, found, expected) = (canary.size, canary.found, canary.expected);
        writeln!(
            out,
            "  {style}canary of {size} bytes found in {found} of {expected} samples{style:#}"
        )?;
    }
    failures(observation, out)?;
    let all = &observation.accounting;
    writeln!(
        out,
        "  input: {} read, {} used, {} of other things, {} damaged",
        grouped(all.read),
        grouped(all.parsed),
        grouped(all.ignored),
        grouped(all.rejected)
    )
}

fn failures(observation: &Observation, out: &mut dyn Write) -> io::Result<()> {
    if observation.failed.is_empty() {
        return Ok(());
    }
    let mut statuses: Vec<_> = observation.failed.iter().map(|(_, status)| *status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let n = count(observation.failed.len() as u64, "iteration");
    writeln!(out, "  {WARN}the workload failed in {n}, with status {statuses:?}{WARN:#}")
}

fn stages(samples: &[Sample]) -> String {
    let names = [
        (Stage::Before, "before"),
        (Stage::Idle, "idle"),
        (Stage::Warmup, "warm-up"),
        (Stage::Measured, "measured"),
        (Stage::After, "after"),
    ];
    let count_of = |stage| samples.iter().filter(|sample| sample.moment.stage == stage).count();
    let counted = names.into_iter().map(|(stage, name)| (count_of(stage), name));
    let texts: Vec<_> =
        counted.filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}")).collect();
    texts.join(", ")
}

fn complete(samples: &[Sample]) -> String {
    fn whole<T>(part: &Part<T>) -> bool {
        matches!(part, Part::Complete(_))
    }
    fn regions(sample: &Sample) -> bool {
        let instances = sample.instances.seen().into_iter().flatten();
        whole(&sample.instances) && { instances }.all(|instance| whole(&instance.regions))
    }
    let in_how_many = |is: fn(&Sample) -> bool| samples.iter().filter(|sample| is(sample)).count();
    format!(
        "sites {}, regions {}, sessions {}, pools {} of {} samples",
        in_how_many(|sample| whole(&sample.sites)),
        in_how_many(regions),
        in_how_many(|sample| whole(&sample.sessions)),
        in_how_many(|sample| whole(&sample.pools)),
        samples.len()
    )
}
