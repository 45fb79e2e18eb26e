//! The offset between the two worlds' clocks.
//!
//! On most machines both worlds read one counter and the offset is 0; under a hypervisor, or if user
//! space can't read the counter, it is some constant. Every possible pair of a call and an event
//! bounds it; the offset at which most events have a call is the right one. Pairs don't count: where
//! several calls look alike, an offset that is a bit off gives an event more of them.

use std::collections::HashMap;

use super::{
    edges::{Sides, overlapping},
    span::{JoinKey, Span, agree, same_values},
};

/// Number of first events and first calls of each kind that are paired with each other.
const PAIRED: usize = 64;

/// Share of the best count at which an offset of 0 is preferred, in percent: for the first pairs of
/// each kind, and for all pairs.
const ZERO_AT_FIRST: usize = 90;
const ZERO_OF_ALL: usize = 99;

/// Smallest and largest offset at which an event lies within a call.
type OffsetRange = (i64, i64);

/// Nanoseconds to add to an event's time to get the calls' time; `None` if nothing matches.
///
/// The first pairs of each kind give a rough range, whatever the offset; then all pairs that overlap
/// in that range give the exact value.
pub(super) fn distance(sides: &Sides<'_>) -> Option<i64> {
    let rough_range = best(&first_ranges(sides), ZERO_AT_FIRST)?;
    let mut of_events: HashMap<usize, Vec<OffsetRange>> = HashMap::new();
    for (event, call) in overlapping(sides, rough_range) {
        let range = offset_range(sides, &sides.event_spans[event], &sides.call_spans[call]);
        of_events.entry(event).or_default().extend(range);
    }
    let ranges: Vec<_> = of_events.into_values().flat_map(union).collect();
    let (least, largest) = best(&ranges, ZERO_OF_ALL).unwrap_or(rough_range);
    Some(least.midpoint(largest))
}

/// Offset ranges of the first events of each kind with the first calls.
fn first_ranges(sides: &Sides<'_>) -> Vec<OffsetRange> {
    let mut calls: HashMap<&JoinKey, Vec<&Span>> = HashMap::new();
    for span in &sides.call_spans {
        calls.entry(&span.act).or_default().push(span);
    }
    let mut counts: HashMap<&JoinKey, usize> = HashMap::new();
    let mut ranges = Vec::new();
    for event in &sides.event_spans {
        let n = counts.entry(&event.act).or_default();
        *n += 1;
        let (Some(calls), true) = (calls.get(&event.act), *n <= PAIRED) else { continue };
        let first = calls.iter().take(PAIRED);
        ranges.extend(union(first.filter_map(|call| offset_range(sides, event, call)).collect()));
    }
    ranges
}

/// The offsets at which the event lies within the call.
fn offset_range(sides: &Sides<'_>, event: &Span, call: &Span) -> Option<OffsetRange> {
    let (tee, ree) = (sides.events.get(event.at)?, sides.calls.get(call.at)?);
    if !agree(tee, ree) || !same_values(tee, ree) {
        return None;
    }
    let smallest = call.begin.checked_sub(event.begin)?;
    let largest = call.end.checked_sub(event.end)?;
    (smallest <= largest).then_some((smallest, largest))
}

/// The offsets of any of the ranges, as ranges that don't touch each other.
fn union(mut ranges: Vec<OffsetRange>) -> Vec<OffsetRange> {
    ranges.sort_unstable();
    ranges.dedup_by(|(least, largest), (_, end)| {
        let touches = *least <= *end;
        if touches {
            *end = (*end).max(*largest);
        }
        touches
    });
    ranges
}

/// The first range of offsets that lies in most of the ranges, or just 0 if `zero_from` percent as many
/// have that.
fn best(ranges: &[OffsetRange], zero_from: usize) -> Option<OffsetRange> {
    let mut edges: Vec<(i64, bool)> =
        ranges.iter().flat_map(|(least, largest)| [(*least, false), (*largest, true)]).collect();
    // A range that starts where another one ends overlaps it.
    edges.sort_unstable();
    let (mut open, mut most, mut begin, mut range) = (0usize, 0usize, None, None);
    for (at, ends) in edges {
        if ends {
            open -= 1;
            range = begin.take().map(|begin| (begin, at)).or(range);
            continue;
        }
        open += 1;
        if open > most {
            (most, begin) = (open, Some(at));
        }
    }
    let at_zero = ranges.iter().filter(|(least, largest)| *least <= 0 && 0 <= *largest).count();
    if at_zero > 0 && at_zero * 100 >= most * zero_from { Some((0, 0)) } else { range }
}

#[cfg(test)]
mod tests {
    use crate::clients::clock::*;

    #[test]
    fn most_bounds_win() {
        assert_eq!(best(&[(90, 110), (95, 130), (500, 510)], 90), Some((95, 110)));
    }

    #[test]
    fn zero_is_preferred() {
        assert_eq!(best(&[(-3, 8), (5, 9), (-1, 7)], 90), Some((5, 7)));
        assert_eq!(best(&[(-3, 8), (-2, 9), (-1, 7)], 90), Some((0, 0)));
    }

    #[test]
    fn nothing_fits() {
        assert_eq!(best(&[], 90), None);
    }
}
