//! What messages of the catalogue, and errors that it does not know, become.

use std::sync::Arc;

use super::{Assembler, echoes::FailurePlace, loads::FailedLoad};
use crate::{
    catalogue::{LineSource, MessageHit, MessageKind},
    model::{
        Incident, IncidentDetails, IncidentKind, Meaning, Resource, SourceLocation, TeeResult, Time,
    },
    parse::console::{lines::prefix::LineImage, messages::fact::LineOrigin},
    text,
};

/// TAs that could not be loaded and are remembered.
const FAILED_TAS: usize = 1024;

impl Assembler {
    /// Adds what a message of the catalogue says.
    pub(super) fn message(&mut self, hit: &MessageHit, at: (u64, Option<Time>)) {
        let place = self.place(at.0);
        if let Some(file) = &hit.user_file {
            self.files.note_message(file);
        }
        match hit.kind {
            MessageKind::Harmless => {}
            MessageKind::TestCase => self.test_case = hit.text.split(' ').nth(1).map(Into::into),
            MessageKind::TestEnd => self.test_case = None,
            MessageKind::Loading => {
                let store = hit.text.rsplit_once('(').map_or("", |(_, store)| store);
                let ended_load =
                    hit.uuid.and_then(|uuid| self.loads.begin(uuid, store.trim_end_matches(')')));
                self.failed_load(ended_load);
            }
            MessageKind::Store => {
                if hit.code.is_some_and(|code| self.loads.answer(code)) {
                    let ended_load = self.loads.fail(hit, place, at.1);
                    self.failed_load(ended_load);
                }
            }
            MessageKind::LoadFailed => {
                let ended_load = self.loads.fail(hit, place, at.1);
                self.failed_load(ended_load);
            }
            MessageKind::Loaded => self.note_loaded(hit, &place),
            MessageKind::SupplicantStopped | MessageKind::SupplicantStarted => {
                self.supplicant(hit, place, at.1);
            }
            MessageKind::Result if hit.code == Some(TeeResult::TARGET_DEAD) && self.dead(hit) => {}
            MessageKind::Result if !is_reported(hit) => {}
            MessageKind::HeapDamage | MessageKind::Memory | MessageKind::Result
                if self.explain(hit, &place) => {}
            _ => {
                self.end_load();
                if is_normal_world_memory(hit) {
                    self.loads.go_unserved(at.0);
                }
                self.report(hit, place, at.1);
            }
        }
    }

    /// Adds what a message says to the panic on the same line, if it is one: they are one story.
    fn explain(&mut self, hit: &MessageHit, place: &SourceLocation) -> bool {
        let lacked = hit.kind != MessageKind::HeapDamage;
        let resources = match self.incidents.is_death(place) && lacked {
            true => vec![Resource::TaHeap, Resource::CoreHeap],
            false => resources(hit),
        };
        // A TA that panics since a failure was passed on to it lacks nothing more.
        let echo = (TeeResult::OUT_OF_MEMORY, FailurePlace::Panic);
        let is_echo = lacked
            && self.incidents.is_death(place)
            && self.incidents.add_echo(&hit.text, echo, (place, place));
        self.incidents.explain(&meaning(hit, resources), lacked && !is_echo, place)
    }

    /// A client got the result of a TA that died. Returns whether the text shows how it died.
    fn dead(&mut self, hit: &MessageHit) -> bool {
        let origin = hit.origin.map_or_else(String::new, |origin| format!(" (origin {origin})"));
        let note = format!("a client got {}{origin}", TeeResult::TARGET_DEAD);
        self.incidents.note(note, |one| {
            matches!(one.kind, IncidentKind::TaPanic { .. } | IncidentKind::Abort { .. })
        })
    }

    /// Adds an incident for a message that is one by itself.
    fn report(&mut self, hit: &MessageHit, place: SourceLocation, time: Option<Time>) {
        let (resources, kind) = (resources(hit), kind(hit));
        // Memory for the binary of a TA is asked of tee-supplicant.
        let is_unanswered = self.supplicant_stopped.is_some() && is_normal_world_memory(hit);
        let kind = if is_unanswered { IncidentKind::KnownError } else { kind };
        let uuid = hit.uuid.or_else(|| self.served_ta(hit));
        let mut incident = self.new_incident(kind, &hit.text, place, time);
        incident.uuid = uuid;
        incident.details = details(hit, resources);
        if incident.kind == IncidentKind::CallFailed {
            advise(&mut incident);
        }
        if let Some(case) = self.test_case.as_deref().filter(|_| hit.source == LineSource::Normal) {
            incident.details.printed_by.get_or_insert_with(|| format!("xtest {case}:").into());
        }
        self.count_failure(incident, failure_place(hit), None);
    }

