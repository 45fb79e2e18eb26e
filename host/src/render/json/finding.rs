//! A finding.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::model::{
    Evidence, Figure, Finding, Kind, Severity, StepRef, Subject, TeeResult, Unit, Verdict,
};

use super::clients;

/// A finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct Entry<'t> {
    /// What kind of thing.
    #[schemars(extend("enum" = Kind::ALL.map(|kind| kind.info().json)))]
    kind: &'static str,
    /// How much it weighs: only a failure makes the command fail.
    #[schemars(extend("enum" = Severity::ALL.map(Severity::name)))]
    severity: &'static str,
    /// What the growth analysis says, where it is about growth.
    #[schemars(extend("enum" = nullable(Verdict::ALL.map(Verdict::name))))]
    verdict: Option<&'static str>,
    /// What it is about.
    subject: About<'t>,
    /// One line that says it.
    title: &'t str,
    /// Numbers.
    figures: Vec<Number<'t>>,
    /// What it rests on.
    evidence: Vec<Proof<'t>>,
    /// Its identity over runs, builds and line drift.
    fingerprint: &'t str,
    /// The finding that explains this one.
    cause: Option<Cause<'t>>,
    /// What to do next.
    action: &'t str,
}

/// What a finding is about.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum About<'t> {
    /// An allocation site.
    Site {
        /// Source file as the build names it.
        file: &'t str,
        /// Source line.
        line: u32,
        /// Bytes requested by each allocation.
        size_bytes: u64,
        /// UUID of the TA or PTA it is for, where known.
        owner: Option<String>,
        /// Function or offset it was called from, where known.
        caller: Option<&'t str>,
    },
    /// A TA.
    Ta {
        /// Which.
        uuid: String,
    },
    /// A pool.
    Pool {
        /// Which.
        name: std::borrow::Cow<'t, str>,
    },
    /// Something that a ledger of the normal world lists.
    Holding {
        /// The ledger: a slab cache, page_owner, dma-bufs.
        ledger: &'t str,
        /// What it lists: a function, a process, a heap.
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

/// A number with its unit.
#[derive(Serialize, JsonSchema)]
struct Number<'t> {
    /// What it is.
    name: &'t str,
    /// How much.
    value: f64,
    /// Confidence interval at 95 %.
    interval_95: Option<(f64, f64)>,
    /// In what.
    #[schemars(extend("enum" = Unit::ALL.map(Unit::name)))]
    unit: &'static str,
}

/// Why one finding explains another.
#[derive(Serialize, JsonSchema)]
struct Cause<'t> {
    /// The finding that explains.
    fingerprint: &'t str,
    /// Why.
    reason: &'t str,
}

/// What a finding rests on.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Proof<'t> {
    /// A sentence that can be checked by hand.
    Text {
        /// The sentence.
        text: &'t str,
    },
    /// Objects alive at the end by the epoch they were born in.
    Survivors {
        /// Epoch, count.
        by_epoch: &'t [(u32, u64)],
    },
    /// A series.
    Series {
        /// Iteration, value.
        by_iteration: &'t [(u32, f64)],
    },
    /// The shortest sequence of events that shows it.
    Sequence {
        /// The events as steps of the protocol.
        steps: Vec<Step<'t>>,
    },
    /// What the right order would have been.
    Expected {
        /// The steps in their order.
        order: &'t str,
    },
    /// A place to look at.
    At {
        /// Name of the source: a file, a device.
        source: &'t str,
        /// Line of a text from 1, frame of a capture from 1.
        at: u64,
    },
    /// A further subject that belongs to the same finding: sites that grow together.
    Member {
        /// What it is.
        subject: About<'t>,
        /// Its numbers.
        figures: Vec<Number<'t>>,
    },
}

/// An event as part of a proof.
#[derive(Serialize, JsonSchema)]
struct Step<'t> {
    /// Name of the step in its protocol.
    step: &'t str,
    /// Keys as a person reads them.
    keys: &'t str,
    /// Number of the event within its origin.
    seq: u64,
    /// Where it stands in its source: line of a text, frame of a capture.
    at: u64,
    /// Iteration of the run that it fell in.
    iteration: Option<u32>,
    /// Session id, unique among those of the opener.
    session: Option<u32>,
    /// Instance that is the session's client, 0 for the normal world.
    opener: u32,
    /// Instance that serves the session or whose region it is, 0 for a PTA or unknown.
    instance: u32,
    /// UUID of what serves the session or whose region it is.
    uuid: Option<String>,
    /// Command of an invoke.
    command: Option<u32>,
    /// Result, by name where it has one.
    result: Option<String>,
    /// Process that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<clients::By<'t>>,
}

pub(super) fn entry(finding: &Finding) -> Entry<'_> {
    Entry {
        kind: finding.kind.info().json,
        severity: finding.severity.name(),
        verdict: finding.verdict.map(Verdict::name),
        subject: subject_json(&finding.subject),
        title: &finding.title,
        figures: finding.figures.iter().map(number).collect(),
        evidence: finding.evidence.iter().filter_map(proof).collect(),
        fingerprint: &finding.fingerprint.0,
        cause: finding
            .cause
            .as_ref()
            .map(|(fingerprint, reason)| Cause { fingerprint: &fingerprint.0, reason }),
        action: &finding.action,
    }
}

/// Values of an enumeration that may be null.
fn nullable<const N: usize>(names: [&'static str; N]) -> Vec<Option<&'static str>> {
    names.into_iter().map(Some).chain([None]).collect()
}

fn subject_json(subject: &Subject) -> About<'_> {
    match subject {
        Subject::Site { file, line, size, owner, caller } => About::Site {
            file,
            line: *line,
            size_bytes: *size,
            owner: owner.map(|owner| owner.to_string()),
            caller: caller.as_deref(),
        },
        Subject::Ta(uuid) => About::Ta { uuid: uuid.to_string() },
        Subject::Pool(pool) => About::Pool { name: pool.label() },
        Subject::Holding { listing, name, .. } => About::Holding { ledger: listing.label(), name },
        Subject::Resource { protocol, resource } => About::Resource { protocol, resource },
    }
}

fn number(figure: &Figure) -> Number<'_> {
    Number {
        name: figure.name(),
        value: figure.value,
        interval_95: figure.interval,
        unit: figure.unit.name(),
    }
}

/// `None` for what the title says already.
fn proof(evidence: &Evidence) -> Option<Proof<'_>> {
    Some(match evidence {
        Evidence::Text(text) | Evidence::Outstanding(text) => Proof::Text { text },
        Evidence::Survivors(by_epoch) => Proof::Survivors { by_epoch },
        Evidence::Series(by_iteration) => Proof::Series { by_iteration },
        Evidence::Sequence(steps) => Proof::Sequence { steps: steps.iter().map(step).collect() },
        Evidence::Expected(order) => Proof::Expected { order },
        Evidence::Missing(_) => return None,
        Evidence::At(place) => Proof::At { source: &place.source, at: place.at },
        Evidence::Member(subject, figures) => Proof::Member {
            subject: subject_json(subject),
            figures: figures.iter().map(number).collect(),
        },
    })
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
            .map(|result| if result == 0 { "ok".into() } else { TeeResult(result).to_string() }),
        by: event.by.as_deref().map(clients::caller),
    }
}
