//! Possible pairs of events and calls.

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

/// All pairs of the same kind whose event lies within the call, and that `fit`.
pub(super) fn edges(
    sides: &Sides<'_>,
    distance: i64,
    fit: impl Fn(&Event, &Call) -> bool,
) -> Vec<Edge> {
    let pairs = overlapping(sides, (distance, distance)).into_iter();
    pairs.filter_map(|pair| edge(sides, pair, distance, &fit)).collect()
}

/// All pairs of the same kind that overlap at any offset of a range, as indices of event and call
/// into the spans.
pub(super) fn overlapping(sides: &Sides<'_>, (least, largest): (i64, i64)) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut open_calls: Vec<usize> = Vec::new();
    let mut next = 0;
    for (n, event) in sides.event_spans.iter().enumerate() {
        let begin = event.begin.saturating_add(least);
        let end = event.end.saturating_add(largest);
        while sides.call_spans.get(next).is_some_and(|call| call.begin <= end) {
            open_calls.push(next);
            next += 1;
        }
        open_calls.retain(|call| sides.call_spans[*call].end >= begin);
        let matches = open_calls.iter().filter(|call| {
            let call = &sides.call_spans[**call];
            call.act == event.act && call.begin <= end
        });
        pairs.extend(matches.map(|call| (n, *call)));
    }
    pairs
}

fn edge(
    sides: &Sides<'_>,
    (event, call): (usize, usize),
    distance: i64,
    fit: impl Fn(&Event, &Call) -> bool,
) -> Option<Edge> {
    let (inner, outer) = (sides.event_spans.get(event)?, sides.call_spans.get(call)?);
    let (begin, end) = (inner.begin.saturating_add(distance), inner.end.saturating_add(distance));
    if begin < outer.begin || outer.end < end {
        return None;
    }
    let (tee, ree) = (sides.events.get(inner.at)?, sides.calls.get(outer.at)?);
    fit(tee, ree).then(|| Edge { event, call, same_values: same_values(tee, ree) })
}

/// Pairs that agree in everything known to both sides.
pub(super) fn agreeing(sides: &Sides<'_>, distance: i64) -> Vec<Edge> {
    let mut edges = edges(sides, distance, agree);
    // If parameters distinguish calls, they decide.
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