    /// Adds an incident, unless its lines, the last of which is given, repeat the failure before them.
    fn count_failure(
        &mut self,
        incident: Incident,
        printed_at: Option<FailurePlace>,
        last: Option<SourceLocation>,
    ) {
        let code = match &incident.kind {
            // Without tee-supplicant, nothing is known of memory.
            IncidentKind::KnownError => None,
            IncidentKind::MemoryShortage { .. } | IncidentKind::NormalWorldMemory => {
                Some(TeeResult::OUT_OF_MEMORY)
            }
            _ => incident.details.code,
        };
        let last = last.unwrap_or_else(|| incident.place.clone());
        let Some((code, printed_at)) = code.zip(printed_at) else {
            self.incidents.count(incident);
            return;
        };
        let text = line_text(&incident);
        if !self.incidents.add_echo(&text, (code, printed_at), (&incident.place, &last)) {
            let index = self.incidents.count(incident);
            self.incidents.open_failure(index, code, printed_at, &last);
        }
    }

    /// The TA that a failed command was for, if only one is open.
    fn served_ta(&self, hit: &MessageHit) -> Option<teeleak_proto::Uuid> {
        (hit.kind == MessageKind::Result && hit.source == LineSource::Core).then_some(())?;
        let mut open = self.sessions.open().iter().filter(|open| !open.is_kept());
        let first = open.next()?;
        open.all(|other| other.uuid == first.uuid).then_some(first.uuid)
    }

    /// Adds an error that the catalogue does not know.
    pub(super) fn unknown_error(
        &mut self,
        (text, printed_by): (&str, Option<&str>),
        who: LineOrigin,
        at: (u64, Option<Time>),
    ) {
        self.end_load();
        let place = self.place(at.0);
        let mut incident = self.new_incident(IncidentKind::UnknownError, text, place, at.1);
        let component = match who.image {
            Some(LineImage::Ldelf) => "TA loader",
            Some(LineImage::Ta) => "TA",
            Some(LineImage::Core) | None => "TEE core",
        };
        let meaning = Meaning { component: component.into(), ..Meaning::default() };
        incident.details.meaning = Arc::new(meaning);
        incident.details.printed_by = printed_by.map(Into::into);
        self.incidents.count(incident);
    }

    /// Ends the load that is going on; something else happened.
    pub(super) fn end_load(&mut self) {
        let ended_load = self.loads.end();
        self.failed_load(ended_load);
    }

    pub(super) fn failed_load(&mut self, failed: Option<FailedLoad>) {
        let Some(FailedLoad { hit, place, time, uuid, stores, is_unserved, last, .. }) = failed
        else {
            return;
        };
        let last = SourceLocation { at: last, ..place.clone() };
        let is_unanswered = self.supplicant_stopped.is_some()
            && (is_unserved || hit.meaning.resources.contains(&Resource::Supplicant));
        let is_memory = hit.code == Some(TeeResult::OUT_OF_MEMORY) && !is_unanswered;
        let kind = if is_memory {
            IncidentKind::MemoryShortage { requested: None }
        } else {
            IncidentKind::LoadFailed
        };
        if let Some(uuid) = uuid.filter(|_| !is_memory && self.failed_tas.len() < FAILED_TAS) {
            self.failed_tas.insert(uuid);
        }
        let resources = match is_memory {
            true if is_unserved => vec![Resource::SharedMemory],
            true => hit.meaning.resources.clone(),
            false => Vec::new(),
        };
        let mut incident = self.new_incident(kind, &hit.text, place, time);
        incident.uuid = uuid;
        incident.details = details(&hit, resources);
        if !is_memory && !is_unanswered {
            advise(&mut incident);
        }
        let notes = stores.iter().filter(|(store, _)| !store.is_empty());
        let notes = notes.map(|(store, code)| format!("{store} answered {code}").into());
        incident.details.notes.extend(notes);
        if let Some(stopped) = self.supplicant_stopped.as_ref().filter(|_| !is_memory) {
            let note = format!(
                "tee-supplicant was not running: it ended at {}; no secure memory ran out",
                text::place(stopped)
            );
            incident.details.notes.push(note.into());
        }
        self.count_failure(incident, Some(FailurePlace::Load), Some(last));
    }

    /// A TA is loaded: its binary is not missing.
    fn note_loaded(&mut self, hit: &MessageHit, place: &SourceLocation) {
        self.end_load();
        let note =
            format!("the same TA was loaded later ({}): it is not missing", text::place(place));
        let is_this = |one: &Incident| one.uuid == hit.uuid && one.kind == IncidentKind::LoadFailed;
        if hit.uuid.is_some_and(|uuid| self.failed_tas.remove(&uuid)) {
            self.incidents.note(note, is_this);
        }
    }

    fn supplicant(&mut self, hit: &MessageHit, place: SourceLocation, time: Option<Time>) {
        self.end_load();
        let is_stop = hit.kind == MessageKind::SupplicantStopped;
        match (is_stop, self.supplicant_stopped.is_some()) {
            (true, false) => {
                self.supplicant_stopped = Some(place.clone());
                let mut incident =
                    self.new_incident(IncidentKind::SupplicantStopped, &hit.text, place, time);
                incident.details = details(hit, hit.meaning.resources.clone());
                let time_text =
                    time.map(|time| format!("it ended at {} s", text::seconds(time.ns)));
                incident.details.notes.extend(time_text.map(Into::into));
                self.incidents.count(incident);
            }
            (false, true) => {
                self.supplicant_stopped = None;
                let time_text = time.map(|time| format!(", {} s", text::seconds(time.ns)));
                let note = format!(
                    "it ran again at {}{}",
                    text::place(&place),
                    time_text.unwrap_or_default()
                );
                self.incidents.note(note, |one| one.kind == IncidentKind::SupplicantStopped);
            }
            _ => {}
        }
    }

