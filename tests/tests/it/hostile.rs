//! Whatever a capture holds, it is read to its end, counted, and never the cause of a panic.

use std::{fs, sync::LazyLock};

use proptest::prelude::*;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_analysis::{
    audit::{Conclusion, Options, Report, audit},
    parse::capture::ObservationBuilder,
};
use teeleak_proto::{
    event::EventsHead,
    frame::FrameKind,
    record::{self, Record},
};

use crate::support::capture;

type Frames = Vec<(u8, Vec<u8>)>;

/// Frames of a recording of a real TEE.
static RECORDED: LazyLock<Frames> = LazyLock::new(|| frames("leak-session"));

fn frames(name: &str) -> Frames {
    let file = fs::read(capture(name)).unwrap();
    let mut reader = CaptureReader::new(&*file).unwrap();
    let mut frames = Vec::new();
    while let Some(piece) = reader.next_piece().unwrap() {
        let CapturePiece::Frame { kind: Some(kind), payload } = piece else { panic!("{piece:?}") };
        frames.push((kind as u8, payload.to_vec()));
    }
    frames
}

/// Checks what is counted; returns the report.
fn check(frames: &Frames) -> Report {
    let mut builder = ObservationBuilder::new("hostile");
    for (kind, payload) in frames {
        builder.frame(FrameKind::from_id(*kind), payload);
    }
    let mut observation = builder.finish();
    let all = observation.accounting;
    assert_eq!(all.read, frames.len() as u64);
    assert_eq!(all.read, all.parsed + all.ignored + all.rejected);
    audit(&mut observation, &Options::default())
}

/// A frame of records.
fn records(records: &[Record<'_>]) -> (u8, Vec<u8>) {
    let mut payload = Vec::new();
    for record in records {
        let body = postcard::to_stdvec(record).unwrap();
        payload.extend(u16::try_from(body.len()).unwrap().to_le_bytes());
        payload.extend(body);
    }
    (FrameKind::Records as u8, payload)
}

#[test]
fn counts_of_what_was_lost_do_not_wrap_to_nothing() {
    let mut frames = frames("none");
    assert_eq!(check(&frames).conclusion, Conclusion::Clean);
    let losses = [u64::MAX, 1]
        .map(|lost| Record::Events(EventsHead { lost, next: u64::MAX, is_last: false }));
    // Before the last phase, so that they are of the run.
    let last = frames.iter().rposition(|(kind, _)| *kind == FrameKind::Phase as u8).unwrap();
    losses.into_iter().for_each(|lost| frames.insert(last, records(&[lost])));
    let report = check(&frames);
    assert_eq!(report.conclusion, Conclusion::Inconclusive);
    assert!(report.doubts.iter().any(|doubt| doubt.contains("18,446,744,073,709,551,615 events")));
}

/// Events have numbers, so that those of a lost frame are missed: without them a clean run looks disordered.
#[test]
fn a_lost_frame_of_events_accuses_nobody() {
    let whole = frames("none");
    let has_event = |(kind, payload): &(u8, Vec<u8>)| {
        *kind == FrameKind::Records as u8
            && record::read(payload).any(|record| matches!(record, Ok(Record::Event(_))))
    };
    let places: Vec<_> = (0..whole.len()).filter(|at| has_event(&whole[*at])).collect();
    assert!(places.len() > 20, "{}", places.len());
    // Nothing shows that there was one before the first or after the last.
    for at in &places[1..places.len() - 1] {
        let mut frames = whole.clone();
        frames.remove(*at);
        let report = check(&frames);
        assert_eq!(report.conclusion, Conclusion::Inconclusive, "frame {at}: {:#?}", report.doubts);
        assert!(report.doubts.iter().any(|doubt| doubt.contains("events were lost")));
    }
}

/// Replaces the `n`th number of a record by the largest one that its field takes.
fn with_extreme(record: &Record<'_>, n: usize) -> Vec<u8> {
    const LARGEST: [u64; 6] =
        [u64::MAX, i64::MAX as u64, u32::MAX as u64, i32::MAX as u64, u16::MAX as u64, 255];
    let text = serde_json::to_string(record).unwrap();
    let is_number =
        |piece: &str| !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_digit());
    let pieces = pieces(&text);
    let numbers: Vec<usize> = (0..pieces.len()).filter(|at| is_number(pieces[*at])).collect();
    let largest_ones = LARGEST.map(|number| number.to_string());
    let at = numbers.get(n % numbers.len().max(1)).copied();
    let texts = largest_ones.iter().zip(at.iter().cycle()).map(|(largest, at)| {
        [&pieces[..*at], &[largest.as_str()], &pieces[at + 1..]].concat().concat()
    });
    for text in texts {
        if let Ok(record) = serde_json::from_str::<Record<'_>>(&text) {
            return postcard::to_stdvec(&record).unwrap();
        }
    }
    postcard::to_stdvec(record).unwrap()
}

/// A JSON text in pieces: numbers outside of strings, and what is between them.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut is_string) = (vec![], 0, false);
    for (at, byte) in text.bytes().enumerate() {
        is_string ^= byte == b'"';
        let previous = text.as_bytes()[at.saturating_sub(1)];
        if byte.is_ascii_digit() != previous.is_ascii_digit() && !is_string && byte != b'"' {
            pieces.push(&text[start..at]);
            start = at;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn frames_of_noise_are_counted(
        frames in prop::collection::vec((0u8..15, prop::collection::vec(any::<u8>(), 0..200)), 0..50),
    ) {
        check(&frames);
    }

    /// Numbers as large as their fields: sums of them saturate.
    #[test]
    fn extreme_numbers_are_counted(
        bends in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..20), 1..12),
    ) {
        let mut frames = RECORDED.clone();
        for (frame, at, number) in bends {
            let (kind, payload) = frame.get_mut(&mut frames);
            if *kind != FrameKind::Records as u8 {
                continue;
            }
            let old: Vec<_> = record::read(payload).filter_map(Result::ok).collect();
            let extreme = (!old.is_empty()).then(|| at.index(old.len()));
            let mut new = Vec::new();
            for (n, record) in old.iter().enumerate() {
                let whole = || postcard::to_stdvec(record).unwrap();
                let body = if Some(n) == extreme { with_extreme(record, number) } else { whole() };
                new.extend(u16::try_from(body.len()).unwrap().to_le_bytes());
                new.extend(body);
            }
            *payload = new;
        }
        check(&frames);
    }

    /// Frames that are sound on the outside, with other bytes within, some lost, some twice.
    #[test]
    fn bent_recordings_are_counted(
        bends in prop::collection::vec((any::<prop::sample::Index>(), any::<u16>(), any::<u8>()), 1..40),
        drop in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        twice in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let mut frames = RECORDED.clone();
        for (frame, at, byte) in bends {
            let payload = &mut frame.get_mut(&mut frames).1;
            let at = usize::from(at) % payload.len().max(1);
            if let Some(bent) = payload.get_mut(at) {
                *bent = byte;
            }
        }
        for index in drop {
            frames.remove(index.index(frames.len()));
        }
        for index in twice {
            frames.push(index.get(&frames).clone());
        }
        check(&frames);
    }
}
