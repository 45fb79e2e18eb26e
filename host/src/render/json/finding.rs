//! A finding as JSON.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    audit,
    model::{Evidence, Figure, Finding, FindingKind, Severity, StepRef, Subject, Unit, Verdict},
};

use super::{
    birthplace::{self, BirthplaceJson},
    blame::{self, BlameJson},
    clients, incident, known_leak,
};

/// A finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct FindingJson<'t> {
    /// Kind of finding.
    #[schemars(extend("enum" = FindingKind::ALL.map(|kind| kind.info().json)))]
    kind: &'static str,
    /// Severity: only a failure makes the command fail.
    #[schemars(extend("enum" = Severity::ALL.map(Severity::name)))]
    severity: &'static str,
    /// Verdict of the growth analysis; null for findings not about growth.
    #[schemars(extend("enum" = nullable(Verdict::ALL.map(Verdict::name))))]
    verdict: Option<&'static str>,
    /// Subject of the finding.
    subject: SubjectJson<'t>,
    /// Title, one line.
    title: &'t str,
    /// Figures with units.
    figures: Vec<Number<'t>>,
    /// Evidence.
    evidence: Vec<EvidenceJson<'t>>,
    /// Fingerprint, stable across runs, builds and shifted line numbers.
    fingerprint: &'t str,
    /// Leaks of OP-TEE itself that it may be, all equally likely; missing if none is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known: Vec<known_leak::KnownLeakJson<'t>>,
    /// The finding that explains this one.
    cause: Option<CauseJson<'t>>,
    /// Who is to blame; missing if the facts do not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    blame: Option<BlameJson<'t>>,
    /// What to do next.
    next: &'t str,
}

/// A finding of a report.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NumberedFinding")]
pub(super) struct NumberedFindingJson<'t> {
    /// Number of the finding, from 1, the same in every format; null if it does not count or is an
    /// effect of another one.
    number: Option<usize>,
    /// Number of the finding that this one is an effect of; missing if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect_of: Option<usize>,
    #[serde(flatten)]
    finding: FindingJson<'t>,
}

/// Subject of a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Subject")]
#[serde(tag = "type", rename_all = "snake_case")]
enum SubjectJson<'t> {
    /// An allocation site.
    Site {
        /// Source file as the build names it.
        file: &'t str,
        /// Source line.
        line: u32,
        /// Bytes requested by each allocation.
        size_bytes: u64,
        /// The heap: `core heap`, or that of a TA.
        heap: std::borrow::Cow<'t, str>,
        /// UUID of the TA or PTA that owns the allocations, if known.
        owner: Option<String>,
        /// Function or offset of the caller, if known.
        caller: Option<&'t str>,
    },
    /// A TA.
    Ta {
        /// UUID of the TA.
        uuid: String,
    },
    /// A pool.
    Pool {
        /// Name of the pool.
        name: std::borrow::Cow<'t, str>,
    },
    /// An entry of a ledger of the normal world.
    Holding {
        /// The ledger, such as slab caches, page_owner or dma-bufs.
        ledger: &'t str,
        /// The entry: a function, a process, a heap.
        name: &'t str,
    },
    /// A resource of a protocol.
    Resource {
        /// The protocol.
        protocol: &'t str,
        /// The kind of resource.
        resource: &'t str,
    },
}

/// A figure with its unit.
#[derive(Serialize, JsonSchema)]
struct Number<'t> {
    /// Name of the figure.
    name: &'t str,
    /// Value.
    value: f64,
    /// 95 % confidence interval.
    interval_95: Option<(f64, f64)>,
    /// Unit of the value.
    #[schemars(extend("enum" = Unit::ALL.map(Unit::name)))]
    unit: &'static str,
}

/// Cause of a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cause")]
struct CauseJson<'t> {
    /// Fingerprint of the finding that explains this one.
    fingerprint: &'t str,
    /// Why it is the cause.
    reason: &'t str,
}

/// Evidence of a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
#[serde(tag = "type", rename_all = "snake_case")]
enum EvidenceJson<'t> {
    /// A sentence that can be checked by hand.
    Text {
        /// The sentence.
        text: &'t str,
    },
    /// Objects live at the end, by the epoch of their allocation.
    Survivors {
        /// Pairs of epoch and count.
        by_epoch: &'t [(u32, u64)],
    },
    /// In which calls the objects that stay were made.
    Birthplaces {
        /// By call, most objects first.
        places: Vec<BirthplaceJson<'t>>,
    },
    /// Values over the iterations.
    Series {
        /// Pairs of iteration and value.
        by_iteration: &'t [(u32, f64)],
    },
    /// The shortest sequence of events that shows the finding.
    Sequence {
        /// Events as steps of the protocol.
        steps: Vec<StepJson<'t>>,
    },
    /// The expected order.
    Expected {
        /// Names of the steps in order.
        order: &'t str,
    },
    /// A location in a source.
    At {
        /// Name of the source: a file, a device.
        source: &'t str,
        /// Line of a text or frame of a capture, from 1.
        at: u64,
    },
    /// The call stack that the allocations of the subject were made from.
    CallStack {
        /// Its levels, innermost first; addresses are offsets into the TEE core.
        stack: Vec<incident::StackFrameJson<'t>>,
    },
    /// A further subject of the same finding: sites that grow together.
    Member {
        /// The subject.
        subject: SubjectJson<'t>,
        /// Figures of the subject.
        figures: Vec<Number<'t>>,
    },
}

