//! Captures: every byte is part of a frame or counted as damage, and no frame's content breaks anything.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_analysis::parse::capture::ObservationBuilder;
use teeleak_proto::{
    frame::{FILE_HEAD, FrameKind, HEAD_BYTES},
    record,
};

fuzz_target!(|data: &[u8]| {
    // What a frame holds, without the checksum in its way.
    let mut builder = ObservationBuilder::new("capture");
    let kind = FrameKind::from_id(data.first().copied().unwrap_or(0));
    builder.frame(kind, data.get(1..).unwrap_or_default());
    drop(builder.finish());
    for record in record::read(data).take(data.len() + 1) {
        let _ = record;
    }

    let file = [FILE_HEAD.as_slice(), data].concat();
    let Ok(mut reader) = CaptureReader::new(Cursor::new(file)) else { return };
    let mut builder = ObservationBuilder::new("capture");
    let mut bytes = 0;
    while let Ok(Some(piece)) = reader.next_piece() {
        match piece {
            CapturePiece::Frame { kind, payload } => {
                bytes += HEAD_BYTES + payload.len();
                builder.frame(kind, payload);
            }
            CapturePiece::Damage(damage) => {
                bytes += damage.bytes as usize;
                builder.damage(damage);
            }
        }
    }
    assert_eq!(bytes, data.len());
    drop(builder.finish());
});
