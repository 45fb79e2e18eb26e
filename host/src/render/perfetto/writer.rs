//! Writes packets one at a time; the only state is the id of the last track.

use std::io::{self, Write};

use prost::Message as _;
use teeleak_analysis::model::{Clock, PoolUnit};

use super::proto::{
    BuiltinClock, ChildTracksOrdering, ClockReading, ClockSnapshot, CounterDescriptor,
    DebugAnnotation, INCREMENTAL_STATE_CLEARED, ProcessDescriptor, Trace, TracePacket,
    TrackDescriptor, TrackEvent, Type, Unit,
};
use crate::escape::shown;

/// Id of the single packet sequence; any number but 0.
const SEQUENCE: u32 = 1;

/// Id of a track; 0 is Perfetto's default track and never assigned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Track(u64);

/// Annotation of an event: name and text.
pub(super) type Note = (&'static str, String);

/// Writer of a trace.
pub(super) struct Writer<'o> {
    out: &'o mut dyn Write,
    bytes: Vec<u8>,
    last: u64,
}

impl<'o> Writer<'o> {
    /// Writes the clock snapshot first. `clock` is `None` if there are no times; clocks unknown to
    /// Perfetto are omitted.
    pub(super) fn new(
        out: &'o mut dyn Write,
        clock: Option<Clock>,
        first_ns: u64,
    ) -> io::Result<Self> {
        let mut trace = Self { out, bytes: Vec::new(), last: 0 };
        let builtin = match clock {
            Some(Clock::Monotonic) => Some(BuiltinClock::Monotonic),
            Some(Clock::Wall) => Some(BuiltinClock::Realtime),
            Some(Clock::Counter) | None => None,
        };
        let snapshot = builtin.map(|clock| ClockSnapshot {
            clocks: vec![ClockReading {
                clock_id: u32::try_from(clock as i32).ok(),
                timestamp: Some(first_ns),
            }],
            primary_trace_clock: Some(clock as i32),
        });
        trace.packet(TracePacket {
            clock_snapshot: snapshot,
            sequence_flags: Some(INCREMENTAL_STATE_CLEARED),
            ..TracePacket::default()
        })?;
        Ok(trace)
    }

    fn packet(&mut self, packet: TracePacket) -> io::Result<()> {
        self.bytes.clear();
        let packet = TracePacket { trusted_packet_sequence_id: Some(SEQUENCE), ..packet };
        // Encoding fails only if the buffer is full, and a vector grows.
        Trace { packet: vec![packet] }.encode(&mut self.bytes).map_err(io::Error::other)?;
        self.out.write_all(&self.bytes)
    }

    fn describe(&mut self, track: TrackDescriptor) -> io::Result<Track> {
        self.last += 1;
        let track_descriptor = Some(TrackDescriptor { uuid: Some(self.last), ..track });
        self.packet(TracePacket { track_descriptor, ..TracePacket::default() })?;
        Ok(Track(self.last))
    }

    /// A top-level track, or one below a parent.
    pub(super) fn track(&mut self, name: &str, parent: Option<Track>) -> io::Result<Track> {
        self.describe(TrackDescriptor {
            name: Some(shown(name)),
            parent_uuid: parent.map(|parent| parent.0),
            ..TrackDescriptor::default()
        })
    }

    /// A track whose children are sorted by rank.
    pub(super) fn group(&mut self, name: &str) -> io::Result<Track> {
        self.describe(TrackDescriptor {
            name: Some(shown(name)),
            child_ordering: Some(ChildTracksOrdering::Explicit as i32),
            ..TrackDescriptor::default()
        })
    }

    /// The track of a process.
    pub(super) fn process(&mut self, pid: i32, name: &str) -> io::Result<Track> {
        let process = ProcessDescriptor { pid: Some(pid), process_name: Some(shown(name)) };
        self.describe(TrackDescriptor { process: Some(process), ..TrackDescriptor::default() })
    }

    /// A counter track with a rank below its parent.
    pub(super) fn counter(
        &mut self,
        name: &str,
        unit: PoolUnit,
        (parent, rank): (Track, usize),
    ) -> io::Result<Track> {
        let unit = match unit {
            PoolUnit::Bytes => Unit::SizeBytes,
            PoolUnit::Objects => Unit::Count,
        };
        self.describe(TrackDescriptor {
            name: Some(shown(name)),
            parent_uuid: Some(parent.0),
            counter: Some(CounterDescriptor { unit: Some(unit as i32) }),
            sibling_order_rank: i32::try_from(rank).ok(),
            ..TrackDescriptor::default()
        })
    }

    fn event(&mut self, track: Track, ns: u64, event: TrackEvent) -> io::Result<()> {
        self.packet(TracePacket {
            timestamp: Some(ns),
            track_event: Some(TrackEvent { track_uuid: Some(track.0), ..event }),
            ..TracePacket::default()
        })
    }

    /// Writes the value of a counter from a time on.
    pub(super) fn value(&mut self, track: Track, ns: u64, value: u64) -> io::Result<()> {
        let event = TrackEvent {
            r#type: Some(Type::Counter as i32),
            counter_value: Some(i64::try_from(value).unwrap_or(i64::MAX)),
            ..TrackEvent::default()
        };
        self.event(track, ns, event)
    }

    /// Starts a slice that lasts until the matching [`Self::end`] on the track.
    pub(super) fn begin(
        &mut self,
        track: Track,
        ns: u64,
        name: &str,
        notes: &[Note],
    ) -> io::Result<()> {
        self.event(track, ns, track_event(Type::SliceBegin, name, notes))
    }

    /// Ends the slice that started last.
    pub(super) fn end(&mut self, track: Track, ns: u64) -> io::Result<()> {
        let r#type = Some(Type::SliceEnd as i32);
        self.event(track, ns, TrackEvent { r#type, ..TrackEvent::default() })
    }

    /// Writes an instant.
    pub(super) fn instant(
        &mut self,
        track: Track,
        ns: u64,
        name: &str,
        notes: &[Note],
    ) -> io::Result<()> {
        self.event(track, ns, track_event(Type::Instant, name, notes))
    }
}

fn track_event(r#type: Type, name: &str, notes: &[Note]) -> TrackEvent {
    let notes = notes.iter().map(|(name, text)| DebugAnnotation {
        name: Some((*name).to_owned()),
        string_value: Some(shown(text)),
    });
    TrackEvent {
        r#type: Some(r#type as i32),
        name: Some(shown(name)),
        debug_annotations: notes.collect(),
        ..TrackEvent::default()
    }
}
