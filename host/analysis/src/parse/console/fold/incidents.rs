//! Incidents, each with the call stack printed after it.

use std::{collections::HashMap, sync::Arc};

use teeleak_proto::Uuid;

use crate::{
    model::{
        Frame, Function, Incident, IncidentDetails, IncidentKind, Meaning, Registers,
        SourceLocation, Time,
    },
    text,
};

/// Incidents that are kept: the first ones, since later ones follow from them.
const MOST: usize = 1000;

/// Frames of a call stack that are kept.
const FRAMES: usize = 128;

/// Lines after which a repeated message is another incident.
const NEAR: u64 = 300;

/// Places of further occurrences that are kept, and notes.
const PLACES: usize = 8;

/// Incidents that a later line may still say something about.
const RECENT: usize = 32;

/// Collects incidents.
#[derive(Default)]
pub(super) struct Incidents {
    done: Vec<Incident>,
    /// Index of each incident that may repeat, by what makes it the same.
    same: HashMap<Box<str>, usize>,
    /// Whether the addresses that follow are a call stack.
    stack: bool,
    load_address: Option<u64>,
    pub(super) dropped: u64,
}

impl Incidents {
    /// Adds an incident.
    pub(super) fn add(
        &mut self,
        kind: IncidentKind,
        text: &str,
        at: (SourceLocation, Option<Time>),
        context: (Option<u32>, Option<Uuid>),
    ) {
        self.stack = false;
        if self.merge_repeat(&kind, text, &at.0) {
            return;
        }
        if self.done.len() == MOST {
            self.dropped += 1;
            return;
        }
        let notes = null_pointer(&kind).into_iter().collect();
        self.done.push(Incident {
            kind,
            place: at.0,
            time: at.1,
            iteration: context.0,
            uuid: context.1,
            text: text.into(),
            load_address: self.load_address,
            images: Vec::new(),
            stack: Vec::new(),
            details: IncidentDetails { notes, ..IncidentDetails::default() },
        });
    }

    /// Adds an incident, or counts it as a further occurrence of an equal one.
    pub(super) fn count(&mut self, incident: Incident) {
        self.stack = false;
        let key = key(&incident);
        if let Some(same) = self.same.get(key.as_str()).and_then(|at| self.done.get_mut(*at)) {
            let repeats = &mut same.details.repeats;
            let place = (incident.place, incident.time);
            repeats.count = repeats.count.saturating_add(1);
            if repeats.places.len() < PLACES {
                repeats.places.push(place.clone());
            }
            repeats.last = Some(place);
            return;
        }
        if self.done.len() == MOST {
            self.dropped += 1;
            return;
        }
        self.same.insert(key.into(), self.done.len());
        self.done.push(incident);
    }

    /// Merges a message into the last incident: a panic follows what caused it, and a TA's panic is
    /// printed twice.
    fn merge_repeat(&mut self, kind: &IncidentKind, text: &str, place: &SourceLocation) -> bool {
        let Some(last) = self.done.last_mut() else { return false };
        if !is_near(&last.place, place) {
            return false;
        }
        match (&last.kind, kind) {
            (IncidentKind::CoreAssertion | IncidentKind::StackOverrun, IncidentKind::CorePanic)
                if last.stack.is_empty() && !last.details.panicked =>
            {
                (last.details.panicked, last.text) =
                    (true, format!("{}; {text}", last.text).into());
                if last.kind == IncidentKind::CoreAssertion {
                    last.kind = IncidentKind::CorePanic;
                }
                true
            }
            (IncidentKind::TaAssertion, IncidentKind::TaPanic { code }) => {
                last.kind = IncidentKind::TaPanic { code: *code };
                last.text = format!("{}; {text}", last.text).into();
                true
            }
            (IncidentKind::TaPanic { code: last_code }, IncidentKind::TaPanic { code }) => {
                code == last_code && last.uuid.is_some()
            }
            _ => false,
        }
    }

    /// Adds registers to the abort before them.
    pub(super) fn registers(&mut self, registers: Registers, place: &SourceLocation) {
        if let Some(last) = self.done.last_mut()
            && matches!(last.kind, IncidentKind::Abort { .. })
            && is_near(&last.place, place)
        {
            last.details.registers.merge(registers);
        }
    }

    /// Adds the stack of the TA whose status follows an incident.
    pub(super) fn stack_region(&mut self, start: u64, size: u64, place: &SourceLocation) {
        if let Some(last) = self.done.last_mut()
            && last.uuid.is_some()
            && is_near(&last.place, place)
        {
            last.details.stack_region = Some((start, size));
        }
    }

