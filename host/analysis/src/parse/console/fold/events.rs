//! Events in bounded memory: the first and the last ones.

use std::collections::HashSet;

use crate::model::{Event, EventKind};

/// Events that are kept from the start, and as many from the end.
const HALF: usize = 1 << 14;

/// The events of a boot.
#[derive(Clone, Copy)]
struct BootEvents {
    /// Number of boots before it.
    number: u32,
    /// Number of its first event, and of the first one after it.
    from: u64,
    to: u64,
}

impl Default for BootEvents {
    /// The boot that a text starts with.
    fn default() -> Self {
        Self { number: 0, from: 0, to: u64::MAX }
    }
}

/// Number of events at which memory for all kept events is reserved.
const MANY: usize = 1 << 10;

/// Keeps the first and the last events, and counts those dropped.
#[derive(Default)]
pub(super) struct Events {
    /// The first events, then the last ones as a ring.
    kept: Vec<Event>,
    /// Index of the oldest event in the ring.
    oldest: usize,
    /// The current boot, and the one before it that is of interest.
    boot: BootEvents,
    best: BootEvents,
    seq: u64,
    dropped: u64,
    /// Damaged lines since the last event that may have been events.
    damaged: u64,
    /// Numbers of events that prove nothing.
    excused: HashSet<u64>,
}

impl Events {
    /// Adds an event and sets its number.
    #[inline]
    pub(super) fn push(&mut self, mut event: Event) {
        self.seq += 1;
        event.seq = self.seq;
        event.lost_before = std::mem::take(&mut self.damaged);
        if self.kept.len() < 2 * HALF {
            // Many events mean more to come: growing step by step would move them each time.
            if self.kept.len() == MANY {
                self.kept.reserve_exact(2 * HALF - MANY);
            }
            self.kept.push(event);
        } else if let Some(oldest) = self.kept.get_mut(HALF + self.oldest) {
            *oldest = event;
            self.oldest = (self.oldest + 1) % HALF;
            self.dropped += 1;
        }
    }

    /// Records a damaged line that may have been an event.
    pub(super) const fn note_damage(&mut self) {
        self.damaged = self.damaged.saturating_add(1);
    }

    /// Removes the last open of each session of this boot that `is_excused`; returns how many.
    pub(super) fn excuse(&mut self, is_excused: impl Fn(&Event) -> bool) -> u64 {
        let boot = self.boot.from;
        let mut seen = HashSet::new();
        let is_open = |event: &&Event| {
            event.seq >= boot && event.kind == EventKind::Open && event.code() == Some(0)
        };
        let opens = self.kept.iter().filter(is_open).filter(|event| is_excused(event));
        let mut opens: Vec<_> = opens.collect();
        opens.sort_unstable_by_key(|event| std::cmp::Reverse(event.seq));
        opens.retain(|event| seen.insert((event.opener, event.session, event.uuid)));
        let seqs: Vec<_> = opens.iter().map(|event| event.seq).collect();
        self.excused.extend(&seqs);
        seqs.len() as u64
    }

    /// Records that the TEE rebooted; `best` is the only boot so far whose events are of interest.
    pub(super) const fn boot(&mut self, best: u32) {
        if best == self.boot.number {
            self.best = BootEvents { to: self.seq + 1, ..self.boot };
        }
        let number = self.boot.number.saturating_add(1);
        self.boot = BootEvents { number, from: self.seq + 1, to: u64::MAX };
    }

    /// Number of events that were not kept.
    pub(super) const fn dropped_count(&self) -> u64 {
        self.dropped
    }

    /// The kept events of a boot.
    pub(super) fn finish(self, boot: u32) -> Vec<Event> {
        let Self { mut kept, oldest, boot: current, best, dropped, excused, .. } = self;
        if let Some(ring) = kept.get_mut(HALF..) {
            ring.rotate_left(oldest);
        }
        if let Some(next) = kept.get_mut(HALF) {
            next.lost_before = next.lost_before.saturating_add(dropped);
        }
        kept.retain(|event| !excused.contains(&event.seq));
        let range = [current, best].into_iter().find(|range| range.number == boot);
        kept.retain(|event| range.is_some_and(|range| (range.from..range.to).contains(&event.seq)));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::{Events, HALF};
    use crate::{model::EventKind, parse::console::fold::Assembler};

    /// What is left of `n` events, of which the last `later` belong to the next boot.
    fn kept(n: usize, later: usize, boot: u32) -> Vec<(u64, u64)> {
        let blank = Assembler::new("", crate::parse::console::fold::IterationSplit::default());
        let mut events = Events::default();
        for at in 0..n {
            if at == n - later {
                events.boot(0);
            }
            events.push(blank.event(EventKind::Invoke, (0, None)));
        }
        events.finish(boot).iter().map(|event| (event.seq, event.lost_before)).collect()
    }

    #[test]
    fn the_middle_is_what_is_lost() {
        assert_eq!(kept(3, 0, 0), [(1, 0), (2, 0), (3, 0)]);
        let all = kept(2 * HALF + 5, 0, 0);
        assert_eq!(all.len(), 2 * HALF);
        assert_eq!((all[HALF - 1], all[HALF]), ((HALF as u64, 0), (HALF as u64 + 6, 5)));
        assert!(all.is_sorted());
    }

    #[test]
    fn each_boot_has_its_own() {
        assert_eq!(kept(5, 2, 0), [(1, 0), (2, 0), (3, 0)]);
        assert_eq!(kept(5, 2, 1), [(4, 0), (5, 0)]);
        assert_eq!(kept(5, 2, 2), []);
    }
}
