//! What went wrong in the secure world and left a trace of its own.

use serde::Serialize;
use teeleak_analysis::model::{Frame, Incident, IncidentKind};

use super::hex;

/// An incident.
#[derive(Serialize)]
pub(super) struct Entry<'t> {
    kind: &'static str,
    text: &'t str,
    requested_bytes: Option<u64>,
    code: Option<String>,
    address: Option<String>,
    ta: Option<String>,
    iteration: Option<u32>,
    source: &'t str,
    at: u64,
    load_address: Option<String>,
    stack: Vec<Level<'t>>,
}

#[derive(Serialize)]
struct Level<'t> {
    address: String,
    offset: Option<String>,
    functions: Vec<Named<'t>>,
}

#[derive(Serialize)]
struct Named<'t> {
    name: &'t str,
    file: Option<&'t str>,
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
