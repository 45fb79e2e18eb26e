//! What an analysis says.

use std::io::{self, Write};

use serde::Serialize;
use teeleak_analysis::{
    audit::{Exit, Report},
    model::{
        Evidence, Figure, Finding, Kind, Observation, Severity, Stage, StepRef, Subject, Verdict,
    },
    oom,
    triage::{self, Excuse},
};

use super::{Unseen, clients, dump, incident, unseen};
use crate::{error, render::words};

#[derive(Serialize)]
struct Document<'t> {
    verdict: &'static str,
    exit_code: u8,
    doubts: Vec<&'t str>,
    release: Option<&'t str>,
    workload: Vec<&'t str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pools: Vec<&'t str>,
    findings: Vec<Entry<'t>>,
    accepted: Vec<Accepted<'t>>,
    remarks: Vec<&'t str>,
    incidents: Vec<incident::Entry<'t>>,
    inferred: Vec<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_of_memory: Option<dump::OutOfMemory<'t>>,
    coverage: Coverage<'t>,
    unseen: Vec<Unseen<'t>>,
}

#[derive(Serialize)]
struct Coverage<'t> {
    n_samples: usize,
    n_idle: usize,
    n_warmup: usize,
    n_measured: usize,
    n_events: usize,
    n_steps: u64,
    canary: Option<Canary>,
    failed_iterations: Vec<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clients: Option<clients::Entry<'t>>,
    input: Input,
}

#[derive(Serialize)]
struct Canary {
    size_bytes: u32,
    n_expected: u32,
    n_found: u32,
}

#[derive(Serialize)]
struct Input {
    read: u64,
    parsed: u64,
    ignored: u64,
    rejected: u64,
}

#[derive(Serialize)]
pub(super) struct Entry<'t> {
    kind: &'static str,
    severity: &'static str,
    verdict: Option<&'static str>,
    subject: About<'t>,
    title: &'t str,
    figures: Vec<Number<'t>>,
    evidence: Vec<Proof<'t>>,
    fingerprint: &'t str,
    cause: Option<Cause<'t>>,
    action: &'t str,
}

/// A finding that does not count, and why.
#[derive(Serialize)]
struct Accepted<'t> {
    by: &'static str,
    excuse: String,
    #[serde(flatten)]
    finding: Entry<'t>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum About<'t> {
    Site {
        file: &'t str,
        line: u32,
        size_bytes: u64,
        owner: Option<String>,
        caller: Option<&'t str>,
    },
    Ta {
        uuid: String,
    },
    Pool {
        name: &'t str,
    },
    Holding {
        ledger: &'t str,
        name: &'t str,
    },
    Resource {
        protocol: &'t str,
        resource: &'t str,
    },
}

#[derive(Serialize)]
struct Number<'t> {
    name: &'t str,
    value: f64,
    interval_95: Option<(f64, f64)>,
    unit: &'static str,
}

#[derive(Serialize)]
struct Cause<'t> {
    fingerprint: &'t str,
    reason: &'t str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Proof<'t> {
    Text { text: &'t str },
    Survivors { by_epoch: &'t [(u32, u64)] },
    Series { by_iteration: &'t [(u32, f64)] },
    Sequence { steps: Vec<Step<'t>> },
    Expected { order: &'t str },
    At { source: &'t str, at: u64 },
    Member { subject: About<'t>, figures: Vec<Number<'t>> },
}

#[derive(Serialize)]
struct Step<'t> {
    step: &'t str,
    keys: &'t str,
    seq: u64,
    /// Where it stands in its source: line of a text, frame of a capture.
    at: u64,
    iteration: Option<u32>,
    session: Option<u32>,
    opener: u32,
    instance: u32,
    uuid: Option<String>,
    command: Option<u32>,
    result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<clients::By<'t>>,
}

/// Writes a report.
pub(crate) fn write(
    observation: &Observation,
    report: &Report,
    short: Option<&oom::Verdict>,
    out: &mut dyn Write,
) -> io::Result<()> {
    super::write("report", &document(observation, report, short), out)
}

/// The same on one line.
pub(crate) fn compact(
    observation: &Observation,
    report: &Report,
    short: Option<&oom::Verdict>,
) -> io::Result<String> {
    super::compact("report", &document(observation, report, short))
}

fn document<'t>(
    observation: &'t Observation,
    report: &'t Report,
    short: Option<&'t oom::Verdict>,
) -> Document<'t> {
    Document {
        verdict: match report.exit {
            Exit::Clean => "clean",
            Exit::Leak => "leak",
            Exit::Order => "wrong_order",
            Exit::Unobserved => "not_decided",
        },
        exit_code: report.exit.code(),
        doubts: report.doubts.iter().map(|doubt| &**doubt).collect(),
        pools: report.pools.iter().map(|pool| &**pool).collect(),
        release: observation.platform.release.as_deref(),
        workload: observation.platform.workload.iter().map(|word| &**word).collect(),
        findings: report.findings.iter().map(entry).collect(),
        accepted: report.accepted.iter().map(accepted).collect(),
        remarks: report.remarks.iter().map(|remark| &**remark).collect(),
        incidents: observation.incidents.iter().map(incident::entry).collect(),
        inferred: observation.assumptions.iter().map(|text| &**text).collect(),
        out_of_memory: short.map(dump::out_of_memory),
        coverage: coverage(observation, report),
        unseen: unseen(&report.coverage),
    }
}

fn coverage<'t>(observation: &'t Observation, report: &Report) -> Coverage<'t> {
    let of = |stage| observation.samples.iter().filter(|s| s.moment.stage == stage).count();
    let all = &observation.accounting;
    Coverage {
        n_samples: observation.samples.len(),
        n_idle: of(Stage::Idle),
        n_warmup: of(Stage::Warmup),
        n_measured: of(Stage::Measured),
        n_events: observation.events.len(),
        n_steps: report.steps,
        canary: observation.canary.map(|canary| Canary {
            size_bytes: canary.size,
            n_expected: canary.expected,
            n_found: canary.found,
        }),
        failed_iterations: observation.failed.iter().map(|(_, status)| *status).collect(),
        clients: clients::entry(&observation.clients),
        input: Input {
            read: all.read,
            parsed: all.parsed,
            ignored: all.ignored,
            rejected: all.rejected,
        },
    }
}

fn accepted(one: &triage::Accepted) -> Accepted<'_> {
    let by = match one.excuse {
        Excuse::Baseline(_) => "baseline",
        Excuse::Suppressed { .. } => "suppression",
        Excuse::Known(_) => "known_cache",
        Excuse::Budget { .. } => "budget",
        Excuse::NotAsked => "not_asked",
    };
    Accepted { by, excuse: one.excuse.to_string(), finding: entry(&one.finding) }
}

