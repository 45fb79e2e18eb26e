use std::fs;

use proptest::prelude::*;
use teeleak_proto::frame::{self, FrameKind};

use crate::{
    capture::{CapturePiece, CaptureReader},
    window::*,
};

fn frame(payload: &[u8]) -> Vec<u8> {
    [&frame::head(FrameKind::Console, payload).unwrap()[..], payload].concat()
}

/// An empty folder of its own for each test.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("teeleak-window-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn open(folder: &Path) -> Window {
    let mut window = Window::open(folder, LEAST_BYTES).unwrap();
    let meta = frame::head(FrameKind::Meta, b"me").unwrap();
    window.set_preamble([&meta[..], b"me"].concat());
    window
}

/// Payloads, without those of the preamble, and bytes of damage.
fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, u64) {
    let (mut payloads, mut damage) = (Vec::new(), 0);
    let Ok(mut reader) = CaptureReader::new(bytes) else { return (payloads, bytes.len() as u64) };
    while let Some(piece) = reader.next_piece().unwrap() {
        match piece {
            CapturePiece::Frame { kind: Some(FrameKind::Console), payload } => {
                payloads.push(payload.to_vec());
            }
            CapturePiece::Frame { .. } => {}
            CapturePiece::Damage(at) => damage += at.bytes,
        }
    }
    (payloads, damage)
}

fn in_use(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

fn payload(n: u32, bytes: usize) -> Vec<u8> {
    let mut payload = n.to_le_bytes().to_vec();
    payload.resize(bytes.max(4), n.to_le_bytes()[0]);
    payload
}

/// All payloads of the window, in order.
fn whole(folder: &Path) -> Vec<Vec<u8>> {
    let found = folder::scan(folder).unwrap();
    let paths = found.segments.iter().map(|one| folder.join(folder::segment_name(one.number)));
    paths.flat_map(|path| read(&fs::read(path).unwrap()).0).collect()
}

#[test]
fn a_window_cut_at_200_places_gives_all_before_the_cut() {
    let folder = scratch("cut");
    let mut window = open(&folder);
    for n in 0..60 {
        window.append(&frame(&payload(n, 37 * n as usize))).unwrap();
    }
    let path = session(&folder).unwrap().pop().unwrap();
    let bytes = fs::read(path).unwrap();
    let (all, _) = read(&bytes);
    // A linear congruential generator (Numerical Recipes): the same places every time.
    let mut random = 1_u32;
    for _ in 0..200 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let cut = 10 + random as usize % (bytes.len() - 10);
        let (payloads, damage) = read(&bytes[..cut]);
        assert_eq!(payloads, all[..payloads.len()], "cut at {cut}");
        let kept: usize = payloads.iter().map(|payload| frame::HEAD_BYTES + payload.len()).sum();
        let begin = 10 + frame::HEAD_BYTES + 2;
        if cut > begin {
            assert_eq!(damage, (cut - begin - kept) as u64, "cut at {cut}");
        }
        let next =
            all.get(payloads.len()).map_or(usize::MAX, |next| frame::HEAD_BYTES + next.len());
        assert!(cut.saturating_sub(begin + kept) < next, "a whole frame is lost, cut at {cut}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_folder_that_is_gone_costs_what_comes_meanwhile() {
    let folder = scratch("gone");
    let mut window = open(&folder);
    window.append(&frame(b"one")).unwrap();
    window.end_segment().unwrap();
    let away = scratch("away");
    fs::rename(&folder, &away).unwrap();
    assert!(window.append(&frame(b"two")).is_err());
    fs::rename(&away, &folder).unwrap();
    window.append(&frame(b"three")).unwrap();
    assert_eq!(window.loss().units, 1);
    assert_eq!(whole(&folder), [b"one".to_vec(), b"three".to_vec()]);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn only_the_last_process_is_a_session() {
    let folder = scratch("session");
    open(&folder).append(&frame(b"old")).unwrap();
    let mut window = Window::open(&folder, LEAST_BYTES).unwrap();
    let meta = frame::head(FrameKind::Meta, b"other").unwrap();
    window.set_preamble([&meta[..], b"other"].concat());
    window.append(&frame(b"new")).unwrap();
    assert_eq!(session(&folder).unwrap().len(), 1);
    let dump = window.dump(1, "asked", &frame(b"now")).unwrap();
    let (payloads, damage) = read(&fs::read(&dump.path).unwrap());
    assert_eq!((payloads, damage), (vec![b"new".to_vec(), b"now".to_vec()], 0));
    assert_eq!(newest_dump(&folder).unwrap(), Some(dump.path));
    fs::remove_dir_all(folder).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Units of any size, dumps and restarts in between: never more than the cap, the newest dump is
    /// there, and what is left of the window is the newest without a hole.
    #[test]
    fn the_cap_is_kept(steps in prop::collection::vec((0_usize..150_000, 0_u8..12), 1..60)) {
        let folder = scratch("cap");
        let mut window = open(&folder);
        let mut written = Vec::new();
        for (n, (bytes, what)) in (0..).zip(steps) {
            let payload = payload(n, bytes);
            window.append(&frame(&payload)).unwrap();
            written.push(payload);
            match what {
                0 => {
                    let dump = window.dump(n.into(), "asked", &frame(b"now")).unwrap();
                    let (payloads, damage) = read(&fs::read(&dump.path).unwrap());
                    prop_assert_eq!(damage, 0);
                    prop_assert_eq!(payloads.last().map(Vec::as_slice), Some(&b"now"[..]));
                    let kept = &payloads[..payloads.len() - 1];
                    prop_assert!(written.ends_with(kept) || window.first > 0);
                    prop_assert_eq!(newest_dump(&folder).unwrap(), Some(dump.path));
                }
                1 => {
                    drop(window);
                    window = open(&folder);
                }
                _ => {}
            }
            prop_assert!(in_use(&folder) <= LEAST_BYTES, "{} bytes", in_use(&folder));
        }
        let left = whole(&folder);
        prop_assert!(!left.is_empty() && written.ends_with(&left));
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_folder_is_free_at_once_though_a_program_is_being_started() {
    let folder = scratch("free");
    folder::make(&folder).unwrap();
    let lock = folder::lock(&folder).unwrap();
    assert!(folder::lock(&folder).is_err());
    // As a child has it between fork and exec.
    let inherited = lock.0.try_clone().unwrap();
    drop(lock);
    assert!(folder::lock(&folder).is_ok());
    drop(inherited);
}
