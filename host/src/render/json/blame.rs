//! Who is to blame for a finding, as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    blame,
    model::{Blame, BlamedCall, CallOutcome, Certainty, EventKind, Side, TeeResult},
};

/// Who is to blame for a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Blame")]
pub(super) struct BlameJson<'t> {
    /// The side; `unsure` if several fit equally, or none.
    #[schemars(extend("enum" = Side::NAMES))]
    side: &'static str,
    /// UUID of the TA or PTA, if that is the side.
    uuid: Option<String>,
    /// All sides that fit equally, in words.
    sides: Vec<String>,
    /// How sure the side is.
    #[schemars(extend("enum" = Certainty::ALL.map(Certainty::name)))]
    certainty: &'static str,
    /// Command of the call that leaves something behind, if there is one such call.
    command: Option<u32>,
    /// Result of that call: null for any result.
    result: Option<String>,
    /// The calls that leave something behind: several if they fit equally.
    calls: Vec<BlamedCallJson>,
    /// The process that makes the calls, if known.
    process: Option<&'t str>,
    /// All of it as a sentence.
    text: String,
    /// The facts that show it, each a sentence.
    evidence: Vec<&'t str>,
}

/// Calls that leave something behind.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BlamedCall")]
struct BlamedCallJson {
    /// Kind of call.
    #[schemars(extend("enum" = ["open", "close", "invoke"]))]
    kind: &'static str,
    /// UUID of the TA or PTA that is called.
    uuid: String,
    /// Whether that is a PTA.
    pta: bool,
    /// Command of an invoke.
    command: Option<u32>,
    /// Result of the call: null for any result.
    result: Option<String>,
    /// Every how many of these calls one leaves something behind.
    every: u64,
}

pub(super) fn entry(blame: &Blame) -> BlameJson<'_> {
    let call = blame.call();
    BlameJson {
        side: blame.side_name(),
        uuid: blame.side().and_then(Side::uuid).map(|uuid| uuid.to_string()),
        sides: blame.sides.iter().map(ToString::to_string).collect(),
        certainty: blame.certainty.name(),
        command: call.and_then(|call| call.cmd),
        result: call.and_then(|call| result(call.outcome)),
        calls: blame.calls.iter().map(call_json).collect(),
        process: blame.process.as_deref(),
        text: blame::sentence(blame),
        evidence: blame.evidence.iter().map(|fact| &**fact).collect(),
    }
}

/// The name of a kind of call.
pub(super) const fn call_kind(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Open => "open",
        EventKind::Close => "close",
        _ => "invoke",
    }
}

fn call_json(call: &BlamedCall) -> BlamedCallJson {
    BlamedCallJson {
        kind: call_kind(&call.kind),
        uuid: call.uuid.to_string(),
        pta: call.pta,
        command: call.cmd,
        result: result(call.outcome),
        every: call.every,
    }
}

fn result(outcome: CallOutcome) -> Option<String> {
    match outcome {
        CallOutcome::Any => None,
        CallOutcome::Result(0) => Some("ok".to_owned()),
        CallOutcome::Result(result) => Some(TeeResult(result).to_string()),
    }
}
