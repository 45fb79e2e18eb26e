//! The call that mapped each region.

use std::collections::HashMap;

use crate::model::{Event, EventKind};

/// Map events by address, and the calls that they belong to.
#[derive(Default)]
pub(super) struct RegionCalls {
    /// Last event that mapped this address of this instance.
    last: HashMap<(u32, u64), usize>,
    /// The call that a map event belongs to.
    within: HashMap<usize, usize>,
}

impl RegionCalls {
    /// A TA instance serves one call at a time and events are numbered when they finish, so a map
    /// belongs to the next call that its instance finishes.
    pub(super) fn new(events: &[Event]) -> Self {
        let mut index = Self::default();
        let mut pending_maps: HashMap<u32, Vec<usize>> = HashMap::new();
        for (at, event) in events.iter().enumerate() {
            if event.lost_before > 0 {
                pending_maps.clear();
            }
            match event.kind {
                EventKind::Map if !event.has_failed() => {
                    index.last.insert((event.instance, va(event)), at);
                    pending_maps.entry(event.instance).or_default().push(at);
                }
                EventKind::Invoke | EventKind::Open | EventKind::Close if event.instance != 0 => {
                    let maps = pending_maps.remove(&event.instance).unwrap_or_default();
                    index.within.extend(maps.into_iter().map(|map| (map, at)));
                }
                _ => {}
            }
        }
        index
    }

    /// The last event that mapped this address.
    pub(super) fn map(&self, instance: u32, va: u64) -> Option<usize> {
        self.last.get(&(instance, va)).copied()
    }

    /// The call that this map event belongs to.
    pub(super) fn enclosing_call(&self, map: usize) -> Option<usize> {
        self.within.get(&map).copied()
    }
}

const fn va(event: &Event) -> u64 {
    let [low, high, ..] = event.values;
    (high as u64) << 32 | low as u64
}
