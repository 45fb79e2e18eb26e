//! When to read events while the workload runs.
//!
//! Each read is a call into the TEE, which the workload would not make. So events are read only when
//! more than half of the ring may be full, by what earlier iterations did:
//!
//! | known so far | first read | later reads |
//! | --- | --- | --- |
//! | nothing | after [`FIRST`] | each at most twice as late as the one before |
//! | iterations that fit half of the ring | none within twice their longest time | by the highest rate |
//! | iterations that do not | by the highest rate | by the highest rate |
//!
//! What is lost counts into the rate, which doubles then: the next reads come sooner, also in later
//! iterations.

use std::time::Duration;

/// The first read of a workload that nothing is known about.
const FIRST: Duration = Duration::from_millis(25);

/// Shortest time between two reads.
const SHORTEST: Duration = Duration::from_millis(2);

/// Longest time between two reads.
const LONGEST: Duration = Duration::from_secs(60);

/// The iterations so far.
#[derive(Clone, Copy, Debug)]
struct KnownIterations {
    /// Most events of one.
    most: u64,
    /// Longest time of one.
    longest: Duration,
}

/// Paces the reads of the event ring.
#[derive(Debug)]
pub(super) struct EventPace {
    /// Events that the ring holds.
    room: u64,
    known: Option<KnownIterations>,
    /// Highest rate so far, in events per second.
    peak: f64,
    /// Events of this iteration.
    events: u64,
    /// The last read, after the start of the iteration.
    last: Duration,
    /// Time from there to the next read.
    wait: Duration,
    /// When the iteration ended, until the read after it.
    end: Option<Duration>,
}

impl EventPace {
    /// For a ring of `room` events.
    pub(super) fn new(room: u64) -> Self {
        let (last, wait) = (Duration::ZERO, FIRST);
        Self { room, known: None, peak: 0.0, events: 0, last, wait, end: None }
    }

    /// Starts an iteration.
    pub(super) fn begin(&mut self) {
        (self.events, self.last, self.end) = (0, Duration::ZERO, None);
        self.wait = match self.known {
            None => FIRST,
            Some(KnownIterations { most, longest }) if most <= self.room / 2 => {
                self.until_half().max(longest.saturating_mul(2))
            }
            Some(_) => self.until_half(),
        };
    }

    /// Whether to read events now, so long after the start of the iteration.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.room > 0 && now.saturating_sub(self.last) >= self.wait
    }

    /// Learns from a read of `events`, lost ones included.
    pub(super) fn read(&mut self, now: Duration, events: u64) {
        let last_wait = now.saturating_sub(self.last);
        self.learn(now, events);
        let wait = self.until_half();
        // Nothing but this iteration so far says what is yet to come.
        self.wait = if self.known.is_none() { wait.min(last_wait * 2).max(SHORTEST) } else { wait };
    }

    /// Ends an iteration so long after its start.
    pub(super) fn end(&mut self, now: Duration) {
        self.end = Some(now);
    }

    /// Learns from the read after an iteration.
    pub(super) fn read_last(&mut self, events: u64) {
        let Some(now) = self.end.take() else { return };
        self.learn(now, events);
        let (most, longest) =
            self.known.map_or((0, Duration::ZERO), |known| (known.most, known.longest));
        let (most, longest) = (most.max(self.events), longest.max(now));
        self.known = Some(KnownIterations { most, longest });
    }

    fn learn(&mut self, now: Duration, events: u64) {
        let time = now.saturating_sub(self.last).max(SHORTEST);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let rate = events as f64 / time.as_secs_f64();
        let burst = if events > self.room { 2.0 } else { 1.0 };
        self.peak = self.peak.max(rate * burst);
        self.events = self.events.saturating_add(events);
        self.last = now;
    }

    /// Time in which half of the ring fills at the highest rate.
    fn until_half(&self) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let seconds = (self.room / 2) as f64 / self.peak;
        Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).clamp(SHORTEST, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use crate::source::live::pace::*;

    const ROOM: u64 = 512;

    /// A ring and a workload that fills it: `rate` gives events per millisecond.
    struct Played {
        pace: EventPace,
        lost: u64,
    }

    impl Played {
        fn new() -> Self {
            Self { pace: EventPace::new(ROOM), lost: 0 }
        }

        /// Plays an iteration; returns the number of reads while it runs.
        fn iterate(&mut self, milliseconds: u64, rate: impl Fn(u64) -> u64) -> u32 {
            let (mut reads, mut unread) = (0, 0);
            self.pace.begin();
            for at in 0..milliseconds {
                unread += rate(at);
                let now = Duration::from_millis(at + 1);
                if self.pace.is_due(now) {
                    reads += 1;
                    self.lost += unread.saturating_sub(ROOM);
                    self.pace.read(now, std::mem::take(&mut unread));
                }
            }
            self.lost += unread.saturating_sub(ROOM);
            self.pace.end(Duration::from_millis(milliseconds));
            self.pace.read_last(unread);
            reads
        }
    }

    #[test]
    fn few_calls_see_no_read_once_they_are_known() {
        let mut played = Played::new();
        assert!(played.iterate(400, |at| u64::from(at % 8 == 0)) <= 5);
        for _ in 0..5 {
            assert_eq!(played.iterate(400, |at| u64::from(at % 8 == 0)), 0);
        }
        assert_eq!(played.iterate(790, |_| 0), 0, "one that takes longer is not read either");
        assert_eq!(played.lost, 0);
    }

    #[test]
    fn an_hour_with_a_few_calls_sees_few_reads() {
        let mut played = Played::new();
        assert!(played.iterate(600_000, |at| u64::from(at == 100_000)) < 30);
        assert_eq!(played.iterate(600_000, |at| u64::from(at == 100_000)), 0);
    }

    #[test]
    fn many_calls_are_read_before_the_ring_is_full_but_no_sooner_than_half() {
        let mut played = Played::new();
        for _ in 0..4 {
            let reads = played.iterate(10_000, |_| 4);
            assert!(reads <= 40_000 / (u32::try_from(ROOM).unwrap() / 2) + 10, "{reads} reads");
        }
        assert_eq!(played.lost, 0);
    }

    #[test]
    fn a_burst_that_lost_events_is_remembered() {
        let burst = |at: u64| if (500..600).contains(&at) { 40 } else { 0 };
        let mut played = Played::new();
        played.iterate(1_000, burst);
        assert!(played.lost > 0);
        for _ in 0..3 {
            played.lost = 0;
            played.iterate(1_000, burst);
            assert_eq!(played.lost, 0);
        }
    }

    #[test]
    fn without_a_ring_nothing_is_read() {
        let mut pace = EventPace::new(0);
        pace.begin();
        assert!(!pace.is_due(Duration::from_secs(3600)));
    }
}
