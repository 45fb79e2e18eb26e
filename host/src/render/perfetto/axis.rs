//! The time axis: times of the most common clock; everything else is placed by its position among
//! those in its source.

use std::{cmp::Reverse, collections::BTreeMap};

use teeleak_analysis::model::{Clock, Observation, Sample, SourceLocation, Symbol, Time};

/// Nanoseconds per snapshot if there are no times, and per line or frame outside all known times.
const SAMPLE_NS: u64 = 1_000_000_000;
const STEP_NS: u64 = 1_000_000;

/// Earliest and latest time by source and position.
type KnownTimes = BTreeMap<(Symbol, u64), (u64, u64)>;

/// The time axis.
pub(super) struct Axis {
    /// Clock of the axis; `None` if there are no times.
    pub(super) clock: Option<Clock>,
    known: KnownTimes,
    /// Nanoseconds of the first and last time.
    pub(super) span: (u64, u64),
}

impl Axis {
    pub(super) fn new(observation: &Observation) -> Self {
        let clock = usual(observation);
        let mut known_times = KnownTimes::new();
        let times = known_instants(observation).filter(|(time, _)| Some(time.clock) == clock);
        for (time, place) in times {
            note(&mut known_times, place, time.ns);
        }
        if clock.is_none() {
            for (n, sample) in (1..).zip(&observation.samples) {
                note(&mut known_times, &sample.place, n * SAMPLE_NS);
            }
        }
        let mut axis = Self { clock, known: known_times, span: (0, 0) };
        axis.span = axis.reach(observation);
        axis
    }

    /// First and last time of all events and snapshots.
    fn reach(&self, observation: &Observation) -> (u64, u64) {
        let events = observation.events.iter().map(|event| self.time_ns(event.time, &event.place));
        let instants = events.chain(observation.samples.iter().map(|sample| self.sample(sample)));
        instants
            .fold(None, |span: Option<(u64, u64)>, ns| {
                let (first, last) = span.unwrap_or((ns, ns));
                Some((first.min(ns), last.max(ns)))
            })
            .unwrap_or_default()
    }

    pub(super) fn sample(&self, sample: &Sample) -> u64 {
        self.time_ns(sample.time, &sample.place)
    }

    /// Nanoseconds of something with an optional time at a position of a source.
    pub(super) fn time_ns(&self, time: Option<Time>, place: &SourceLocation) -> u64 {
        match time.filter(|time| Some(time.clock) == self.clock) {
            Some(time) => time.ns,
            None => self.estimate(place),
        }
    }

    /// A time interpolated between the known times before and after the position.
    fn estimate(&self, place: &SourceLocation) -> u64 {
        let key = |at: u64| (place.source, at);
        let entry = self.known.range(key(0)..=key(place.at)).next_back();
        let previous = entry.map(|((_, at), (_, latest))| (*at, *latest));
        let start = place.at.checked_add(1);
        let next_entry = start.and_then(|from| self.known.range(key(from)..=key(u64::MAX)).next());
        let next = next_entry.map(|((_, at), (earliest, _))| (*at, *earliest));
        match (previous, next) {
            (Some(before), Some(after)) => interpolated(before, after, place.at),
            (Some((at, ns)), None) => ns.saturating_add(steps(place.at - at)),
            (None, Some((at, ns))) => ns.saturating_sub(steps(at - place.at)),
            (None, None) => steps(place.at),
        }
    }
}

fn steps(n: u64) -> u64 {
    n.saturating_mul(STEP_NS)
}

/// Times of a log can go backwards; the result is never before the previous time.
fn interpolated(before: (u64, u64), after: (u64, u64), at: u64) -> u64 {
    let (width, part) = (u128::from(after.0 - before.0), u128::from(at - before.0));
    let long = u128::from(after.1.saturating_sub(before.1));
    let offset = long.saturating_mul(part).checked_div(width).unwrap_or(0);
    before.1.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX))
}

fn note(known: &mut KnownTimes, place: &SourceLocation, ns: u64) {
    let span = known.entry((place.source, place.at)).or_insert((ns, ns));
    *span = (span.0.min(ns), span.1.max(ns));
}

/// All known times and their positions.
fn known_instants(observation: &Observation) -> impl Iterator<Item = (Time, &SourceLocation)> {
    let samples = observation.samples.iter().map(|sample| (sample.time, &sample.place));
    let events = observation.events.iter().map(|event| (event.time, &event.place));
    let incidents = observation.incidents.iter().map(|one| (one.time, &one.place));
    samples.chain(events).chain(incidents).filter_map(|(time, place)| Some((time?, place)))
}

/// The most common clock.
fn usual(observation: &Observation) -> Option<Clock> {
    let mut counts: BTreeMap<Clock, usize> = BTreeMap::new();
    for (time, _) in known_instants(observation) {
        *counts.entry(time.clock).or_default() += 1;
    }
    counts.into_iter().min_by_key(|(clock, n)| (Reverse(*n), *clock)).map(|(clock, _)| clock)
}

#[cfg(test)]
mod tests {
    use teeleak_analysis::model::{Incident, IncidentDetails, IncidentKind};

    use crate::render::perfetto::axis::*;

    fn at(at: u64, time: Option<Time>) -> Incident {
        Incident {
            kind: IncidentKind::CorePanic,
            place: SourceLocation { source: "log".into(), at },
            time,
            iteration: None,
            uuid: None,
            text: "".into(),
            load_address: None,
            images: Vec::new(),
            stack: Vec::new(),
            details: IncidentDetails::default(),
        }
    }

    #[test]
    fn what_has_no_time_is_between_what_has() {
        let known = |place, clock, ns| at(place, Some(Time { clock, ns }));
        let (wall, counter) = (Clock::Wall, Clock::Counter);
        let incidents = vec![known(10, wall, 100), known(20, wall, 300), known(30, counter, 5)];
        let axis = Axis::new(&Observation { incidents, ..Observation::default() });
        assert_eq!(axis.clock, Some(wall));
        let of = |place| axis.time_ns(None, &at(place, None).place);
        assert_eq!([of(10), of(15), of(20)], [100, 200, 300]);
        assert_eq!(of(30), 300 + 10 * STEP_NS, "another clock gives no time");
        assert_eq!(of(9), 0, "there is nothing before the beginning");
    }
}
