//! Events in bounded memory: the first and the last ones.

use std::collections::HashSet;

use crate::model::{Event, EventKind};

/// Events that are kept from the start, and as many from the end.
const HALF: usize = 1 << 14;

/// Number of events at which memory for all kept events is reserved.
const MANY: usize = 1 << 10;

/// Keeps the first and the last events, and counts those dropped.
#[derive(Default)]
pub(super) struct Events {
    /// The first events, then the last ones as a ring.
    kept: Vec<Event>,
    /// Index of the oldest event in the ring.
    oldest: usize,
    /// Number of the first event of each boot but the first.
    boots: Vec<u64>,
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
        let boot = self.boots.last().copied().unwrap_or(0);
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

    /// Records that the TEE rebooted.
    pub(super) fn boot(&mut self) {
        self.boots.push(self.seq + 1);
    }

    /// Number of events that were not kept.
    pub(super) const fn dropped_count(&self) -> u64 {
        self.dropped
    }

    /// The kept events of a boot.
    pub(super) fn finish(self, boot: u32) -> Vec<Event> {
        let Self { mut kept, oldest, boots, dropped, excused, .. } = self;
        if let Some(ring) = kept.get_mut(HALF..) {
            ring.rotate_left(oldest);
        }
        if let Some(next) = kept.get_mut(HALF) {
            next.lost_before = next.lost_before.saturating_add(dropped);
        }
        kept.retain(|event| !excused.contains(&event.seq));
        if boots.is_empty() && boot == 0 {
            return kept;
        }
        let begin = |boot: usize| match boot.checked_sub(1) {
            None => 0,
            Some(at) => boots.get(at).copied().unwrap_or(u64::MAX),
        };
        let boot = boot as usize;
        let (from, to) = (begin(boot), begin(boot + 1));
        kept.retain(|event| (from..to).contains(&event.seq));
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
                events.boot();
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
    }
}
