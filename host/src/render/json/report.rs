//! A report as JSON.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    audit::{Conclusion, Report, UnusedNote},
    model::{Observation, Stage, UserFileKind},
    normal_world::LedgerFact,
    pools::oom,
    triage::{self, Excuse},
};

use super::{
    GapJson, clients, dump,
    finding::{FindingJson, NumberedFindingJson, entry, numbered_findings},
    gap_list, incident, one_look,
};

/// Report of the analysis of a run, a capture or logs.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReportDocument<'t> {
    /// Verdict.
    #[schemars(extend("enum" = ["clean", "leak", "wrong_order", "inconclusive"]))]
    verdict: &'static str,
    /// Conclusion code of the command.
    #[schemars(extend("enum" = [0, 1, 3, 4]))]
    exit_code: u8,
    /// Why the result is inconclusive even if nothing was found.
    doubts: Vec<&'t str>,
    /// OP-TEE's version, if known.
    release: Option<&'t str>,
    /// Command line of the workload, if teeleak ran it.
    workload: Vec<&'t str>,
    /// Growing pools of the normal world and their holders, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pools: Vec<&'t str>,
    /// What the last look at each ledger of the normal world shows, largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ledgers: Vec<LedgerFactJson<'t>>,
    /// Which pool is full first because of what leaks, and when; missing without a leak.
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<&'t str>,
    /// Findings: the worst first, causes before their effects, notes last.
    findings: Vec<NumberedFindingJson<'t>>,
    /// Accepted findings, which do not count.
    accepted: Vec<AcceptedJson<'t>>,
    /// Notes on suppressions and baselines, such as rules that expired or match nothing.
    suppression_notes: Vec<&'t str>,
    /// What is alive, where growth could not be judged or only pools were observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    one_look: Option<one_look::OneLookJson<'t>>,
    /// Incidents in order of time.
    incidents: Vec<incident::IncidentJson<'t>>,
    /// Assumptions of the analysis, one sentence each.
    inferred: Vec<&'t str>,
    /// Which pool ran out; missing if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    out_of_memory: Option<dump::OutOfMemoryJson<'t>>,
    /// What was observed.
    coverage: Coverage<'t>,
    /// Files given with --rules, --protocol or --messages that nothing of the input fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unused_files: Vec<UnusedFileJson<'t>>,
    /// What could not be observed.
    not_observed: Vec<GapJson<'t>>,
}

/// What a ledger of the normal world shows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LedgerFact")]
struct LedgerFactJson<'t> {
    /// The ledger, with the heap, cache or process that it is of.
    ledger: &'t str,
    /// The fact.
    text: &'t str,
    /// Number of objects, if it is about objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// Bytes, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// Name of the source.
    source: &'t str,
    /// Its line, from 1.
    at: u64,
}

/// A file that nothing of the input fits.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UnusedFile")]
struct UnusedFileJson<'t> {
    /// What the file says.
    #[schemars(extend("enum" = UserFileKind::ALL.map(UserFileKind::name)))]
    kind: &'static str,
    /// Its name, as given.
    name: &'t str,
    /// Lines that nearly fit, the nearest first.
    nearest: Vec<NearLineJson<'t>>,
    /// What to change.
    next: &'t str,
}

/// A line that nearly fits.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NearLine")]
struct NearLineJson<'t> {
    /// Name of the source.
    source: &'t str,
    /// Its line, from 1.
    at: u64,
    /// The line.
    text: &'t str,
}

/// What was observed.
#[derive(Serialize, JsonSchema)]
struct Coverage<'t> {
    /// Number of snapshots.
    n_snapshots: usize,
    /// Snapshots after idle iterations.
    n_idle: usize,
    /// Snapshots after warm-up iterations.
    n_warmup: usize,
    /// Snapshots after measured iterations.
    n_measured: usize,
    /// Number of events.
    n_events: usize,
    /// Number of events that are steps of a protocol.
    n_steps: u64,
    /// Result of the canary, if one was planted.
    canary: Option<CanaryJson>,
    /// Exit status of the workload in each failed iteration.
    failed_iterations: Vec<i32>,
    /// Client calls of the normal world.
    #[serde(skip_serializing_if = "Option::is_none")]
    clients: Option<clients::ClientsJson<'t>>,
    /// Accounting of the input.
    input: InputJson,
}

/// Result of the canary.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Canary")]
struct CanaryJson {
    /// Size of the planted allocation.
    size_bytes: u32,
    /// Number of snapshots that should contain it.
    n_expected: u32,
    /// Number of snapshots that contain it.
    n_found: u32,
}

