//! How long to wait for a dump: its text takes time to reach the file that it is read from.

use std::time::{Duration, Instant};

use teeleak_analysis::parse::console::Dump;
use teeleak_proto::stock::DumpEnd;

/// Silence that ends a dump without marks. Kernel threads that forward the secure world's log poll
/// it every 500 ms (MediaTek's `tee_ramlog`).
pub(super) const QUIET: Duration = Duration::from_millis(1500);

/// Longest silence before the first line.
const FIRST: Duration = Duration::from_secs(5);

/// Longest duration of a dump: 5,000 records at 115200 baud take 20 s.
const LIMIT: Duration = Duration::from_secs(60);

/// Pause between two reads.
const PAUSE: Duration = Duration::from_millis(20);

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// The dump is over, for this reason.
    Over(DumpEnd),
    /// Read again after this pause.
    More(Duration),
}

/// Start of the wait, and time of the last progress.
pub(super) struct Patience {
    began: Instant,
    last: Instant,
    seen: (u64, u64),
}

impl Patience {
    pub(super) const fn new(now: Instant) -> Self {
        Self { began: now, last: now, seen: (0, 0) }
    }

    /// Decides by the dump so far.
    pub(super) fn look_at(&mut self, dump: &Dump, now: Instant) -> Wait {
        let progress = (dump.records, dump.marks);
        if progress != self.seen {
            (self.seen, self.last) = (progress, now);
        }
        let silence = now.saturating_duration_since(self.last);
        match progress {
            (1.., 2..) => Wait::Over(DumpEnd::Marked),
            // The marks may be the late end of an earlier dump and the start of ours.
            (0, 2..) if silence >= QUIET => Wait::Over(DumpEnd::Marked),
            // After a first mark, a second one would come.
            (1.., 0) if silence >= QUIET => Wait::Over(DumpEnd::Quiet),
            _ if silence >= FIRST => Wait::Over(DumpEnd::TimedOut),
            _ if now.saturating_duration_since(self.began) >= LIMIT => {
                Wait::Over(DumpEnd::TimedOut)
            }
            _ => Wait::More(PAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::source::stock::patience::*;

    fn dump(records: u64, marks: u64) -> Dump {
        Dump { records, marks, ..Dump::default() }
    }

    #[test]
    fn two_marks_end_it_at_once() {
        let mut patience = Patience::new(Instant::now());
        let began = patience.began;
        assert_eq!(patience.look_at(&dump(1, 2), began), Wait::Over(DumpEnd::Marked));
    }

    #[test]
    fn marks_with_nothing_between_them_may_be_those_of_two_dumps() {
        let mut patience = Patience::new(Instant::now());
        let began = patience.began;
        assert_eq!(patience.look_at(&dump(0, 2), began), Wait::More(PAUSE));
        assert_eq!(patience.look_at(&dump(0, 2), began + QUIET), Wait::Over(DumpEnd::Marked));
        let mut patience = Patience::new(Instant::now());
        assert_eq!(patience.look_at(&dump(0, 2), began), Wait::More(PAUSE));
        assert_eq!(patience.look_at(&dump(9, 3), began), Wait::Over(DumpEnd::Marked));
    }

    #[test]
    fn silence_ends_it_where_no_mark_is_printed() {
        let mut patience = Patience::new(Instant::now());
        let began = patience.began;
        assert_eq!(patience.look_at(&dump(5, 0), began), Wait::More(PAUSE));
        assert_eq!(patience.look_at(&dump(9, 0), began + QUIET), Wait::More(PAUSE));
        assert_eq!(patience.look_at(&dump(9, 0), began + 2 * QUIET), Wait::Over(DumpEnd::Quiet));
    }

    #[test]
    fn a_mark_that_does_not_come_is_not_taken_for_an_end() {
        for (records, marks) in [(0, 0), (0, 1), (9, 1)] {
            let mut patience = Patience::new(Instant::now());
            let began = patience.began;
            let dump = dump(records, marks);
            assert_eq!(patience.look_at(&dump, began), Wait::More(PAUSE));
            assert_eq!(patience.look_at(&dump, began + QUIET), Wait::More(PAUSE));
            assert_eq!(patience.look_at(&dump, began + FIRST), Wait::Over(DumpEnd::TimedOut));
        }
    }

    #[test]
    fn a_flood_does_not_hold_it() {
        let mut patience = Patience::new(Instant::now());
        let began = patience.began;
        let ends = (0_u32..).map(|n| (n, patience.look_at(&dump(n.into(), 1), began + QUIET * n)));
        let over = ends.into_iter().find(|(_, wait)| *wait != Wait::More(PAUSE));
        assert_eq!(over, Some((40, Wait::Over(DumpEnd::TimedOut))));
    }
}
