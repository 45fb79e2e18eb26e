//! Calls of the plugin, as a secure world that means no good could make them: nothing but pages of
//! records is kept, and never more than the cap.
#![no_main]

use std::{env, fs, process, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_plugin::{Page, Spool};
use teeleak_proto::{
    frame::FrameKind,
    push::APPEND,
    record::{self, RecordError},
};

/// Bytes that the spool may take.
const CAP: u64 = 128 << 10;

/// A folder of this process.
static FOLDER: LazyLock<std::path::PathBuf> =
    LazyLock::new(|| env::temp_dir().join(format!("teeleak-fuzz-{}", process::id())));

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    // What the seeds begin with is the right command.
    let command = APPEND + u32::from(how >> 3);
    let Ok(page) = Page::read(command, u32::from(how & 7), data) else { return };
    assert_eq!((command, page.records), (APPEND, data));
    let cut = |read| matches!(read, Err(RecordError::Truncated | RecordError::TooLong));
    assert!(!record::read(data).any(cut));

    let mut spool = Spool::new(FOLDER.clone(), CAP);
    let kept = [0; 3].map(|_| spool.append(&page).is_ok());
    let (mut bytes, mut found) = (0, 0);
    for entry in fs::read_dir(&*FOLDER).unwrap() {
        let path = entry.unwrap().path();
        bytes += fs::metadata(&path).unwrap().len();
        let mut reader = CaptureReader::new(fs::File::open(path).unwrap()).unwrap();
        while let Some(piece) = reader.next_piece().unwrap() {
            match piece {
                CapturePiece::Frame { kind: Some(FrameKind::Records), payload } => {
                    found += usize::from(payload == data);
                }
                CapturePiece::Frame { kind, .. } => assert_eq!(kind, Some(FrameKind::Meta)),
                CapturePiece::Damage(damage) => panic!("{damage:?}"),
            }
        }
    }
    assert!(bytes <= CAP);
    assert_eq!(found, kept.into_iter().filter(|kept| *kept).count());
    fs::remove_dir_all(&*FOLDER).unwrap();
});
