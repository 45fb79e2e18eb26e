//! Events, as many as memory allows: the first ones and the last ones.

use std::collections::VecDeque;

use crate::model::Event;

/// Events that are kept from the beginning, and as many from the end.
const HALF: usize = 1 << 14;

/// Keeps events and counts those that it can't keep.
#[derive(Default)]
pub(super) struct Events {
    first: Vec<(u32, Event)>,
    last: VecDeque<(u32, Event)>,
    boot: u32,
    seq: u64,
    dropped: u64,
}

impl Events {
    /// Adds one; its number is set here.
    pub(super) fn push(&mut self, mut event: Event) {
        self.seq += 1;
        event.seq = self.seq;
        if self.first.len() < HALF {
            self.first.push((self.boot, event));
            return;
        }
        if self.last.len() == HALF {
            self.last.pop_front();
            self.dropped += 1;
        }
        self.last.push_back((self.boot, event));
    }

    /// The TEE started again.
    pub(super) const fn boot(&mut self) {
        self.boot += 1;
    }

    /// Events that could not be kept.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Those of a boot that were kept.
    pub(super) fn finish(self, boot: u32) -> Vec<Event> {
        let Self { first, mut last, dropped, .. } = self;
        if let Some((_, next)) = last.front_mut() {
            next.lost_before = dropped;
        }
        let all = first.into_iter().chain(last);
        all.filter(|(of, _)| *of == boot).map(|(_, event)| event).collect()
    }
}
