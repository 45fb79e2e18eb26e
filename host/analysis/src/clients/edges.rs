//! Which call an event could belong to.

use crate::model::{Call, Event};

use super::span::{self, Span, agree, same_values};

/// Both sides with their times.
pub(super) struct Sides<'a> {
    pub(super) events: &'a [Event],
    pub(super) calls: &'a [Call],
    pub(super) event_spans: Vec<Span>,
    pub(super) call_spans: Vec<Span>,
}

impl<'a> Sides<'a> {
    pub(super) fn new(events: &'a [Event], calls: &'a [Call]) -> Self {
        let (event_spans, call_spans) = (span::of_events(events), span::of_calls(calls));
        Self { events, calls, event_spans, call_spans }
    }
}

/// An event and a call that could belong together; indices into the spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Edge {
    pub(super) event: usize,
    pub(super) call: usize,
    /// Their value parameters agree, too.
    pub(super) same_values: bool,
}

/// All pairs of the same act whose event lies within the call, and that `fit`.
pub(super) fn edges(
    sides: &Sides<'_>,
    distance: i64,
    fit: impl Fn(&Event, &Call) -> bool,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut running: Vec<usize> = Vec::new();
    let mut next = 0;
    for (n, event) in sides.event_spans.iter().enumerate() {
        let begin = event.begin.saturating_add(distance);
        while let Some(call) = sides.call_spans.get(next).filter(|call| call.begin <= begin) {
            if call.end >= begin {
                running.push(next);
            }
            next += 1;
        }
        running.retain(|call| sides.call_spans[*call].end >= begin);
        for &call in &running {
            edges.extend(edge(sides, n, call, distance, &fit));
        }
    }
    edges
}

fn edge(
    sides: &Sides<'_>,
    event: usize,
    call: usize,
    distance: i64,
    fit: impl Fn(&Event, &Call) -> bool,
) -> Option<Edge> {
    let (inner, outer) = (sides.event_spans.get(event)?, sides.call_spans.get(call)?);
    if inner.act != outer.act || inner.end.saturating_add(distance) > outer.end {
        return None;
    }
    let (tee, ree) = (sides.events.get(inner.at)?, sides.calls.get(outer.at)?);
    fit(tee, ree).then(|| Edge { event, call, same_values: same_values(tee, ree) })
}

/// Pairs that agree in everything that both sides know.
pub(super) fn agreeing(sides: &Sides<'_>, distance: i64) -> Vec<Edge> {
    let mut edges = edges(sides, distance, agree);
    // Where parameters tell calls apart, they decide.
    let exact = |count: usize, index: fn(&Edge) -> usize, edges: &[Edge]| {
        let mut exact = vec![false; count];
        for edge in edges.iter().filter(|edge| edge.same_values) {
            exact[index(edge)] = true;
        }
        exact
    };
    let events = exact(sides.event_spans.len(), |edge| edge.event, &edges);
    let calls = exact(sides.call_spans.len(), |edge| edge.call, &edges);
    edges.retain(|edge| edge.same_values || !(events[edge.event] || calls[edge.call]));
    edges
}
