//! The spool keeps its cap, and everything before a cut.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use proptest::{collection::vec, prelude::*};
use teeleak_plugin::{FILES_MAX, Page, Refused, Spool};
use teeleak_proto::{
    frame::{FILE_HEAD, FrameKind, FrameScan, scan},
    limits,
    mark::Epoch,
    push::{APPEND, FIRST, LAST, UnwrittenCount},
    record::{self, Record, RecordWriter},
};

/// Bytes of a cap that some pushes fill.
const CAP: u64 = 128 << 10;

/// A page of that many records, the first of which says which one it is.
fn page(number: u32, records: usize) -> Vec<u8> {
    let mut bytes = vec![0; 16 * (records + 1)];
    let mut writer = RecordWriter::new(&mut bytes);
    for _ in 0..=records {
        writer.push(&Record::Epoch(Epoch { epoch: number, era: 0 })).unwrap();
    }
    let used = writer.length();
    bytes.truncate(used);
    bytes
}

fn push(spool: &mut Spool, sub_command: u32, data: &[u8]) -> std::io::Result<()> {
    spool.append(&Page::read(APPEND, sub_command, data).unwrap())
}

/// Names of the files, in order.
fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let names = fs::read_dir(folder).into_iter().flatten().map(name);
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn bytes_of(folder: &Path) -> u64 {
    names(folder).iter().map(|name| fs::metadata(folder.join(name)).unwrap().len()).sum()
}

/// Payloads of the frames of records, and how many others.
fn frames(file: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let (mut records, mut others, mut rest) = (Vec::new(), 0, &file[FILE_HEAD.len()..]);
    while !rest.is_empty() {
        match scan(rest) {
            FrameScan::Frame { kind: Some(FrameKind::Records), payload, bytes } => {
                records.push(payload.to_vec());
                rest = &rest[bytes..];
            }
            FrameScan::Frame { bytes, .. } => {
                others += 1;
                rest = &rest[bytes..];
            }
            FrameScan::NeedMore | FrameScan::Damaged => rest = &rest[1..],
        }
    }
    (records, others)
}

fn all_records(folder: &Path) -> Vec<Vec<u8>> {
    let files = names(folder).into_iter().map(|name| fs::read(folder.join(name)).unwrap());
    files.flat_map(|file| frames(&file).0).collect()
}

#[test]
fn a_push_is_one_capture() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a/spool");
    let mut spool = Spool::new(folder.clone(), CAP);
    push(&mut spool, FIRST, &page(1, 3)).unwrap();
    push(&mut spool, LAST, &page(2, 3)).unwrap();
    push(&mut spool, FIRST | LAST, &page(3, 0)).unwrap();
    assert_eq!(names(&folder), ["push-0000000001.tlk", "push-0000000002.tlk"]);
    let first = fs::read(folder.join("push-0000000001.tlk")).unwrap();
    assert!(first.starts_with(&FILE_HEAD));
    assert_eq!(frames(&first), (vec![page(1, 3), page(2, 3)], 1));
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_push_goes_on_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    push(&mut Spool::new(home.path().into(), CAP), FIRST, &page(1, 3)).unwrap();
    let file = home.path().join("push-0000000001.tlk");
    // Ended while a frame was being written.
    let whole = fs::read(&file).unwrap();
    fs::write(&file, [&whole, &whole[FILE_HEAD.len()..FILE_HEAD.len() + 20]].concat()).unwrap();
    push(&mut Spool::new(home.path().into(), CAP), LAST, &page(2, 3)).unwrap();
    assert_eq!(names(home.path()).len(), 1);
    assert_eq!(frames(&fs::read(&file).unwrap()).0, [page(1, 3), page(2, 3)]);
}

#[test]
fn what_has_no_head_is_not_gone_on_with() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("push-0000000007.tlk"), &FILE_HEAD[..4]).unwrap();
    push(&mut Spool::new(home.path().into(), CAP), LAST, &page(2, 3)).unwrap();
    let file = fs::read(home.path().join("push-0000000008.tlk")).unwrap();
    assert_eq!(frames(&file).0, [page(2, 3)]);
}

