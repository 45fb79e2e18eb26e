//! Matches the events of the TEE to the calls of clients.

use std::collections::{HashMap, HashSet};

use super::{
    edges::{Edge, Sides, agreeing},
    span::{self, JoinKind},
};
use crate::model::{Call, CallKind, Caller, Clients, Event, JoinReport, Process};

/// Events and calls, and what is known of which belong together.
pub(super) struct CallMatcher<'a> {
    pub(super) sides: &'a Sides<'a>,
    pub(super) clients: &'a Clients,
    pub(super) distance: i64,
    /// Pairs that agree.
    edges: Vec<Edge>,
    /// Party of an event span, once it is known.
    pub(super) parties: HashMap<usize, Caller>,
    /// Call span of an event span, once it is certain.
    pub(super) pairs: HashMap<usize, Edge>,
    pub(super) used: HashSet<usize>,
    /// Whether the TEE lost events.
    pub(super) events_lost: bool,
    pub(super) joined: JoinReport,
}

impl<'a> CallMatcher<'a> {
    pub(super) fn new(sides: &'a Sides<'a>, clients: &'a Clients, distance: i64) -> Self {
        Self {
            sides,
            clients,
            distance,
            edges: agreeing(sides, distance),
            parties: HashMap::new(),
            pairs: HashMap::new(),
            used: HashSet::new(),
            events_lost: sides.events.iter().any(|event| event.lost_before > 0),
            joined: JoinReport { distance_ns: Some(distance), ..JoinReport::default() },
        }
    }

    pub(super) fn call(&self, span: usize) -> &'a Call {
        &self.sides.calls[self.sides.call_spans[span].at]
    }

    pub(super) fn event(&self, span: usize) -> &'a Event {
        &self.sides.events[self.sides.event_spans[span].at]
    }

    /// Matches an event that fits only one call, if that call fits no other event.
    pub(super) fn match_certain(&mut self) {
        let (mut of_event, mut of_call) = (HashMap::new(), HashMap::new());
        for edge in &self.edges {
            *of_event.entry(edge.event).or_insert(0u32) += 1;
            *of_call.entry(edge.call).or_insert(0u32) += 1;
        }
        for edge in &self.edges {
            if of_event[&edge.event] == 1 && of_call[&edge.call] == 1 && self.is_safe(*edge) {
                self.parties.insert(edge.event, self.call(edge.call).by.clone());
                self.pairs.insert(edge.event, *edge);
                self.used.insert(edge.call);
                let by_kernel = self.call(edge.call).by.by_kernel;
                self.joined.by_kernel += u64::from(by_kernel);
                self.joined.matched += u64::from(!by_kernel);
            }
        }
    }

    /// If calls are missing, the only candidate need not be the right one, unless session and
    /// parameters agree; if events are missing as well, only the process is certain.
    fn is_safe(&self, edge: Edge) -> bool {
        if self.clients.lost == 0 {
            return true;
        }
        let is_refused = self.sides.event_spans[edge.event].act.kind == JoinKind::Refused;
        edge.same_values && !is_refused && !self.events_lost
    }

    /// Matches an event that fits several calls of one process to that process.
    pub(super) fn match_processes(&mut self) {
        let mut candidates: HashMap<usize, Vec<usize>> = HashMap::new();
        for edge in self.edges.iter().filter(|edge| !self.parties.contains_key(&edge.event)) {
            candidates.entry(edge.event).or_default().push(edge.call);
        }
        for (event, calls) in candidates {
            let pids: HashSet<_> = calls.iter().map(|call| self.call(*call).by.pid).collect();
            let is_refused = self.sides.event_spans[event].act.kind == JoinKind::Refused;
            if pids.len() != 1 || (is_refused && self.clients.lost > 0) {
                continue;
            }
            let Some(first) = calls.first() else { continue };
            let party = Caller { tid: 0, ..self.call(*first).by.clone() };
            self.parties.insert(event, party);
            self.used.extend(calls);
            self.joined.by_process += 1;
        }
    }

    /// Matches the close of a session whose process closed its context, or exited, without closing it.
    pub(super) fn match_kernel(&mut self) {
        let mut owners: HashMap<u32, Caller> = HashMap::new();
        for n in 0..self.sides.event_spans.len() {
            let span = &self.sides.event_spans[n];
            match (span.act.kind, self.parties.get(&n)) {
                (JoinKind::Open, Some(party)) => {
                    owners.insert(span.act.session, party.clone());
                }
                (JoinKind::Open, None) => {
                    owners.remove(&span.act.session);
                }
                (JoinKind::Close, party) => {
                    let owner = owners.remove(&span.act.session);
                    let (None, Some(owner)) = (party, owner) else { continue };
                    if self.is_left(&owner, n) {
                        self.parties.insert(n, Caller { tid: 0, by_kernel: true, ..owner });
                        self.joined.by_kernel += 1;
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the process can't have closed its session itself: it has exited and made no later call,
    /// or it was closing its context.
    fn is_left(&self, owner: &Caller, event: usize) -> bool {
        let span = &self.sides.event_spans[event];
        let time = span.begin.saturating_add(self.distance);
        let calls = self.clients.calls.iter();
        let own_calls = calls.filter(|call| call.by.pid == owner.pid && !call.by.by_kernel);
        let mut later = false;
        for (call, (begin, end)) in own_calls.filter_map(|call| Some((call, span::time(call)?))) {
            if call.kind == CallKind::FinalizeContext && begin <= time && time <= end {
                return true;
            }
            later |= begin > time;
        }
        let has_ended = |process: &&Process| process.pid == owner.pid && process.ended;
        !later && self.clients.processes.iter().any(|process| has_ended(&process))
    }
}
