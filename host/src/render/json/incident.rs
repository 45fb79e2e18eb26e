//! What went wrong in the secure world and left a trace of its own.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::model::{Frame, Incident, IncidentKind};

use super::hex;

/// Something that went wrong in the secure world and left a trace of its own.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Incident")]
pub(super) struct Entry<'t> {
    /// What.
    #[schemars(extend("enum" = ["out_of_memory", "pool_exhausted", "normal_world_memory", "core_panic", "ta_panic", "abort", "rule_broken"]))]
    kind: &'static str,
    /// What the source says, without its prefix.
    text: &'t str,
    /// Bytes requested, where it is about memory.
    requested_bytes: Option<u64>,
    /// Code of a panic, in hexadecimal.
    code: Option<String>,
    /// Address that was touched, in hexadecimal.
    address: Option<String>,
    /// UUID of the TA it is about.
    ta: Option<String>,
    /// Iteration of the run that it fell in.
    iteration: Option<u32>,
    /// Name of the source: a file, a device.
    source: &'t str,
    /// Line of a text from 1, frame of a capture from 1.
    at: u64,
    /// Load address of the TEE core, in hexadecimal.
    load_address: Option<String>,
    /// Call stack, innermost frame first.
    stack: Vec<Level<'t>>,
}

/// A return address of a call stack.
#[derive(Serialize, JsonSchema)]
struct Level<'t> {
    /// Address as printed, in hexadecimal.
    address: String,
    /// Offset into the image, in hexadecimal, where the load address is known.
    offset: Option<String>,
    /// Functions there, innermost (inlined) first.
    functions: Vec<Named<'t>>,
}

/// A function.
#[derive(Serialize, JsonSchema)]
struct Named<'t> {
    /// Its name.
    name: &'t str,
    /// Source file.
    file: Option<&'t str>,
    /// Source line.
    line: Option<u32>,
}

/// An incident as JSON has it.
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
