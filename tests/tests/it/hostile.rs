//! Whatever a capture holds, it is read to its end, counted, and never the cause of a panic.

use std::{fs, sync::LazyLock};

use proptest::prelude::*;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_analysis::{
    audit::{Options, audit},
    parse::capture::ObservationBuilder,
};
use teeleak_proto::frame::FrameKind;

use crate::support::capture;

type Frames = Vec<(u8, Vec<u8>)>;

/// Frames of a recording of a real TEE.
static RECORDED: LazyLock<Frames> = LazyLock::new(|| {
    let file = fs::read(capture("leak-session")).unwrap();
    let mut reader = CaptureReader::new(&*file).unwrap();
    let mut frames = Vec::new();
    while let Some(piece) = reader.next_piece().unwrap() {
        let CapturePiece::Frame { kind: Some(kind), payload } = piece else { panic!("{piece:?}") };
        frames.push((kind as u8, payload.to_vec()));
    }
    frames
});

fn check(frames: &Frames) {
    let mut builder = ObservationBuilder::new("hostile");
    for (kind, payload) in frames {
        builder.frame(FrameKind::from_id(*kind), payload);
    }
    let mut observation = builder.finish();
    let all = observation.accounting;
    assert_eq!(all.read, frames.len() as u64);
    assert_eq!(all.read, all.parsed + all.ignored + all.rejected);
    let _ = audit(&mut observation, &Options::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn frames_of_noise_are_counted(
        frames in prop::collection::vec((0u8..15, prop::collection::vec(any::<u8>(), 0..200)), 0..50),
    ) {
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
