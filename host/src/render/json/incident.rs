//! An incident as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::model::{Frame, Incident, IncidentKind};

use super::hex;

/// A panic, abort, failed allocation or broken rule in the secure world.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Incident")]
pub(super) struct Entry<'t> {
    /// Kind of incident.
    #[schemars(extend("enum" = ["out_of_memory", "pool_exhausted", "normal_world_memory", "core_panic", "ta_panic", "abort", "rule_broken"]))]
    kind: &'static str,
    /// Text of the source, without its prefix.
    text: &'t str,
    /// Bytes requested, for failed allocations.
    requested_bytes: Option<u64>,
    /// Panic code, in hexadecimal.
    code: Option<String>,
    /// Faulting address, in hexadecimal.
    address: Option<String>,
    /// UUID of the TA concerned.
    ta: Option<String>,
    /// Iteration of the run.
    iteration: Option<u32>,
    /// Name of the source: a file, a device.
    source: &'t str,
    /// Line of a text or frame of a capture, from 1.
    at: u64,
    /// Load address of the TEE core, in hexadecimal.
    load_address: Option<String>,
    /// Call stack, innermost frame first.
    stack: Vec<Level<'t>>,
}

/// A return address of a call stack.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StackFrame")]
struct Level<'t> {
    /// Address as printed, in hexadecimal.
    address: String,
    /// Offset into the image, in hexadecimal, if the load address is known.
    offset: Option<String>,
    /// Functions at this address, innermost (inlined) first.
    functions: Vec<Named<'t>>,
}

/// A function.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Function")]
struct Named<'t> {
    /// Name of the function.
    name: &'t str,
    /// Source file.
    file: Option<&'t str>,
    /// Source line.
    line: Option<u32>,
}

/// An incident as JSON.
pub(super) fn entry(incident: &Incident) -> Entry<'_> {
    let (kind, requested_bytes, code, address) = match incident.kind {
        IncidentKind::OutOfMemory { requested, .. } => {
            ("out_of_memory", Some(requested), None, None)
        }
        IncidentKind::PoolExhausted { requested } => ("pool_exhausted", requested, None, None),
        IncidentKind::NormalWorldMemory => ("normal_world_memory", None, None, None),
        IncidentKind::CorePanic => ("core_panic", None, None, None),
        IncidentKind::TaPanic { code } => ("ta_panic", None, Some(hex(code.into())), None),
        IncidentKind::Abort { address } => ("abort", None, None, address.map(hex)),
        IncidentKind::RuleBroken => ("rule_broken", None, None, None),
    };
    Entry {
        kind,
        text: &incident.text,
        requested_bytes,
        code,
        address,
        ta: incident.uuid.map(|uuid| uuid.to_string()),
        iteration: incident.iteration,
        source: &incident.place.source,
        at: incident.place.at,
        load_address: incident.load_address.map(hex),
        stack: incident.stack.iter().map(level).collect(),
    }
}

fn level(frame: &Frame) -> Level<'_> {
    let functions = frame.functions.iter().map(|function| Named {
        name: &function.name,
        file: function.at.as_ref().map(|(file, _)| &**file),
        line: function.at.as_ref().map(|(_, line)| *line),
    });
    Level {
        address: hex(frame.address),
        offset: frame.offset.map(hex),
        functions: functions.collect(),
    }
}