/// An event as a step of a protocol.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Step")]
struct StepJson<'t> {
    /// Name of the step in its protocol.
    step: &'t str,
    /// Keys of the resource, as text.
    keys: &'t str,
    /// Number of the event within its origin.
    seq: u64,
    /// Line of a text or frame of a capture.
    at: u64,
    /// Iteration of the run.
    iteration: Option<u32>,
    /// Session id, unique per opener.
    session: Option<u32>,
    /// TA instance that opened the session; 0 for the normal world.
    opener: u32,
    /// TA instance that serves the session or owns the region; 0 for a PTA or if unknown.
    instance: u32,
    /// UUID of the TA or PTA that serves the session or owns the region.
    uuid: Option<String>,
    /// Command id of an invocation.
    command: Option<u32>,
    /// Result: the name of its code if known, or the words of the text.
    result: Option<String>,
    /// Code of the result; null if the text has only words for it.
    result_code: Option<u32>,
    /// Process that made the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<clients::CallerJson<'t>>,
}

pub(super) fn entry(finding: &Finding) -> FindingJson<'_> {
    FindingJson {
        kind: finding.kind.info().json,
        severity: finding.severity.name(),
        verdict: finding.verdict.map(Verdict::name),
        subject: subject_json(&finding.subject),
        title: &finding.title,
        figures: finding.figures.iter().map(figure_json).collect(),
        evidence: finding.evidence.iter().filter_map(proof).collect(),
        fingerprint: &finding.fingerprint.0,
        known: finding.known_leaks().map(known_leak::entry).collect(),
        cause: finding
            .cause
            .as_ref()
            .map(|(fingerprint, reason)| CauseJson { fingerprint: &fingerprint.0, reason }),
        blame: finding.blame.as_ref().map(blame::entry),
        next: &finding.next_step,
    }
}

/// The findings of a report in its order, notes last.
pub(super) fn numbered_findings<'t>(findings: &'t [Finding]) -> Vec<NumberedFindingJson<'t>> {
    let numbers: HashMap<_, _> =
        audit::stories(findings).map(|story| &story.fingerprint).zip(1..).collect();
    let numbered_finding = |finding: &'t Finding| {
        let number = numbers.get(&finding.fingerprint).copied();
        let story = audit::story(finding, findings);
        let effect_of = numbers.get(&story.fingerprint).copied().filter(|_| number.is_none());
        NumberedFindingJson { number, effect_of, finding: entry(finding) }
    };
    findings.iter().map(numbered_finding).collect()
}

/// Values of a nullable enumeration.
pub(super) fn nullable<const N: usize>(names: [&'static str; N]) -> Vec<Option<&'static str>> {
    names.into_iter().map(Some).chain([None]).collect()
}

fn subject_json(subject: &Subject) -> SubjectJson<'_> {
    match subject {
        Subject::Site { file, line, size, heap, owner, caller } => SubjectJson::Site {
            file,
            line: *line,
            size_bytes: *size,
            heap: heap.label(),
            owner: owner.map(|owner| owner.to_string()),
            caller: caller.as_deref(),
        },
        Subject::Ta(uuid) => SubjectJson::Ta { uuid: uuid.to_string() },
        Subject::Pool(pool) => SubjectJson::Pool { name: pool.label() },
        Subject::Holding { listing, name, .. } => {
            SubjectJson::Holding { ledger: listing.label(), name }
        }
        Subject::Resource { protocol, resource } => SubjectJson::Resource { protocol, resource },
    }
}

fn figure_json(figure: &Figure) -> Number<'_> {
    Number {
        name: figure.name(),
        value: figure.value,
        interval_95: figure.interval,
        unit: figure.unit.name(),
    }
}

/// `None` for what the title says already.
fn proof(evidence: &Evidence) -> Option<EvidenceJson<'_>> {
    Some(match evidence {
        Evidence::Text(text) | Evidence::Outstanding(text) => EvidenceJson::Text { text },
        Evidence::Survivors(by_epoch) => EvidenceJson::Survivors { by_epoch },
        Evidence::Series(by_iteration) => EvidenceJson::Series { by_iteration },
        Evidence::Sequence(steps) => {
            EvidenceJson::Sequence { steps: steps.iter().map(step).collect() }
        }
        Evidence::Birthplaces(places) => {
            EvidenceJson::Birthplaces { places: places.iter().map(birthplace::entry).collect() }
        }
        Evidence::Expected(order) => EvidenceJson::Expected { order },
        // Known leaks have a field of their own.
        Evidence::CallStack(frames) => {
            EvidenceJson::CallStack { stack: frames.iter().map(incident::level).collect() }
        }
        Evidence::Missing(_) | Evidence::Known(_) => return None,
        Evidence::At(place) => EvidenceJson::At { source: &place.source, at: place.at },
        Evidence::Member(subject, figures) => EvidenceJson::Member {
            subject: subject_json(subject),
            figures: figures.iter().map(figure_json).collect(),
        },
    })
}

fn step(step: &StepRef) -> StepJson<'_> {
    let event = &step.event;
    StepJson {
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
            .as_ref()
            .map(|result| result.words().map_or_else(|| result.to_string(), ToOwned::to_owned)),
        result_code: event.code(),
        by: event.by.as_deref().map(clients::caller),
    }
}