pub(super) fn entry(finding: &Finding) -> Entry<'_> {
    Entry {
        kind: kind(finding.kind),
        severity: match finding.severity {
            Severity::Note => "note",
            Severity::Possible => "possible",
            Severity::Failure => "failure",
        },
        verdict: finding.verdict.map(verdict),
        subject: about(&finding.subject),
        title: &finding.title,
        figures: finding.figures.iter().map(number).collect(),
        evidence: finding.evidence.iter().map(proof).collect(),
        fingerprint: &finding.fingerprint.0,
        cause: finding
            .cause
            .as_ref()
            .map(|(fingerprint, reason)| Cause { fingerprint: &fingerprint.0, reason }),
        action: &finding.action,
    }
}

/// What kind of finding, in one word.
pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::SiteGrowth => "site_growth",
        Kind::RegionGrowth => "region_growth",
        Kind::SessionGrowth => "session_growth",
        Kind::PoolGrowth => "pool_growth",
        Kind::Unpaired => "unpaired",
        Kind::Order => "order",
        Kind::Disagreement => "disagreement",
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Leak => "leak",
        Verdict::WarmUp => "warm_up",
        Verdict::Step => "step",
        Verdict::Oscillation => "oscillation",
        Verdict::Clean => "clean",
        Verdict::Undecided => "undecided",
    }
}

fn about(subject: &Subject) -> About<'_> {
    match subject {
        Subject::Site { file, line, size, owner, caller } => About::Site {
            file,
            line: *line,
            size_bytes: *size,
            owner: owner.map(|owner| owner.to_string()),
            caller: caller.as_deref(),
        },
        Subject::Ta(uuid) => About::Ta { uuid: uuid.to_string() },
        Subject::Pool(name) => About::Pool { name },
        Subject::Holding { ledger, name } => About::Holding { ledger, name },
        Subject::Resource { protocol, resource } => About::Resource { protocol, resource },
    }
}

fn number(figure: &Figure) -> Number<'_> {
    Number {
        name: &figure.name,
        value: figure.value,
        interval_95: figure.interval,
        unit: words::figure_unit(figure.unit),
    }
}

fn proof(evidence: &Evidence) -> Proof<'_> {
    match evidence {
        Evidence::Text(text) => Proof::Text { text },
        Evidence::Survivors(by_epoch) => Proof::Survivors { by_epoch },
        Evidence::Series(by_iteration) => Proof::Series { by_iteration },
        Evidence::Sequence(steps) => Proof::Sequence { steps: steps.iter().map(step).collect() },
        Evidence::Expected(order) => Proof::Expected { order },
        Evidence::At(place) => Proof::At { source: &place.source, at: place.at },
        Evidence::Member(subject, figures) => {
            Proof::Member { subject: about(subject), figures: figures.iter().map(number).collect() }
        }
    }
}

fn step(step: &StepRef) -> Step<'_> {
    let event = &step.event;
    Step {
        step: &step.step,
        keys: &step.keys,
        seq: event.seq,
        at: event.place.at,
        iteration: event.iteration,
        session: event.session,
        opener: event.opener,
        instance: event.instance,
        uuid: event.uuid.map(|uuid| uuid.to_string()),
        command: event.cmd,
        result: event
            .result
            .map(|result| if result == 0 { "ok".into() } else { error::name(result) }),
        by: event.by.as_deref().map(clients::by),
    }
}
