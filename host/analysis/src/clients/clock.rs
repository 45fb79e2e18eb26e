//! The distance between the two worlds' clocks.
//!
//! On most machines both worlds read one counter and the distance is 0; under a hypervisor, or where
//! user space can't read it, it is some constant. Every pair of a call and an event that could belong
//! together bounds it; the distance that most pairs allow is the right one.

use std::collections::HashMap;

use super::{
    edges::Sides,
    span::{Act, Span, agree, same_values},
};

/// Events, and calls, of one kind of act that are paired with each other, from the first on.
const PAIRED: usize = 64;

/// Share of the best count at which a distance of 0 is preferred, in percent.
const ZERO_PREFERRED: usize = 90;

/// What is to be added to the time of an event to get that of calls, in nanoseconds; `None` when no
/// two of them fit.
pub(super) fn distance(sides: &Sides<'_>) -> Option<i64> {
    let mut calls: HashMap<&Act, Vec<&Span>> = HashMap::new();
    for span in &sides.call_spans {
        calls.entry(&span.act).or_default().push(span);
    }
    let mut taken: HashMap<&Act, usize> = HashMap::new();
    let mut bounds = Vec::new();
    for event in &sides.event_spans {
        let n = taken.entry(&event.act).or_default();
        *n += 1;
        let (Some(calls), true) = (calls.get(&event.act), *n <= PAIRED) else { continue };
        bounds.extend(calls.iter().take(PAIRED).filter_map(|call| bound(sides, event, call)));
    }
    best(&bounds)
}

/// Least and largest distance at which the event lies within the call.
fn bound(sides: &Sides<'_>, event: &Span, call: &Span) -> Option<(i64, i64)> {
    let (tee, ree) = (sides.events.get(event.at)?, sides.calls.get(call.at)?);
    if !agree(tee, ree) || !same_values(tee, ree) {
        return None;
    }
    let least = call.begin.checked_sub(event.begin)?;
    let largest = call.end.checked_sub(event.end)?;
    (least <= largest).then_some((least, largest))
}

/// The distance that most of the bounds allow, 0 if nearly as many allow that.
fn best(bounds: &[(i64, i64)]) -> Option<i64> {
    let mut edges: Vec<(i64, bool)> =
        bounds.iter().flat_map(|(least, largest)| [(*least, false), (*largest, true)]).collect();
    // An interval begins before another one ends at the same place.
    edges.sort_unstable();
    let (mut open, mut most, mut place) = (0usize, 0usize, None);
    for (n, (at, ends)) in edges.iter().enumerate() {
        if *ends {
            open -= 1;
            continue;
        }
        open += 1;
        if open > most {
            most = open;
            let until = edges[n..].iter().find(|(_, ends)| *ends).map_or(*at, |(until, _)| *until);
            place = Some(at.midpoint(until));
        }
    }
    let at_zero = bounds.iter().filter(|(least, largest)| *least <= 0 && 0 <= *largest).count();
    if at_zero > 0 && at_zero * 100 >= most * ZERO_PREFERRED { Some(0) } else { place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_bounds_win() {
        assert_eq!(best(&[(90, 110), (95, 130), (500, 510)]), Some(102));
    }

    #[test]
    fn zero_is_preferred() {
        assert_eq!(best(&[(-3, 8), (5, 9), (-1, 7)]), Some(6));
        assert_eq!(best(&[(-3, 8), (-2, 9), (-1, 7)]), Some(0));
    }

    #[test]
    fn nothing_fits() {
        assert_eq!(best(&[]), None);
    }
}
