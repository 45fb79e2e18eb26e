//! Incidents, each with the call stack printed after it.

use std::{collections::HashMap, sync::Arc};

use teeleak_proto::Uuid;

use super::{
    echoes::{FailurePlace, OpenFailure},
    panics::{is_death_by, is_end, is_panic_of},
};
use crate::{
    model::{
        Frame, Function, Incident, IncidentDetails, IncidentKind, Meaning, Registers,
        SourceLocation, TeeResult, Time,
    },
    parse::console::messages::trouble,
    text,
};

/// Incidents that are kept: the first ones, since later ones follow from them.
const MOST: usize = 1000;

/// Frames of a call stack that are kept.
const FRAMES: usize = 128;

/// Memory for all call stacks, in bytes.
const STACK_BYTES: usize = 1 << 23;

/// Lines after which a repeated message is another incident.
const NEAR: u64 = 300;

/// Lines after which the core's message about a dead TA is about another one: two functions may print it.
const SAME_RETURN: u64 = 3;

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
    /// Index of the incident that registers, call stacks and images belong to.
    current: Option<usize>,
    /// The last TA that died.
    death: Option<Death>,
    /// The last line that named an incident, and its index if it is kept.
    named: Option<(SourceLocation, Option<usize>)>,
    /// Index of the panic of the TEE core after which nothing ran yet.
    end: Option<usize>,
    /// The failure that the next lines may repeat.
    failure: Option<OpenFailure>,
    /// Whether the addresses that follow are a call stack.
    stack: bool,
    load_address: Option<u64>,
    /// Memory that call stacks take, in bytes.
    stack_bytes: usize,
    pub(super) dropped: u64,
    /// Frames of call stacks that had no room.
    pub(super) dropped_frames: u64,
}

