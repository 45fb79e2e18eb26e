//! What an analysis says.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    audit::{Conclusion, Report},
    model::{Observation, Stage},
    pools::oom,
    triage::{self, Excuse},
};

use super::{
    Unseen, clients, dump,
    finding::{Entry, entry},
    gap_list, incident,
};

/// What an analysis says of a run, a capture or logs.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'t> {
    /// How it ends.
    #[schemars(extend("enum" = ["clean", "leak", "wrong_order", "not_decided"]))]
    verdict: &'static str,
    /// Conclusion code of the command.
    #[schemars(extend("enum" = [0, 1, 3, 4]))]
    exit_code: u8,
    /// Why it can not be called clean even if nothing was found.
    doubts: Vec<&'t str>,
    /// OP-TEE's version, where known.
    release: Option<&'t str>,
    /// The workload's command line, where teeleak ran it.
    workload: Vec<&'t str>,
    /// Which pool of the normal world grows, and who holds it, each a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pools: Vec<&'t str>,
    /// What was found, worst first.
    findings: Vec<Entry<'t>>,
    /// What was found and does not count.
    accepted: Vec<Accepted<'t>>,
    /// What is to be said of the rules by which it does not.
    remarks: Vec<&'t str>,
    /// What went wrong and left a trace of its own, in order of time.
    incidents: Vec<incident::Entry<'t>>,
    /// What was inferred rather than read, each a sentence.
    inferred: Vec<&'t str>,
    /// Which pool ran out, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    out_of_memory: Option<dump::OutOfMemory<'t>>,
    /// What was looked at.
    coverage: Coverage<'t>,
    /// What could not be seen.
    unseen: Vec<Unseen<'t>>,
}

/// What was looked at.
#[derive(Serialize, JsonSchema)]
struct Coverage<'t> {
    /// Samples in all.
    n_samples: usize,
    /// Those after nothing was done.
    n_idle: usize,
    /// Those after iterations that do not count.
    n_warmup: usize,
    /// Those after iterations that count.
    n_measured: usize,
    /// Events.
    n_events: usize,
    /// Events that were steps of a protocol.
    n_steps: u64,
    /// What became of the canary, where one was planted.
    canary: Option<Canary>,
    /// Conclusion status of the workload in each iteration that it failed in.
    failed_iterations: Vec<i32>,
    /// What processes of the normal world told.
    #[serde(skip_serializing_if = "Option::is_none")]
    clients: Option<clients::Entry<'t>>,
    /// Where the input went.
    input: Input,
}

/// What became of the canary.
#[derive(Serialize, JsonSchema)]
struct Canary {
    /// Size that was planted.
    size_bytes: u32,
    /// Samples that had to show it.
    n_expected: u32,
    /// Samples that did.
    n_found: u32,
}

/// Where every line or frame of the input went: `read` is the sum of the others.
#[derive(Serialize, JsonSchema)]
struct Input {
    /// Lines or frames read.
    read: u64,
    /// Those that became facts or part of one.
    parsed: u64,
    /// Those that are about something else.
    ignored: u64,
    /// Those that should have become facts and could not.
    rejected: u64,
}

/// A finding that does not count, and why.
#[derive(Serialize, JsonSchema)]
struct Accepted<'t> {
    /// What takes it out.
    #[schemars(extend("enum" = ["baseline", "suppression", "known_cache", "budget", "not_asked"]))]
    by: &'static str,
    /// Why, in words.
    excuse: String,
    #[serde(flatten)]
    finding: Entry<'t>,
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
        verdict: match report.conclusion {
            Conclusion::Clean => "clean",
            Conclusion::Leak => "leak",
            Conclusion::Order => "wrong_order",
            Conclusion::Unobserved => "not_decided",
        },
        exit_code: report.conclusion.code(),
        doubts: report.doubts.iter().map(|doubt| &**doubt).collect(),
        release: observation.platform.release.as_deref(),
        workload: observation.platform.workload.iter().map(|word| &**word).collect(),
        pools: report.pools.iter().map(|pool| &**pool).collect(),
        findings: report.findings.iter().map(entry).collect(),
        accepted: report.accepted.iter().map(accepted_finding).collect(),
        remarks: report.remarks.iter().map(|remark| &**remark).collect(),
        incidents: observation.incidents.iter().map(incident::entry).collect(),
        inferred: observation.assumptions.iter().map(|text| &**text).collect(),
        out_of_memory: short.map(dump::out_of_memory),
        coverage: coverage(observation, report),
        unseen: gap_list(&report.coverage),
    }
}

fn coverage<'t>(observation: &'t Observation, report: &Report) -> Coverage<'t> {
    let count_of = |stage| observation.samples.iter().filter(|s| s.moment.stage == stage).count();
    let accounting = &observation.accounting;
    Coverage {
        n_samples: observation.samples.len(),
        n_idle: count_of(Stage::Idle),
        n_warmup: count_of(Stage::Warmup),
        n_measured: count_of(Stage::Measured),
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
            read: accounting.read,
            parsed: accounting.parsed,
            ignored: accounting.ignored,
            rejected: accounting.rejected,
        },
    }
}

fn accepted_finding(one: &triage::Accepted) -> Accepted<'_> {
    let rule = match one.excuse {
        Excuse::Baseline(_) => "baseline",
        Excuse::Suppressed { .. } => "suppression",
        Excuse::Known(_) => "known_cache",
        Excuse::Budget { .. } => "budget",
        Excuse::NotAsked => "not_asked",
    };
    Accepted { by: rule, excuse: one.excuse.to_string(), finding: entry(&one.finding) }
}
