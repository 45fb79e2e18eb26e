//! An incident as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    model::{FailedStage, Frame, Incident, IncidentKind, Registers, TeeResult},
    text,
};
use teeleak_proto::Uuid;

use super::hex;

/// A panic, abort, failed allocation or broken rule in the secure world.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Incident")]
pub(super) struct IncidentJson<'t> {
    /// Kind of incident.
    #[schemars(extend("enum" = ["out_of_memory", "pool_exhausted", "normal_world_memory", "load_failed", "call_failed", "stack_overrun", "heap_damage", "supplicant_stopped", "known_error", "unknown_error", "loader_panic", "core_panic", "core_assertion", "ta_panic", "ta_assertion", "abort", "rule_broken"]))]
    kind: &'static str,
    /// Text of the source, without its prefix.
    text: &'t str,
    /// Bytes requested, for failed allocations.
    requested_bytes: Option<u64>,
    /// Panic code or result, in hexadecimal.
    code: Option<String>,
    /// Its name in GlobalPlatform's specifications.
    code_name: Option<&'static str>,
    /// Origin of the result: 1 client library, 2 driver, 3 TEE core, 4 TA.
    origin: Option<u8>,
    /// Whether it is a claim of the normal world.
    claimed: bool,
    /// What happened, as a sentence.
    summary: String,
    /// What the catalogue says about the message.
    means: Option<&'t str>,
    /// Component that prints the message.
    component: Option<&'t str>,
    /// Resources that may have run out.
    resources: Vec<&'static str>,
    /// Stage in which it happened: boot, load, open, invoke or close.
    #[schemars(extend("enum" = ["boot", "load", "open", "invoke", "close", null]))]
    stage: Option<&'static str>,
    /// Option or size that decides.
    option: Option<&'t str>,
    /// What to do next.
    next: Option<String>,
    /// Function and line that printed it.
    printed_by: Option<&'t str>,
    /// Occurrences.
    times: u64,
    /// Lines or frames of the first occurrences, from 1.
    lines: Vec<u64>,
    /// Line or frame of the last occurrence, from 1.
    last_at: u64,
    /// Registers of an abort.
    registers: Option<RegistersJson>,
    /// Images of the TA, with their load addresses.
    images: Vec<ImageJson>,
    /// Circumstances, each as a sentence.
    notes: Vec<&'t str>,
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
    stack: Vec<StackFrameJson<'t>>,
}

/// Registers of an abort, in hexadecimal.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Registers")]
struct RegistersJson {
    /// Program counter.
    pc: Option<String>,
    /// Offset of the program counter into the image that contains it.
    pc_offset: Option<String>,
    /// Return address.
    lr: Option<String>,
    /// Offset of the return address into the image that contains it.
    lr_offset: Option<String>,
    /// Stack pointer.
    sp: Option<String>,
    /// Number of the CPU.
    cpu: Option<u64>,
    /// Fault status.
    status: Option<String>,
}

/// An image of a TA.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Image")]
struct ImageJson {
    /// UUID of the TA or library.
    uuid: String,
    /// Load address, in hexadecimal.
    address: String,
}

/// A return address of a call stack.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StackFrame")]
pub(super) struct StackFrameJson<'t> {
    /// Address as printed, in hexadecimal.
    address: String,
    /// Offset into the image, in hexadecimal, if the load address is known.
    offset: Option<String>,
    /// Functions at this address, innermost (inlined) first.
    functions: Vec<FunctionJson<'t>>,
}

/// A function.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Function")]
struct FunctionJson<'t> {
    /// Name of the function.
    name: &'t str,
    /// Source file.
    file: Option<&'t str>,
    /// Source line.
    line: Option<u32>,
}

