//! `teeleak analyze` on packed logs with one wrong bit: what unpacking makes of it may never have been written,
//! so it is no ground for a verdict.

use std::{fs, io::Read as _};

use teeleak::Exit;
use teeleak_tests::{Answer, teeleak};

use crate::{
    packing::{FORMATS, gzip},
    support::{fixture, folder},
};

/// Wrong bits per log and format.
const BITS: usize = 40;

/// Bytes of a head, which says little that changes the text.
const HEAD: usize = 20;

fn analyze(name: &str, packed: &[u8]) -> Answer {
    let path = folder("packed").join(name);
    fs::write(&path, packed).unwrap();
    teeleak(&["analyze", path.to_str().unwrap()])
}

/// Wrong bits never make another verdict of a log, only none.
fn check(log: &str, verdict: Exit) {
    let text = fs::read(fixture(&format!("log/{log}.log"))).unwrap();
    for format in FORMATS.iter().filter(|format| format.has_checksum) {
        let name = format!("{log}.{}", format.name);
        let packed = (format.pack)(&text);
        let whole = analyze(&name, &packed);
        assert_eq!(whole.exit, verdict, "{name}");
        let step = (packed.len() - HEAD) / BITS;
        for n in 0..BITS {
            let mut wrong = packed.clone();
            let at = HEAD + n * step;
            wrong[at] ^= 1 << (n % 8);
            let answer = analyze(&name, &wrong);
            let is_undecided = [Exit::Blind, Exit::Usage].contains(&answer.exit);
            // Some bits mean nothing.
            let is_whole = answer.out == whole.out;
            assert!(
                is_undecided || is_whole,
                "{name}, byte {at}: {:?} {}",
                answer.exit,
                answer.out
            );
        }
    }
}

#[test]
fn one_wrong_bit_of_a_leak_makes_no_verdict() {
    check("4.10.qemu-dumps-of-a-region-leak", Exit::Leak);
}

#[test]
fn one_wrong_bit_of_a_clean_log_makes_no_verdict() {
    check("4.3.one-record-cut-in-21-dumps", Exit::Clean);
}

#[test]
fn a_packed_log_that_just_ends_is_right_up_to_there() {
    let mut text = String::new();
    fs::File::open(fixture("log/4.10.qemu-dumps-of-a-region-leak.log"))
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let packed = gzip(text.as_bytes());
    let answer = analyze("cut.gz", &packed[..packed.len() - 6]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
}
