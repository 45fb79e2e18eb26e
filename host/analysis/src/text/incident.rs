//! Incidents in one sentence each, and what to do about them.

use super::{number, times};
use crate::model::{Frame, Incident, IncidentKind, Resource, TeeResult};

/// What happened: `TA 8aaaf200-... could not be loaded 4 times: TEE_ERROR_OUT_OF_MEMORY (0xffff000c)`.
#[must_use]
pub fn incident(incident: &Incident) -> String {
    let n = incident.times();
    let times_text = if n > 1 { format!(" {}", times(n)) } else { String::new() };
    let ta = incident.uuid.map(|uuid| format!("TA {uuid}"));
    let code = incident.details.code;
    if incident.is_heap_damage() {
        let owner = if incident.is_of_core() { "of the TEE core" } else { "of a TA" };
        let owner = ta.map_or_else(|| owner.into(), |ta| format!("of {ta}"));
        return format!("the heap {owner} is damaged{times_text} ({})", incident.text);
    }
    match &incident.kind {
        IncidentKind::OutOfMemory { requested, .. } => {
            format!("an allocation of {} bytes failed in the TEE core", number(*requested))
        }
        IncidentKind::MemoryShortage { .. }
        | IncidentKind::NormalWorldMemory
        | IncidentKind::CallFailed => failed_request(incident, &times_text, true),
        IncidentKind::LoadFailed => {
            let ta = ta.unwrap_or_else(|| "a TA".into());
            let code = code.map_or_else(String::new, |code| format!(": {code}"));
            format!("{ta} could not be loaded{times_text}{code}")
        }
        IncidentKind::TaPanic { code } => {
            let ta = ta.unwrap_or_else(|| "a TA".into());
            format!("{ta} panicked with {}", TeeResult(*code))
        }
        IncidentKind::TaAssertion => {
            format!("an assertion of {} failed", ta.unwrap_or_else(|| "a TA".into()))
        }
        IncidentKind::LoaderPanic => {
            let loaded = ta.map_or_else(String::new, |ta| format!(" as it loaded {ta}"));
            format!("the loader of TAs panicked{loaded} ({})", incident.text)
        }
        IncidentKind::CorePanic => format!("the TEE core panicked ({})", incident.text),
        IncidentKind::CoreAssertion => {
            format!("an assertion of the TEE core failed ({})", incident.text)
        }
        IncidentKind::Abort { .. } if incident.details.panicked => {
            format!("the TEE core panicked ({})", incident.text)
        }
        IncidentKind::Abort { .. } => {
            let overflow = incident.is_stack_overflow().then_some("the stack overflowed: ");
            let owner = ta.map_or_else(String::new, |ta| format!(" in {ta}"));
            format!("{}{}{owner}", overflow.unwrap_or_default(), incident.text)
        }
        IncidentKind::StackOverrun => format!("a stack was overrun ({})", incident.text),
        IncidentKind::HeapDamage => format!("a heap is damaged{times_text} ({})", incident.text),
        IncidentKind::SupplicantStopped => format!("tee-supplicant ended ({})", incident.text),
        IncidentKind::UnknownError => {
            format!("an error that teeleak does not know{times_text} ({})", incident.text)
        }
        IncidentKind::KnownError | IncidentKind::RuleBroken => {
            format!("{}{times_text}", incident.text)
        }
    }
}

/// Memory that could not be had, for a line that says so already.
#[must_use]
pub fn incident_headline(incident: &Incident) -> String {
    let n = incident.times();
    let often = if n > 1 { format!(" {}", times(n)) } else { String::new() };
    failed_request(incident, &often, false)
}