#[test]
fn what_could_not_be_written_is_reported() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("spool");
    // A file where the folder should be stands for a disk that refuses.
    fs::write(&folder, "").unwrap();
    let mut spool = Spool::new(folder.clone(), CAP);
    assert!(push(&mut spool, FIRST, &page(1, 0)).is_err());
    assert!(push(&mut spool, LAST, &page(2, 0)).is_err());
    fs::remove_file(&folder).unwrap();
    push(&mut spool, FIRST | LAST, &page(3, 0)).unwrap();
    push(&mut spool, FIRST | LAST, &page(4, 0)).unwrap();
    let records = all_records(&folder);
    let bytes = (page(1, 0).len() + page(2, 0).len()) as u64;
    let first_record = record::read(&records[0]).next().unwrap();
    assert_eq!(first_record, Ok(Record::Unwritten(UnwrittenCount { pages: 2, bytes })));
    assert_eq!(records[1..], [page(3, 0), page(4, 0)]);
}

#[test]
fn no_push_takes_the_place_of_all_others() {
    let home = tempfile::tempdir().unwrap();
    let mut spool = Spool::new(home.path().into(), CAP);
    push(&mut spool, FIRST | LAST, &page(1, 0)).unwrap();
    push(&mut spool, FIRST, &page(2, 0)).unwrap();
    let refused = (0..100).filter(|_| push(&mut spool, 0, &page(3, 500)).is_err()).count();
    assert!((80..100).contains(&refused), "{refused}");
    assert_eq!(all_records(home.path())[0], page(1, 0));
}

#[test]
fn tiny_pushes_are_few_files() {
    let home = tempfile::tempdir().unwrap();
    for number in 1..=FILES_MAX + 20 {
        fs::write(home.path().join(format!("push-{number:010}.tlk")), FILE_HEAD).unwrap();
    }
    push(&mut Spool::new(home.path().into(), 16 << 20), FIRST | LAST, &page(1, 0)).unwrap();
    assert_eq!(names(home.path()).len(), FILES_MAX);
}

#[test]
fn what_is_no_page_is_refused() {
    let read = |command, sub_command, data: &[u8]| Page::read(command, sub_command, data).map(drop);
    let good = page(1, 1);
    assert_eq!(read(APPEND, 0, &good), Ok(()));
    assert_eq!(read(APPEND + 1, 0, &good), Err(Refused::NotSupported));
    assert_eq!(read(APPEND, 4, &good), Err(Refused::NotSupported));
    for bad in [&[], &good[..good.len() - 1], &vec![0; limits::FRAME_BYTES + 2], &[1, 3, 0, 0]] {
        assert_eq!(read(APPEND, 0, bad), Err(Refused::BadParameters));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is pushed, with restarts in between: the cap is kept, and what is there was pushed,
    /// in that order, whole.
    #[test]
    fn the_cap_is_kept(pages in vec((0..4u32, 0..900usize, any::<u8>()), 1..80)) {
        let home = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(home.path().into(), CAP);
        let mut pushed = Vec::new();
        for ((sub_command, records, restart), number) in pages.into_iter().zip(0u32..) {
            if restart < 20 {
                spool = Spool::new(home.path().into(), CAP);
            }
            let page = page(number, records);
            if push(&mut spool, sub_command, &page).is_ok() {
                pushed.push(page);
            }
            prop_assert!(bytes_of(home.path()) <= CAP);
        }
        let mut rest = pushed.iter();
        for found in all_records(home.path()) {
            let is_loss = matches!(record::read(&found).next(), Some(Ok(Record::Unwritten(_))));
            prop_assert!(is_loss || rest.any(|page| *page == found));
        }
    }

    /// Cut at any byte, all frames before the cut are there.
    #[test]
    fn a_cut_loses_what_is_after_it(sizes in vec(0..200usize, 1..10), cut in any::<prop::sample::Index>()) {
        let home = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(home.path().into(), CAP);
        let mut ends = Vec::new();
        let file = home.path().join("push-0000000001.tlk");
        for (records, number) in sizes.iter().zip(0..) {
            push(&mut spool, u32::from(number == 0) * FIRST, &page(number, *records)).unwrap();
            ends.push(fs::metadata(&file).unwrap().len() as usize);
        }
        let whole = fs::read(&file).unwrap();
        let at = FILE_HEAD.len() + cut.index(whole.len() - FILE_HEAD.len() + 1);
        let kept = ends.iter().filter(|end| **end <= at).count();
        let found = frames(&whole[..at]).0;
        prop_assert_eq!(&found[..], &frames(&whole).0[..kept]);
        // And what comes after the restart is there as well.
        fs::write(&file, &whole[..at]).unwrap();
        push(&mut Spool::new(home.path().into(), CAP), LAST, &page(99, 1)).unwrap();
        let found = all_records(home.path());
        prop_assert_eq!(found.last(), Some(&page(99, 1)));
    }
}
