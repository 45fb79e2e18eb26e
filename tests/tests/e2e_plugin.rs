//! The TA pushes by itself, on a real OP-TEE in QEMU, while no teeleak runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs::File, path::Path, time::Duration};

use teeleak::capture::{Piece, Reader};
use teeleak_proto::{
    frame::FrameKind,
    push::{Cause, Push},
    record::{self, Record},
};
use teeleak_qemu::{Guest, Lab};

const LIMIT: Duration = Duration::from_secs(300);
const SPOOL: &str = "/var/lib/teeleak/spool";

/// What a test wants to know of a push.
#[derive(Default)]
struct Told {
    heads: Vec<Push>,
    /// Keys of the violations.
    keys: Vec<u64>,
    n_sites: usize,
    n_pools: usize,
}

#[test]
fn a_broken_order_is_in_the_spool() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    // Killed while nothing is pushed, so that all that was pushed must be there.
    let restart = "kill -KILL $(pidof tee-supplicant) && tee-supplicant -d";
    run(&mut guest, &format!("teeleak-probe disorder --between '{restart}'"));
    run(&mut guest, &format!("mkdir /share/spool && cp {SPOOL}/* /share/spool"));
    for (number, key) in [(1, 7), (2, 8)] {
        let told = read(&guest.share().join(format!("spool/push-{number:010}.tlk")));
        let head = Push { cause: Cause::Violation, number, held_back: 0, lost: 0, result: 0 };
        assert_eq!(told.heads, [head]);
        assert_eq!(told.keys.last(), Some(&key), "{:?}", told.keys);
        assert!(told.n_sites > 10 && told.n_pools > 2, "{} {}", told.n_sites, told.n_pools);
    }
    let line = format!("teeleak report {SPOOL}/push-0000000002.tlk");
    let report = guest.exec(&line, LIMIT).unwrap();
    eprintln!("{}\n{}", report.stdout, report.stderr);
    assert_eq!(report.code, 3, "one census can't show growth: {}", report.stderr);
    let noticed = "noticed by the TA: release-without-acquire";
    assert!(report.stdout.contains(noticed), "{}", report.stdout);
    without_a_plugin(&mut guest);
    guest.shutdown().unwrap();
}

/// Nothing fails for want of it.
fn without_a_plugin(guest: &mut Guest) {
    run(guest, "rm /usr/lib/tee-supplicant/plugins/*");
    run(guest, "kill -KILL $(pidof tee-supplicant) && tee-supplicant -d");
    run(guest, "teeleak-probe disorder");
    run(guest, &format!("test $(ls {SPOOL} | wc -l) = 2"));
}

fn run(guest: &mut Guest, line: &str) {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{line}: {}{}", outcome.stdout, outcome.stderr);
}

fn read(path: &Path) -> Told {
    let mut reader = Reader::new(File::open(path).unwrap()).unwrap();
    let mut told = Told::default();
    while let Some(piece) = reader.next_piece().unwrap() {
        match piece {
            Piece::Frame { kind: Some(FrameKind::Records), payload } => {
                record::read(payload).for_each(|record| told.take(record.unwrap()));
            }
            Piece::Frame { kind, .. } => assert_eq!(kind, Some(FrameKind::Meta)),
            Piece::Damage(damage) => panic!("{damage:?}"),
        }
    }
    told
}

impl Told {
    fn take(&mut self, record: Record<'_>) {
        match record {
            Record::Push(push) => self.heads.push(push),
            Record::Violation(violation) => self.keys.push(violation.key),
            Record::Site(_) => self.n_sites += 1,
            Record::Pool(_) => self.n_pools += 1,
            _ => {}
        }
    }
}