/// An incident as JSON.
pub(super) fn entry(incident: &Incident) -> IncidentJson<'_> {
    let details = &incident.details;
    let meaning = &*details.meaning;
    let (kind, requested_bytes, address) = kind(incident);
    let code = match incident.kind {
        IncidentKind::TaPanic { code } => Some(TeeResult(code)),
        _ => details.code,
    };
    let places = || details.repeats.places.iter().map(|(place, _)| place.at);
    let last = details.repeats.last.as_ref();
    IncidentJson {
        kind,
        text: &incident.text,
        requested_bytes,
        code: code.map(|code| hex(code.0.into())),
        code_name: code.and_then(TeeResult::name),
        origin: details.origin,
        claimed: details.claimed,
        summary: text::incident(incident),
        means: non_empty(&meaning.means),
        component: non_empty(&meaning.component),
        resources: meaning.resources.iter().map(|resource| resource.name()).collect(),
        stage: meaning.stage.map(FailedStage::name),
        option: meaning.option.as_deref(),
        next: text::incident_next(incident),
        printed_by: details.printed_by.as_deref(),
        times: incident.times(),
        lines: std::iter::once(incident.place.at).chain(places()).collect(),
        last_at: last.map_or(incident.place.at, |(place, _)| place.at),
        registers: registers(incident),
        images: incident.images.iter().map(image).collect(),
        notes: details.notes.iter().map(|note| &**note).collect(),
        address: address.map(hex),
        ta: incident.uuid.map(|uuid| uuid.to_string()),
        iteration: incident.iteration,
        source: &incident.place.source,
        at: incident.place.at,
        load_address: incident.load_address.map(hex),
        stack: incident.stack.iter().map(level).collect(),
    }
}

/// Name of the kind, bytes requested and faulting address.
fn kind(incident: &Incident) -> (&'static str, Option<u64>, Option<u64>) {
    match incident.kind {
        IncidentKind::OutOfMemory { requested, .. } => ("out_of_memory", Some(requested), None),
        IncidentKind::MemoryShortage { requested } => {
            let is_result = incident.details.code.is_some();
            let names_pool = incident.details.meaning.resources.len() == 1 && !is_result;
            (if names_pool { "pool_exhausted" } else { "out_of_memory" }, requested, None)
        }
        IncidentKind::NormalWorldMemory => ("normal_world_memory", None, None),
        IncidentKind::LoadFailed => ("load_failed", None, None),
        IncidentKind::CallFailed => ("call_failed", None, None),
        IncidentKind::LoaderPanic => ("loader_panic", None, None),
        IncidentKind::StackOverrun => ("stack_overrun", None, None),
        IncidentKind::HeapDamage => ("heap_damage", None, None),
        IncidentKind::SupplicantStopped => ("supplicant_stopped", None, None),
        IncidentKind::KnownError => ("known_error", None, None),
        IncidentKind::UnknownError => ("unknown_error", None, None),
        IncidentKind::CorePanic => ("core_panic", None, None),
        IncidentKind::CoreAssertion => ("core_assertion", None, None),
        IncidentKind::TaPanic { .. } => ("ta_panic", None, None),
        IncidentKind::TaAssertion => ("ta_assertion", None, None),
        IncidentKind::Abort { address } => ("abort", None, address),
        IncidentKind::RuleBroken => ("rule_broken", None, None),
    }
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn image((uuid, address): &(Uuid, u64)) -> ImageJson {
    ImageJson { uuid: uuid.to_string(), address: hex(*address) }
}

fn registers(incident: &Incident) -> Option<RegistersJson> {
    let Registers { pc, lr, sp, cpu, status } = incident.details.registers;
    (incident.details.registers != Registers::default()).then_some(())?;
    let offset = |address: Option<u64>| incident.image_of(address?).map(|(_, offset)| hex(offset));
    Some(RegistersJson {
        pc: pc.map(hex),
        pc_offset: offset(pc),
        lr: lr.map(hex),
        lr_offset: offset(lr),
        sp: sp.map(hex),
        cpu,
        status: status.map(hex),
    })
}

pub(super) fn level(frame: &Frame) -> StackFrameJson<'_> {
    let functions = frame.functions.iter().map(|function| FunctionJson {
        name: &function.name,
        file: function.at.as_ref().map(|(file, _)| &**file),
        line: function.at.as_ref().map(|(_, line)| *line),
    });
    StackFrameJson {
        address: hex(frame.address),
        offset: frame.offset.map(hex),
        functions: functions.collect(),
    }
}
