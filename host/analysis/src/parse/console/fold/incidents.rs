//! Incidents, each with the call stack printed after it.

use std::sync::Arc;

use teeleak_proto::Uuid;

use crate::model::{Frame, Function, Incident, IncidentKind, Place, Time};

/// Incidents that are kept: the first ones, since later ones follow from them.
const MOST: usize = 1000;

/// Frames of a call stack that are kept.
const FRAMES: usize = 128;

/// Lines after which a repeated message is another incident.
const NEAR: u64 = 300;

/// Collects incidents.
#[derive(Default)]
pub(super) struct Incidents {
    done: Vec<Incident>,
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
        at: (Place, Option<Time>),
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
        });
    }

    /// Merges a message into the last incident: a panic follows its assertion, and a TA's panic is
    /// printed twice.
    fn merge_repeat(&mut self, kind: &IncidentKind, text: &str, place: &Place) -> bool {
        let Some(last) = self.done.last_mut() else { return false };
        let is_near = last.place.source == place.source && place.at - last.place.at < NEAR;
        if !is_near || last.kind != *kind {
            return false;
        }
        match kind {
            IncidentKind::CorePanic if last.stack.is_empty() => {
                last.text = format!("{}; {text}", last.text).into();
                true
            }
            IncidentKind::TaPanic { .. } => &*last.text == text && last.uuid.is_some(),
            _ => false,
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
    pub(super) fn attach_uuid(&mut self, uuid: Option<Uuid>, place: &Place) {
        if let Some(last) = self.done.last_mut()
            && last.uuid.is_none()
            && matches!(last.kind, IncidentKind::TaPanic { .. } | IncidentKind::Abort { .. })
            && last.place.source == place.source
            && place.at - last.place.at < NEAR
        {
            last.uuid = uuid;
        }
    }

    /// Adds an ELF of the TA to the last incident.
    pub(super) fn image(&mut self, uuid: Uuid, address: u64, place: &Place) {
        if let Some(last) = self.done.last_mut()
            && last.uuid.is_some()
            && last.images.len() < FRAMES
            && last.place.source == place.source
            && place.at - last.place.at < NEAR
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
            let offset = load_address.and_then(|load| address.checked_sub(load));
            let functions = symbol.map(function).into_iter().collect();
            last.stack.push(Frame { address, offset, functions });
        }
    }

    /// All incidents.
    pub(super) fn finish(self) -> Vec<Incident> {
        self.done
    }
}

/// Parses what symbolize.py writes: `function at file:line`.
fn function(text: &str) -> Function {
    let (name, at) = text.split_once(" at ").unwrap_or((text, ""));
    let position = at
        .rsplit_once(':')
        .and_then(|(file, line)| Some((Arc::from(file), line.split(' ').next()?.parse().ok()?)));
    Function { name: name.into(), at: position }
}
