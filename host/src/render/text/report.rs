//! What an analysis says: the verdict, each finding with its proof, then what it rests on.

use std::io::{self, Write};

use teeleak_analysis::{
    audit::{Exit, Report},
    model::{Finding, Observation, Part, Sample, Severity, Stage},
    normal,
    triage::Accepted,
};

use super::{BAD, DIM, GOOD, HEAD, WARN, clients, finding, gaps, incident};
use crate::render::words::{self, count, grouped};

/// Writes a report.
pub(crate) fn write(
    observation: &Observation,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    verdict(observation, report, out)?;
    list("which pool grows", report.pools.iter().map(|pool| &**pool), out)?;
    let (told_in_full, notes): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.severity > Severity::Note);
    let told_in_full = causes_first(told_in_full);
    if told_in_full.len() > 1 {
        overview(&told_in_full, out)?;
    }
    for (n, found) in told_in_full.iter().enumerate() {
        finding::write(n + 1, found, &told_in_full, out)?;
    }
    incident::write(&observation.incidents, out)?;
    write_notes(&notes, out)?;
    accepted(&report.accepted, out)?;
    list("remarks", report.remarks.iter().map(|remark| &**remark), out)?;
    list("doubts", report.doubts.iter().map(|doubt| &**doubt), out)?;
    list("inferred", observation.assumptions.iter().map(|text| &**text), out)?;
    coverage(observation, report, out)?;
    gaps::write(&report.coverage, out)
}

fn verdict(observation: &Observation, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let style = match report.exit {
        Exit::Clean => GOOD,
        Exit::Leak | Exit::Order => BAD,
        Exit::Unobserved => WARN,
    };
    let (word, what) = (words::verdict(report.exit), headline(report));
    writeln!(out, "{style}{word}{style:#}: {what} {DIM}({}){DIM:#}", scope(observation))
}

/// What the verdict rests on, in a few words.
pub(crate) fn headline(report: &Report) -> String {
    let of = |severity| report.findings.iter().filter(|one| one.severity == severity).count();
    match report.exit {
        Exit::Clean if !report.accepted.is_empty() => {
            let n = count(report.accepted.len() as u64, "accepted finding");
            format!("nothing but {n}")
        }
        Exit::Clean => "nothing is left behind".to_owned(),
        Exit::Leak | Exit::Order => {
            format!("{}, causes first", count(of(Severity::Failure) as u64, "finding"))
        }
        Exit::Unobserved => undecided(report, of(Severity::Possible)),
    }
}

/// What is no failure, each with what it rests on.
fn write_notes(notes: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}notes{HEAD:#}")?;
    for note in notes {
        writeln!(out, "  {}", note.title)?;
        if let Some(proof) = finding::proof(note) {
            writeln!(out, "    {DIM}{proof}{DIM:#}")?;
        }
    }
    Ok(())
}

/// What was found and does not count, with who says so.
fn accepted(accepted: &[Accepted], out: &mut dyn Write) -> io::Result<()> {
    if accepted.is_empty() {
        return Ok(());
    }
    let n = count(accepted.len() as u64, "finding");
    let verb = if accepted.len() == 1 { "does" } else { "do" };
    writeln!(out, "\n{HEAD}accepted{HEAD:#}: {n} that {verb} not count")?;
    for Accepted { finding, excuse } in accepted {
        writeln!(out, "  {}", finding.title)?;
        writeln!(out, "    {excuse}")?;
        writeln!(out, "    {DIM}{}{DIM:#}", finding.fingerprint)?;
    }
    Ok(())
}

fn undecided(report: &Report, possible: usize) -> String {
    match report.doubts.as_slice() {
        [] => count(possible as u64, "possible finding"),
        [doubt] => doubt.to_string(),
        [doubt, more @ ..] => format!("{doubt}, and {}", count(more.len() as u64, "more doubt")),
    }
}

/// What explains others and is not explained itself comes first; otherwise the order stays.
pub(crate) fn causes_first(mut findings: Vec<&Finding>) -> Vec<&Finding> {
    let causes: Vec<_> =
        findings.iter().filter_map(|one| Some(one.cause.as_ref()?.0.clone())).collect();
    let is_root = |one: &Finding| one.cause.is_none() && causes.contains(&one.fingerprint);
    findings.sort_by_key(|one| (std::cmp::Reverse(one.severity), !is_root(one)));
    findings
}

/// All findings in a line each, with what explains them.
fn overview(findings: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    for (n, one) in findings.iter().enumerate() {
        let cause = one.cause.as_ref().and_then(|(cause, _)| finding::number(cause, findings));
        let because = cause.map_or(String::new(), |cause| format!(" {DIM}<- {cause}{DIM:#}"));
        writeln!(out, "  {}. {}{because}", n + 1, one.title)?;
    }
    Ok(())
}

/// What was looked at: `20 iterations of drm-player, OP-TEE 4.10.0`.
pub(crate) fn scope(observation: &Observation) -> String {
    let ledgers = observation.normal.censuses.len() as u64;
    let iterations = if observation.samples.is_empty() && normal::seen(&observation.normal) {
        count(ledgers, "print") + " of ledgers of the normal world"
    } else {
        count(measured(observation), "iteration")
    };
    let workload = observation.platform.workload.join(" ");
    let of = if workload.is_empty() { String::new() } else { format!(" of `{workload}`") };
    let release = words::release(observation);
    let release = release.map_or(String::new(), |release| format!(", OP-TEE {release}"));
    format!("{iterations}{of}{release}")
}

fn measured(observation: &Observation) -> u64 {
    observation.samples.iter().filter(|sample| sample.moment.stage == Stage::Measured).count()
        as u64
}

fn list<'t>(
    title: &str,
    texts: impl ExactSizeIterator<Item = &'t str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if texts.len() == 0 {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}{title}{HEAD:#}")?;
    { texts }.try_for_each(|text| writeln!(out, "  {text}"))
}

fn coverage(observation: &Observation, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let samples = &observation.samples;
    writeln!(out, "\n{HEAD}seen{HEAD:#}")?;
    writeln!(out, "  {}: {}", count(samples.len() as u64, "sample"), stages(samples))?;
    writeln!(out, "  complete in: {}", complete(samples))?;
    let events = count(observation.events.len() as u64, "event");
    writeln!(out, "  {events}, of which {} of a protocol", count(report.steps, "step"))?;
    clients::write(&observation.clients, out)?;
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

/// How many samples of which stage.
pub(crate) fn stages(samples: &[Sample]) -> String {
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

/// In how many samples each part was seen as a whole.
pub(crate) fn complete(samples: &[Sample]) -> String {
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