/// Accounting of all lines or frames of the input: `read` is the sum of the others.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Input")]
struct InputJson {
    /// Lines or frames read.
    read: u64,
    /// Lines or frames used.
    parsed: u64,
    /// Unrelated lines or frames.
    ignored: u64,
    /// Damaged lines or frames.
    rejected: u64,
}

/// A finding that does not count, and why.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Accepted")]
struct AcceptedJson<'t> {
    /// Kind of rule that accepts the finding.
    #[schemars(extend("enum" = ["baseline", "suppression", "known_cache", "budget", "not_asked"]))]
    by: &'static str,
    /// Reason, as text.
    excuse: String,
    #[serde(flatten)]
    finding: FindingJson<'t>,
}

/// Writes a report.
pub(crate) fn write(
    observation: &Observation,
    report: &Report,
    short: Option<&oom::OomVerdict>,
    out: &mut dyn Write,
) -> io::Result<()> {
    super::write("report", &document(observation, report, short), out)
}

/// Like [`write()`], but returns the report on one line.
pub(crate) fn compact(
    observation: &Observation,
    report: &Report,
    short: Option<&oom::OomVerdict>,
) -> io::Result<String> {
    super::compact("report", &document(observation, report, short))
}

fn document<'t>(
    observation: &'t Observation,
    report: &'t Report,
    short: Option<&'t oom::OomVerdict>,
) -> ReportDocument<'t> {
    ReportDocument {
        verdict: match report.conclusion {
            Conclusion::Clean => "clean",
            Conclusion::Leak => "leak",
            Conclusion::Order => "wrong_order",
            Conclusion::Inconclusive => "inconclusive",
        },
        exit_code: report.conclusion.code(),
        doubts: report.doubts.iter().map(|doubt| &**doubt).collect(),
        release: observation.platform.release.as_deref(),
        workload: observation.platform.workload.iter().map(|word| &**word).collect(),
        pools: report.pools.iter().map(|pool| &**pool).collect(),
        ledgers: report.ledgers.iter().map(ledger_fact).collect(),
        forecast: report.forecast.as_deref(),
        findings: numbered_findings(&report.findings),
        accepted: report.accepted.iter().map(accepted_finding).collect(),
        suppression_notes: report.suppression_notes.iter().map(|note| &**note).collect(),
        one_look: report.look.as_ref().map(one_look::entry),
        incidents: observation.incidents.iter().map(incident::entry).collect(),
        inferred: observation.assumptions.iter().map(|text| &**text).collect(),
        out_of_memory: short.map(dump::out_of_memory),
        coverage: coverage(observation, report),
        unused_files: report.unused_files.iter().map(unused_file).collect(),
        not_observed: gap_list(&report.coverage),
    }
}

fn ledger_fact(fact: &LedgerFact) -> LedgerFactJson<'_> {
    LedgerFactJson {
        ledger: &fact.ledger,
        text: &fact.text,
        count: fact.count,
        bytes: fact.bytes,
        source: &fact.place.source,
        at: fact.place.at,
    }
}

fn unused_file(note: &UnusedNote) -> UnusedFileJson<'_> {
    let nearest = note.file.nearest.iter();
    UnusedFileJson {
        kind: note.file.kind.name(),
        name: &note.file.name,
        nearest: nearest
            .map(|line| NearLineJson {
                source: &line.place.source,
                at: line.place.at,
                text: &line.text,
            })
            .collect(),
        next: &note.next_step,
    }
}

fn coverage<'t>(observation: &'t Observation, report: &Report) -> Coverage<'t> {
    let count_of = |stage| observation.samples.iter().filter(|s| s.moment.stage == stage).count();
    let accounting = &observation.accounting;
    Coverage {
        n_snapshots: observation.samples.len(),
        n_idle: count_of(Stage::Idle),
        n_warmup: count_of(Stage::Warmup),
        n_measured: count_of(Stage::Measured),
        n_events: observation.events.len(),
        n_steps: report.steps,
        canary: observation.canary.map(|canary| CanaryJson {
            size_bytes: canary.size,
            n_expected: canary.expected,
            n_found: canary.found,
        }),
        failed_iterations: observation.failed.iter().map(|(_, status)| *status).collect(),
        clients: clients::entry(&observation.clients),
        input: InputJson {
            read: accounting.read,
            parsed: accounting.parsed,
            ignored: accounting.ignored,
            rejected: accounting.rejected,
        },
    }
}

fn accepted_finding(one: &triage::Accepted) -> AcceptedJson<'_> {
    let rule = match one.excuse {
        Excuse::Baseline(_) => "baseline",
        Excuse::Suppressed { .. } => "suppression",
        Excuse::Known(_) => "known_cache",
        Excuse::Budget { .. } => "budget",
        Excuse::NotAsked => "not_asked",
    };
    AcceptedJson { by: rule, excuse: one.excuse.to_string(), finding: entry(&one.finding) }
}