    /// Adds a meaning to the incident of the same line; returns whether there is one.
    pub(super) fn explain(&mut self, meaning: &Arc<Meaning>, place: &SourceLocation) -> bool {
        let same = self.done.last_mut().filter(|last| last.place == *place);
        same.map(|last| last.details.meaning = Arc::clone(meaning)).is_some()
    }

    /// Adds a note to the last incident that `is` selects.
    pub(super) fn note(&mut self, note: String, is: impl Fn(&Incident) -> bool) {
        if let Some(incident) = self.done.iter_mut().rev().take(RECENT).find(|one| is(one))
            && incident.details.notes.len() < PLACES
        {
            incident.details.notes.push(note.into());
        }
    }

    /// Records the load address of the TEE core.
    pub(super) fn load_address(&mut self, address: u64) {
        self.load_address = Some(address);
        if let Some(last) = self.done.last_mut().filter(|last| last.stack.is_empty()) {
            last.load_address = Some(address);
        }
    }

    /// Starts a call stack.
    pub(super) const fn call_stack(&mut self) {
        self.stack = true;
    }

    /// Ends the call stack.
    pub(super) const fn end_stack(&mut self) {
        self.stack = false;
    }

    /// Adds the UUID of a TA, whose status is printed after it died.
    pub(super) fn attach_uuid(&mut self, uuid: Option<Uuid>, place: &SourceLocation) {
        if let Some(last) = self.done.last_mut()
            && last.uuid.is_none()
            && matches!(last.kind, IncidentKind::TaPanic { .. } | IncidentKind::Abort { .. })
            && is_near(&last.place, place)
        {
            last.uuid = uuid;
        }
    }

    /// Adds an ELF of the TA to the last incident.
    pub(super) fn image(&mut self, uuid: Uuid, address: u64, place: &SourceLocation) {
        if let Some(last) = self.done.last_mut()
            && last.uuid.is_some()
            && last.images.len() < FRAMES
            && is_near(&last.place, place)
        {
            last.images.push((uuid, address));
        }
    }

    /// Adds an address of the core or the TA to the call stack, if one is open.
    pub(super) fn address(&mut self, address: u64, symbol: Option<&str>, of_core: bool) {
        if !self.stack {
            return;
        }
        let Some(last) = self.done.last_mut() else { return };
        if last.stack.len() < FRAMES {
            let load_address = last.load_address.filter(|_| of_core);
            let of_image = || last.image_of(address).map(|(_, offset)| offset);
            let offset = match of_core {
                true => load_address.and_then(|load| address.checked_sub(load)),
                false => of_image(),
            };
            let functions = symbol.map(function).into_iter().collect();
            last.stack.push(Frame { address, offset, functions });
        }
    }

    /// All incidents.
    pub(super) fn finish(self) -> Vec<Incident> {
        self.done
    }
}

/// Addresses below this are fields of a structure at address 0.
const NULL_PAGE: u64 = 0x1000;

/// What the address of an abort shows.
fn null_pointer(kind: &IncidentKind) -> Option<Arc<str>> {
    let IncidentKind::Abort { address: Some(address) } = kind else { return None };
    let text = format!("address {address:#x} is a field of a structure behind a null pointer");
    (*address < NULL_PAGE).then(|| text.into())
}

/// Whether `place` follows `incident` so soon that it may belong to it.
fn is_near(incident: &SourceLocation, place: &SourceLocation) -> bool {
    incident.source == place.source && place.at.saturating_sub(incident.at) < NEAR
}

/// What two occurrences of the same incident share.
fn key(incident: &Incident) -> String {
    let Incident { kind, uuid, text, details, iteration: _, .. } = incident;
    let (code, origin, by) = (details.code, details.origin, details.printed_by.as_deref());
    let text = text::without_numbers(text);
    format!("{kind:?} {uuid:?} {code:?} {origin:?} {by:?} {} {text}", details.claimed)
}

/// Parses what symbolize.py writes: `function at file:line`.
fn function(text: &str) -> Function {
    let (name, at) = text.split_once(" at ").unwrap_or((text, ""));
    let position = at
        .rsplit_once(':')
        .and_then(|(file, line)| Some((Arc::from(file), line.split(' ').next()?.parse().ok()?)));
    Function { name: name.into(), at: position }
}
