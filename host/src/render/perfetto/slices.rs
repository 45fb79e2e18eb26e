//! Slices: sessions by opener, mappings by TA.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use teeleak_analysis::model::{Event, EventKind, Observation, Origin};

use super::{
    axis::Axis,
    whose::{self, TrackOwner, Tracks},
    writer::{EventNote, TraceWriter, Track},
};

/// Something with a duration.
struct Slice {
    whose: TrackOwner,
    /// Name of the track.
    on: &'static str,
    name: String,
    begin: u64,
    /// `None` if it never ended.
    end: Option<u64>,
    notes: Vec<EventNote>,
}

/// Key shared by the start and end event of a slice.
#[derive(PartialEq, Eq, Hash)]
enum SliceKey {
    Session(Origin, u32, u32),
    Mapping(Origin, u32, u64),
}

/// Writes all slices.
pub(super) fn write(
    (observation, axis): (&Observation, &Axis),
    tracks: &mut Tracks,
    trace: &mut TraceWriter<'_>,
) -> io::Result<()> {
    let slices = slices(observation, axis, tracks);
    let mut lanes = Lanes::default();
    for slice in slices {
        let parent = tracks.track(slice.whose, trace)?;
        let track = lanes.free(parent, slice.on, (slice.begin, slice.end), trace)?;
        let unended = if slice.end.is_none() { ", not closed" } else { "" };
        let name = format!("{}{unended}", slice.name);
        trace.begin(track, slice.begin, &name, &slice.notes)?;
        if let Some(end) = slice.end {
            trace.end(track, end)?;
        }
    }
    Ok(())
}

/// All slices, by start.
fn slices(observation: &Observation, axis: &Axis, tracks: &Tracks) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    let mut open: HashMap<SliceKey, usize> = HashMap::new();
    for event in observation.events.iter().filter(|event| !event.has_failed()) {
        let Some(key) = key(event) else { continue };
        let ns = axis.time_ns(event.time, &event.place);
        let is_start = matches!(event.kind, EventKind::Open | EventKind::Map);
        match open.remove(&key) {
            Some(at) if !is_start => slices[at].end = Some(ns.max(slices[at].begin)),
            // It existed before the trace, or its start is lost.
            None if !is_start => {
                slices.push(slice(event, tracks, (axis.span.0, Some(ns)), ", opened before"));
            }
            // If the end of an earlier one is lost, that one stays open.
            _ => {
                open.insert(key, slices.len());
                slices.push(slice(event, tracks, (ns, None), ""));
            }
        }
    }
    slices.sort_by_key(|slice| slice.begin);
    slices
}

fn key(event: &Event) -> Option<SliceKey> {
    match event.kind {
        EventKind::Open | EventKind::Close => {
            Some(SliceKey::Session(event.origin, event.opener, event.session?))
        }
        EventKind::Map | EventKind::Unmap => {
            Some(SliceKey::Mapping(event.origin, event.instance, number(event, 0)))
        }
        _ => None,
    }
}

/// A 64-bit value of a region event, which is stored as low and high half.
fn number(event: &Event, at: usize) -> u64 {
    let half = |at: usize| event.values.get(at).copied().map_or(0, u64::from);
    half(at) | half(at + 1) << 32
}

fn slice(
    event: &Event,
    tracks: &Tracks,
    (begin, end): (u64, Option<u64>),
    more: &'static str,
) -> Slice {
    let owner = tracks.ta(event.uuid, event.instance);
    match event.kind {
        EventKind::Open | EventKind::Close => Slice {
            whose: tracks.caller(event),
            on: "sessions",
            name: format!("session {}{more}", event.session.unwrap_or_default()),
            begin,
            end,
            notes: vec![("to", whose::name(&owner))],
        },
        _ => Slice {
            name: format!("{:#x}{more}", number(event, 0)),
            whose: owner,
            on: "mappings",
            begin,
            end,
            notes: vec![("size_bytes", number(event, 2).to_string())],
        },
    }
}

/// A track and the end of its last slice; `None` if that never ended.
type BusyTrack = (Track, Option<u64>);

/// Tracks without overlapping slices: Perfetto nests a slice into one that started earlier on the same
/// track, and merges tracks with the same name and parent.
#[derive(Default)]
struct Lanes {
    taken: BTreeMap<(Track, &'static str), Vec<BusyTrack>>,
}

impl Lanes {
    fn free(
        &mut self,
        parent: Track,
        name: &'static str,
        (begin, end): (u64, Option<u64>),
        trace: &mut TraceWriter<'_>,
    ) -> io::Result<Track> {
        let lanes = self.taken.entry((parent, name)).or_default();
        let is_free = |until: &Option<u64>| until.is_some_and(|until| until < begin);
        if let Some((track, until)) = lanes.iter_mut().find(|(_, until)| is_free(until)) {
            *until = end;
            return Ok(*track);
        }
        let track = trace.track(name, Some(parent))?;
        lanes.push((track, end));
        Ok(track)
    }
}