/// Memory that could not be had, or a call that failed: by whom, how much, and how often; at length also the
/// result and who returned it.
fn failed_request(incident: &Incident, often: &str, is_long: bool) -> String {
    let details = &incident.details;
    let request_size = match incident.kind {
        IncidentKind::MemoryShortage { requested } => requested,
        _ => None,
    };
    let size = request_size.map_or_else(String::new, |size| format!(" of {} bytes", number(size)));
    let code = details.code.filter(|_| is_long);
    let code = code.map_or_else(String::new, |code| format!(" with {code}"));
    let origin = if is_long { origin(incident) } else { String::new() };
    let owner = match incident.uuid {
        Some(uuid) => format!("TA {uuid}"),
        None if details.claimed => "a client".into(),
        None => "the secure world".into(),
    };
    use crate::model::FailedStage::{Boot, Close, Invoke, Load, Open};
    match (details.code, details.meaning.stage) {
        (Some(_), Some(Load)) => {
            format!("{} could not be loaded{often}{code}", open_sentence(incident))
        }
        (Some(_), Some(Open)) => format!(
            "a session to {} could not be opened{often}{code}{origin}",
            open_sentence(incident)
        ),
        (Some(_), Some(Invoke)) => {
            let commands = if often.is_empty() { "a command" } else { "commands" };
            format!("{commands} of {owner} failed{often}{code}{origin}")
        }
        (Some(code), Some(Boot | Close) | None) => {
            let code = if is_long { code.to_string() } else { "no memory".to_owned() };
            format!("{owner} got {code}{often}{origin}")
        }
        (None, _) => {
            let pool = resources(&details.meaning.resources);
            let printer = details.printed_by.as_deref().filter(|_| is_long);
            let printer = printer.map_or_else(String::new, |by| format!(", at {by}"));
            format!("an allocation{size} failed{often}{}{printer}", in_pool(&pool))
        }
    }
}

fn open_sentence(incident: &Incident) -> String {
    incident.uuid.map_or_else(|| "a TA".into(), |uuid| format!("TA {uuid}"))
}

fn in_pool(pool: &str) -> String {
    if pool.is_empty() { String::new() } else { format!(" ({pool})") }
}

/// ` from the TA (origin 4)`.
fn origin(incident: &Incident) -> String {
    let answerer = match incident.details.origin {
        Some(1) => "the client library",
        Some(2) => "the driver",
        Some(3) => "the TEE core",
        Some(4) => "the TA",
        _ => return String::new(),
    };
    let number = incident.details.origin.unwrap_or_default();
    format!(" from {answerer} (origin {number})")
}

/// `TA memory or page tables`.
#[must_use]
pub fn resources(resources: &[Resource]) -> String {
    match resources.split_last() {
        None => String::new(),
        Some((last, [])) => last.label().into(),
        Some((last, others)) => {
            let other_labels: Vec<_> = others.iter().map(|one| one.label()).collect();
            format!("{} or {}", other_labels.join(", "), last.label())
        }
    }
}

/// What to do about a stack that was too small.
const OVERFLOW_NEXT: &str = "enlarge TA_STACK_SIZE in the TA's user_ta_header_defines.h, or look for large local \
                             buffers and deep calls";

/// What to do next about an incident.
#[must_use]
pub fn incident_next(incident: &Incident) -> Option<String> {
    let meaning = &incident.details.meaning;
    let next =
        if incident.is_stack_overflow() { Some(OVERFLOW_NEXT) } else { meaning.next.as_deref() };
    let is_named = |frame: &Frame| !frame.functions.is_empty();
    let has_addresses = !incident.stack.is_empty() || incident.details.registers.pc.is_some();
    let command =
        (has_addresses && !incident.stack.iter().any(is_named)).then(|| symbols(incident));
    match (command.flatten(), next) {
        (Some(command), Some(next)) => Some(format!("{next}; {command}")),
        (Some(command), None) => Some(command),
        (None, next) => next.map(Into::into),
    }
}

/// How to name the addresses of an incident.
fn symbols(incident: &Incident) -> Option<String> {
    let addresses = if incident.stack.is_empty() { "pc and lr" } else { "the frames" };
    match (incident.uuid, incident.images.first()) {
        (Some(uuid), Some(_)) => {
            Some(format!("`--ta DIR` with {uuid}.elf in it names {addresses}"))
        }
        (uuid, None) if incident.details.of_ta => {
            let elf = uuid.map_or_else(|| "the ELF of the TA".into(), |uuid| format!("{uuid}.elf"));
            Some(format!("`--ta DIR` with {elf} in it names {addresses}"))
        }
        _ if incident.load_address.is_some() || incident.details.registers.pc.is_some() => {
            Some(format!("`--tee out/core/tee.elf` of the same build names {addresses}"))
        }
        _ => None,
    }
}
