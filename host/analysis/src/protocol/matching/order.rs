//! Sorts events: a source that merges the rings of several cores may be slightly out of order.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::model::{Event, Origin};

/// Events in order of completion.
pub(crate) struct Ordered<'a> {
    events: &'a [Event],
    sorted: bool,
    /// Indices into `events`; `None` in the given order.
    order: Option<Vec<u32>>,
    /// Events too late for the window, which count as lost.
    pub(crate) late: u64,
    /// Positions, from 1, right before which late events belong.
    pub(crate) holes: Vec<u64>,
}

/// The sort key of events: the sequence number if all are from the TEE, else the time if all have one
/// clock, else none.
enum By {
    Time,
    Number,
    Arrival,
}

impl<'a> Ordered<'a> {
    /// Events in the given order.
    pub(crate) const fn as_given(events: &'a [Event]) -> Self {
        Self { events, sorted: false, order: None, late: 0, holes: Vec::new() }
    }

    /// Events sorted within a window of `window` events.
    pub(crate) fn with_window(events: &'a [Event], window: usize) -> Self {
        let mut output = Self { sorted: true, ..Self::as_given(events) };
        let sort_key = By::for_events(events);
        if !matches!(sort_key, By::Arrival) {
            output.sort(&sort_key, window);
        }
        output
    }

    /// Whether `event` may come right after `before`: by the TEE's own numbers, else by the clock.
    pub(crate) fn may_follow(before: &Event, event: &Event) -> bool {
        match (before.origin, event.origin, before.time, event.time) {
            (Origin::Tee, Origin::Tee, ..) => before.seq <= event.seq,
            (.., Some(earlier), Some(later)) if earlier.clock == later.clock => {
                earlier.ns <= later.ns
            }
            _ => true,
        }
    }

    fn sort(&mut self, by: &By, window: usize) {
        let mut order = Vec::with_capacity(self.events.len());
        let mut heap = BinaryHeap::with_capacity(window + 1);
        let mut newest = 0;
        for (index, event) in (0u32..).zip(self.events) {
            let rank = by.rank(event);
            if rank < newest {
                self.late += 1;
                self.holes.push(order.len() as u64 + 1);
            }
            heap.push(Reverse((rank, index)));
            if heap.len() > window
                && let Some(Reverse((rank, index))) = heap.pop()
            {
                newest = newest.max(rank);
                order.push(index);
            }
        }
        while let Some(Reverse((_, index))) = heap.pop() {
            order.push(index);
        }
        self.order = Some(order);
    }

    fn event_at(&self, position: usize) -> Option<&'a Event> {
        let index = match &self.order {
            None => position,
            Some(order) => *order.get(position)? as usize,
        };
        self.events.get(index)
    }

    /// Number of events.
    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether they were sorted as far as possible.
    pub(crate) const fn is_sorted(&self) -> bool {
        self.sorted
    }

    /// Index into the given events, of a position from 1.
    pub(crate) fn index(&self, at: u64) -> Option<usize> {
        let position = usize::try_from(at.checked_sub(1)?).ok()?;
        match &self.order {
            None => Some(position),
            Some(order) => order.get(position).map(|index| *index as usize),
        }
    }

    /// The event at a position, from 1.
    pub(crate) fn get(&self, at: u64) -> Option<&'a Event> {
        self.event_at(usize::try_from(at.checked_sub(1)?).ok()?)
    }

    /// All events with their positions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &'a Event)> {
        (1..).zip((0..self.events.len()).filter_map(|at| self.event_at(at)))
    }
}

impl By {
    fn for_events(events: &[Event]) -> Self {
        let Some(first) = events.first() else { return Self::Arrival };
        let clock = first.time.map(|time| time.clock);
        if events.iter().all(|event| event.origin == first.origin) && first.origin == Origin::Tee {
            Self::Number
        } else if clock.is_some()
            && events.iter().all(|event| event.time.map(|time| time.clock) == clock)
        {
            Self::Time
        } else {
            Self::Arrival
        }
    }

    fn rank(&self, event: &Event) -> u64 {
        match self {
            Self::Time => event.time.map_or(0, |time| time.ns),
            Self::Number => event.seq,
            Self::Arrival => 0,
        }
    }
}