    fn new_incident(
        &self,
        kind: IncidentKind,
        text: &str,
        place: SourceLocation,
        time: Option<Time>,
    ) -> Incident {
        Incident {
            kind,
            place,
            time,
            iteration: self.iteration(),
            uuid: None,
            text: text.into(),
            load_address: None,
            images: Vec::new(),
            stack: Vec::new(),
            details: IncidentDetails::default(),
        }
    }
}

/// Where a message is printed about a failure that other lines may repeat; `None` if it is another one in any case.
const fn failure_place(hit: &MessageHit) -> Option<FailurePlace> {
    match (hit.kind, hit.source, hit.origin) {
        // Memory of the normal world is no memory of the TEE.
        (MessageKind::Result, _, Some(1 | 2)) => None,
        (MessageKind::Result, LineSource::Normal, _) => Some(FailurePlace::Client),
        (MessageKind::Result, LineSource::Core, _) => Some(FailurePlace::Command),
        (MessageKind::Memory, LineSource::Core | LineSource::Ldelf | LineSource::Ta, _) => {
            Some(FailurePlace::Memory)
        }
        _ => None,
    }
}

/// The message of an incident with who printed it.
fn line_text(incident: &Incident) -> String {
    let printer = incident.details.printed_by.as_deref();
    printer.map_or_else(|| incident.text.to_string(), |by| format!("{by} {}", incident.text))
}

/// What the catalogue says about a message, with the resources that are known now.
fn meaning(hit: &MessageHit, resources: Vec<Resource>) -> Arc<Meaning> {
    let mut meaning = Arc::clone(&hit.meaning);
    if meaning.resources != resources {
        Arc::make_mut(&mut meaning).resources = resources;
    }
    meaning
}

fn details(hit: &MessageHit, resources: Vec<Resource>) -> IncidentDetails {
    IncidentDetails {
        meaning: meaning(hit, resources),
        code: hit.code,
        origin: hit.origin,
        claimed: hit.source == LineSource::Normal,
        printed_by: hit.printed_by.as_deref().map(Into::into),
        ..IncidentDetails::default()
    }
}

/// Whether a result is an incident of its own: memory ran out, or a client says that its call failed.
/// Commands that the secure world refuses are its daily work.
fn is_reported(hit: &MessageHit) -> bool {
    let is_of_client = hit.source == LineSource::Normal || hit.code == Some(TeeResult::TARGET_DEAD);
    hit.code
        .is_some_and(|code| code == TeeResult::OUT_OF_MEMORY || (is_of_client && code.is_error()))
}

/// Whether the TEE core got no memory of the normal world.
fn is_normal_world_memory(hit: &MessageHit) -> bool {
    hit.source == LineSource::Core && resources(hit) == [Resource::SharedMemory]
}

/// Says what to do about the result, instead of what to do about a lack of memory.
fn advise(incident: &mut Incident) {
    let advice = incident.details.code.and_then(TeeResult::advice);
    let next = advice
        .unwrap_or("read the lines of the secure console before it: the first error is the cause");
    let meaning = Arc::make_mut(&mut incident.details.meaning);
    (meaning.next, meaning.resources) = (Some(next.into()), Vec::new());
}

fn kind(hit: &MessageHit) -> IncidentKind {
    match hit.kind {
        MessageKind::Result if hit.code != Some(TeeResult::OUT_OF_MEMORY) => {
            IncidentKind::CallFailed
        }
        MessageKind::StackOverrun => IncidentKind::StackOverrun,
        MessageKind::HeapDamage => IncidentKind::HeapDamage,
        MessageKind::Error => IncidentKind::KnownError,
        _ if resources(hit) == [Resource::SharedMemory] => IncidentKind::NormalWorldMemory,
        _ => IncidentKind::MemoryShortage { requested: hit.size },
    }
}

/// The resources that may have run out: those of the entry, or else by the origin of the result or the
/// image that printed the line.
fn resources(hit: &MessageHit) -> Vec<Resource> {
    let of_core = || vec![Resource::CoreHeap, Resource::TaRam, Resource::PageTables];
    match (hit.kind, hit.origin, hit.source) {
        _ if !hit.meaning.resources.is_empty() => hit.meaning.resources.clone(),
        (_, Some(1 | 2), _) => vec![Resource::SharedMemory],
        (_, Some(3), _) => of_core(),
        (_, Some(_), _) | (MessageKind::Memory, _, LineSource::Ta) => vec![Resource::TaHeap],
        (MessageKind::Memory, _, LineSource::Core) => vec![Resource::CoreHeap],
        (MessageKind::Memory, _, LineSource::Ldelf) => vec![Resource::LoaderHeap],
        (MessageKind::Result, None, LineSource::Ta) => vec![Resource::TaHeap, Resource::CoreHeap],
        _ => Vec::new(),
    }
}