/// A TA that died, and what was printed about it since.
#[derive(Clone, Copy)]
struct Death {
    index: usize,
    /// Whether its status was printed.
    has_status: bool,
    /// Line in which the core last printed that it returned from the dead TA.
    returned: Option<u64>,
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
        let is_death = matches!(kind, IncidentKind::TaPanic { .. } | IncidentKind::Abort { .. });
        let place = at.0.clone();
        let is_shortage = matches!(kind, IncidentKind::OutOfMemory { .. });
        let index = match self.merge_cause(&kind, text, &place) {
            true => self.done.len().checked_sub(1),
            false => self.push(new_incident(kind, text, at, context, self.load_address)),
        };
        if is_shortage {
            self.open_failure(index, TeeResult::OUT_OF_MEMORY, FailurePlace::Memory, &place);
        }
        (self.current, self.named) =
            (index.filter(|at| !self.has_stack(*at)), Some((place, index)));
        self.end = index.filter(|index| self.done.get(*index).is_some_and(is_end));
        if is_death {
            let death = |index| Death { index, has_status: false, returned: None };
            self.death = index.map(death);
        }
    }

    /// Adds that the core returned from a TA that panicked: another incident only if nothing before it
    /// shows how the TA died.
    pub(super) fn add_return(
        &mut self,
        code: u32,
        text: &str,
        at: (SourceLocation, Option<Time>),
        context: (Option<u32>, Option<Uuid>),
    ) {
        self.stack = false;
        if let Some(death) = &mut self.death
            && death.returned.is_none_or(|line| at.0.at.saturating_sub(line) <= SAME_RETURN)
            && let Some(dead) = self.done.get(death.index)
            && is_near(&dead.place, &at.0)
            && is_death_by(&dead.kind, code)
        {
            death.returned = Some(at.0.at);
            self.named = Some((at.0, Some(death.index)));
            return;
        }
        let line = at.0.at;
        self.add(IncidentKind::TaPanic { code }, text, at, context);
        if let Some(death) = &mut self.death {
            death.returned = Some(line);
        }
    }

    /// Keeps an incident; returns its index unless there are too many.
    fn push(&mut self, incident: Incident) -> Option<usize> {
        if self.done.len() == MOST {
            self.dropped += 1;
            return None;
        }
        self.done.push(incident);
        Some(self.done.len() - 1)
    }

    /// A failure that the next lines may repeat.
    pub(super) fn open_failure(
        &mut self,
        index: Option<usize>,
        code: TeeResult,
        printed_at: FailurePlace,
        last: &SourceLocation,
    ) {
        let last = last.clone();
        self.failure = index.map(|index| OpenFailure { index, code, printed_at, last });
    }

    /// Adds to the failure before them what lines from one place to another say, if they repeat it.
    pub(super) fn add_echo(
        &mut self,
        text: &str,
        (code, printed_at): (TeeResult, FailurePlace),
        (from, to): (&SourceLocation, &SourceLocation),
    ) -> bool {
        let failure = self.failure.as_mut();
        let Some(failure) = failure.filter(|one| one.is_repeated(code, printed_at, from)) else {
            return false;
        };
        (failure.printed_at, failure.last) = (printed_at, to.clone());
        if let Some(incident) = self.done.get_mut(failure.index) {
            add_note(incident, format!("then: {text}"));
        }
        true
    }

    /// Adds an incident, or counts it as a further occurrence of an equal one; returns its index.
    pub(super) fn count(&mut self, incident: Incident) -> Option<usize> {
        self.stack = false;
        let key = key(&incident);
        let same_index = self.same.get(key.as_str()).copied();
        if let Some(same) = same_index.and_then(|at| self.done.get_mut(at)) {
            let repeats = &mut same.details.repeats;
            let place = (incident.place, incident.time);
            repeats.count = repeats.count.saturating_add(1);
            if repeats.places.len() < PLACES {
                repeats.places.push(place.clone());
                repeats.iterations.push(incident.iteration);
            }
            repeats.last = Some(place);
            self.current = None;
            return same_index;
        }
        self.current = self.push(incident);
        if let Some(index) = self.current {
            self.same.insert(key.into(), index);
        }
        self.current
    }

    /// Whether an incident has its stack: another one is that of what handled it.
    fn has_stack(&self, index: usize) -> bool {
        self.done.get(index).is_some_and(|one| !one.stack.is_empty())
    }

    /// Merges a message into the last incident: a panic follows what caused it.
    fn merge_cause(&mut self, kind: &IncidentKind, text: &str, place: &SourceLocation) -> bool {
        let Some(last) = self.done.last_mut() else { return false };
        if !is_near(&last.place, place) || !is_panic_of(last, kind, place) {
            return false;
        }
        last.text = format!("{}; {text}", last.text).into();
        match (&last.kind, kind) {
            (IncidentKind::TaAssertion, IncidentKind::TaPanic { code }) => {
                last.kind = IncidentKind::TaPanic { code: *code };
                return true;
            }
            (IncidentKind::CoreAssertion, _) => last.kind = IncidentKind::CorePanic,
            (IncidentKind::StackOverrun, IncidentKind::TaPanic { .. }) => {
                last.details.of_ta = true;
            }
            _ => {}
        }
        last.details.panicked = true;
        true
    }

    /// Adds registers to the abort before them.
    pub(super) fn registers(&mut self, registers: Registers, place: &SourceLocation) {
        if let Some(last) = self.current(place)
            && matches!(last.kind, IncidentKind::Abort { .. })
        {
            last.details.registers.merge(registers);
        }
    }

    /// Adds the stack of the TA whose status follows an incident.
    pub(super) fn stack_region(&mut self, start: u64, size: u64, place: &SourceLocation) {
        if let Some(last) = self.current(place).filter(|last| last.uuid.is_some()) {
            last.details.stack_region = Some((start, size));
        }
    }

    /// The incident that the next lines belong to.
    fn current(&mut self, place: &SourceLocation) -> Option<&mut Incident> {
        self.done.get_mut(self.current?).filter(|current| is_near(&current.place, place))
    }

    /// Adds what the catalogue says about the line that named an incident; returns whether one did.
    ///
    /// `lacked` is whether it says that memory could not be had.
    pub(super) fn explain(
        &mut self,
        meaning: &Arc<Meaning>,
        lacked: bool,
        place: &SourceLocation,
    ) -> bool {
        let Some((_, index)) = self.named.as_ref().filter(|(named, _)| named == place) else {
            return false;
        };
        if let Some(named) = index.and_then(|index| self.done.get_mut(index)) {
            named.details.meaning = Arc::clone(meaning);
            named.details.lacked |= lacked;
        }
        true
    }

    /// Whether a TA died on this line.
    pub(super) fn is_death(&self, place: &SourceLocation) -> bool {
        let index = self.death.map(|death| death.index);
        self.named.as_ref().is_some_and(|(named, at)| named == place && *at == index)
    }

    /// Records that the secure world runs on.
    pub(super) const fn run_on(&mut self) {
        self.end = None;
    }

    /// Adds a note to the last incident that `is` selects. Returns whether there is one.
    pub(super) fn note(&mut self, note: String, is: impl Fn(&Incident) -> bool) -> bool {
        let incident = self.done.iter_mut().rev().take(RECENT).find(|one| is(one));
        let is_selected = incident.is_some();
        if let Some(incident) = incident {
            add_note(incident, note);
        }
        is_selected
    }

    /// Records the load address of the TEE core.
    pub(super) fn load_address(&mut self, address: u64) {
        self.load_address = Some(address);
        let current = self.current.and_then(|index| self.done.get_mut(index));
        if let Some(current) = current.filter(|current| current.stack.is_empty()) {
            current.load_address = Some(address);
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

    /// Adds the UUID of a TA, whose status is printed after it died; what follows belongs to the status. Returns
    /// whether a TA died before it.
    pub(super) fn attach_uuid(&mut self, uuid: Option<Uuid>, place: &SourceLocation) -> bool {
        let death = self.death.as_mut().filter(|death| !death.has_status);
        let dead = death.and_then(|death| Some((self.done.get_mut(death.index)?, death)));
        let dead = dead.filter(|(dead, _)| is_near(&dead.place, place));
        self.current = dead.map(|(dead, death)| {
            // Until now the TA whose session is being opened was the best guess.
            dead.uuid = uuid.or(dead.uuid);
            death.has_status = true;
            death.index
        });
        self.current.is_some()
    }

    /// Adds an ELF of the TA to the last incident.
    pub(super) fn image(&mut self, uuid: Uuid, address: u64, place: &SourceLocation) {
        if let Some(last) = self.current(place)
            && last.uuid.is_some()
            && last.images.len() < FRAMES
        {
            last.images.push((uuid, address));
        }
    }

    /// Adds an address of the core or the TA to the call stack, if one is open.
    pub(super) fn address(&mut self, address: u64, symbol: Option<&str>, of_core: bool) {
        if !self.stack {
            return;
        }
        let Some(last) = self.current.and_then(|at| self.done.get_mut(at)) else { return };
        let bytes =
            size_of::<Frame>() + symbol.map_or(0, |name| size_of::<Function>() + name.len());
        if last.stack.len() == FRAMES || self.stack_bytes + bytes > STACK_BYTES {
            self.dropped_frames += 1;
        } else {
            self.stack_bytes += bytes;
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
    pub(super) fn finish(mut self) -> Vec<Incident> {
        if let Some(last) = self.end.and_then(|index| self.done.get_mut(index)) {
            last.details.notes.push("it ends the text: nothing runs after it".into());
        }
        self.done
    }
}

/// An incident about which only its own line is known.
fn new_incident(
    kind: IncidentKind,
    text: &str,
    (place, time): (SourceLocation, Option<Time>),
    (iteration, uuid): (Option<u32>, Option<Uuid>),
    load_address: Option<u64>,
) -> Incident {
    let notes = null_pointer(&kind, text).into_iter().collect();
    let of_ta = matches!(kind, IncidentKind::Abort { .. }) && trouble::is_of_ta(text.as_bytes());
    Incident {
        kind,
        place,
        time,
        iteration,
        uuid,
        text: text.into(),
        load_address,
        images: Vec::new(),
        stack: Vec::new(),
        details: IncidentDetails { notes, of_ta, ..IncidentDetails::default() },
    }
}

fn add_note(incident: &mut Incident, note: String) {
    let IncidentDetails { notes, .. } = &mut incident.details;
    if notes.len() < PLACES && !notes.iter().any(|known| **known == *note) {
        notes.push(note.into());
    }
}

/// Addresses below this are fields of a structure at address 0.
const NULL_PAGE: u64 = 0x1000;

/// What the address of an abort shows. What aborts on an undefined instruction accesses no memory.
fn null_pointer(kind: &IncidentKind, text: &str) -> Option<Arc<str>> {
    let IncidentKind::Abort { address: Some(address) } = kind else { return None };
    let is_null = *address < NULL_PAGE && !text.contains("undef-abort");
    let text = match text.contains("prefetch-abort") {
        true => format!("address {address:#x} was called: the pointer to a function is null"),
        false => format!("address {address:#x} is a field of a structure behind a null pointer"),
    };
    is_null.then(|| text.into())
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
