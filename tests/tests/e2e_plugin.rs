//! The TA pushes by itself, on a real OP-TEE in QEMU, while no teeleak runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs::File, path::Path, time::Duration};

use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_proto::{
    frame::FrameKind,
    push::{Push, PushCause},
    record::{self, Record},
};
use teeleak_qemu::{Guest, Lab};

const LIMIT: Duration = Duration::from_secs(300);
const SPOOL: &str = "/var/lib/teeleak/spool";

/// How often tee-supplicant is killed while something is pushed.
const KILLS: usize = 9;

/// What a test wants to know of a push.
#[derive(Default)]
struct PushFile {
    heads: Vec<Push>,
    /// Keys of the violations.
    keys: Vec<u64>,
    n_sites: usize,
    n_pools: usize,
    /// Pages that could not be written before.
    unwritten: u64,
    /// Whether the file ends within a frame.
    cut: bool,
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
        let file = read(&guest.share().join(format!("spool/push-{number:010}.tlk")));
        let head = Push { cause: PushCause::Violation, number, held_back: 0, lost: 0, result: 0 };
        assert!(!file.cut);
        assert_eq!(file.heads, [head]);
        assert_eq!(file.keys.last(), Some(&key), "{:?}", file.keys);
        assert!(file.n_sites > 10 && file.n_pools > 2, "{} {}", file.n_sites, file.n_pools);
    }
    let line = format!("teeleak report {SPOOL}/push-0000000002.tlk");
    let report = guest.exec(&line, LIMIT).unwrap();
    eprintln!("{}\n{}", report.stdout, report.stderr);
    assert_eq!(report.code, 3, "one census can't show growth: {}", report.stderr);
    let noticed = "detected by the TA: release-without-acquire";
    assert!(report.stdout.contains(noticed), "{}", report.stdout);
    a_supplicant_that_is_killed_meanwhile(&mut guest);
    a_disk_that_is_full(&mut guest);
    without_a_plugin(&mut guest);
    guest.shutdown().unwrap();
}

/// Killed at any moment of a push: no file is lost, and none has more than its end cut off.
fn a_supplicant_that_is_killed_meanwhile(guest: &mut Guest) {
    let line = format!(
        "for n in $(seq {KILLS}); do teeleak-probe disorder & probe=$!; sleep 0.0$n; \
         kill -KILL $(pidof tee-supplicant); tee-supplicant -d; wait $probe || exit 9; done; \
         teeleak-probe disorder && rm -rf /share/spool && cp -r {SPOOL} /share/spool"
    );
    run(guest, &line);
    let files = read_all(&guest.share().join("spool"));
    let heads: Vec<_> = files.iter().flat_map(|file| &file.heads).collect();
    // Two of each probe, but for one that was in flight when its supplicant was killed.
    assert!(heads.len() >= KILLS, "{heads:?}");
    assert!(files.iter().filter(|file| file.cut).count() <= KILLS);
    let last = files.last().unwrap();
    assert!(!last.cut && last.n_sites > 10, "{:?}", last.heads);
    eprintln!("{} files, {} cut", files.len(), files.iter().filter(|file| file.cut).count());
}

/// What can't be written is reported in the first push that can.
fn a_disk_that_is_full(guest: &mut Guest) {
    let restart = "kill -KILL $(pidof tee-supplicant); TEELEAK_SPOOL=/mnt/spool tee-supplicant -d";
    run(
        guest,
        &format!(
            "mkdir -p /mnt && mount -t tmpfs -o size=256k none /mnt && mkdir /mnt/spool && {restart}"
        ),
    );
    run(guest, "dd if=/dev/zero of=/mnt/fill bs=4k 2>/dev/null; teeleak-probe disorder");
    run(guest, "rm /mnt/fill && teeleak-probe disorder");
    run(guest, "rm -rf /share/spool && cp -r /mnt/spool /share/spool");
    let files = read_all(&guest.share().join("spool"));
    let unwritten: u64 = files.iter().map(|file| file.unwritten).sum();
    assert!(unwritten > 0, "nothing of what was not written is reported");
    let last = files.last().unwrap();
    assert!(!last.cut && last.n_sites > 10, "{:?}", last.heads);
    run(guest, "kill -KILL $(pidof tee-supplicant); umount /mnt; tee-supplicant -d");
}

/// All files of a spool, in the order of their numbers.
fn read_all(spool: &Path) -> Vec<PushFile> {
    let entries = std::fs::read_dir(spool).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some()).collect();
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

/// Nothing fails for want of it.
fn without_a_plugin(guest: &mut Guest) {
    run(guest, &format!("cp -r {SPOOL} /share/spool.before; rm /usr/lib/tee-supplicant/plugins/*"));
    run(guest, "kill -KILL $(pidof tee-supplicant) && tee-supplicant -d");
    run(guest, "teeleak-probe disorder");
    run(guest, &format!("test $(ls {SPOOL} | wc -l) = $(ls /share/spool.before | wc -l)"));
}

fn run(guest: &mut Guest, line: &str) {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{line}: {}{}", outcome.stdout, outcome.stderr);
}

fn read(path: &Path) -> PushFile {
    let mut file = PushFile::default();
    let Ok(mut reader) = CaptureReader::new(File::open(path).unwrap()) else {
        file.cut = true;
        return file;
    };
    while let Some(piece) = reader.next_piece().unwrap() {
        match piece {
            CapturePiece::Frame { kind: Some(FrameKind::Records), payload } => {
                record::read(payload).for_each(|record| file.take(record.unwrap()));
            }
            CapturePiece::Frame { kind, .. } => assert_eq!(kind, Some(FrameKind::Meta)),
            CapturePiece::Damage(damage) => {
                assert!(damage.at_end, "{damage:?} in {}", path.display());
                file.cut = true;
            }
        }
    }
    file
}

impl PushFile {
    fn take(&mut self, record: Record<'_>) {
        match record {
            Record::Push(push) => self.heads.push(push),
            Record::Violation(violation) => self.keys.push(violation.key),
            Record::Site(_) => self.n_sites += 1,
            Record::Pool(_) => self.n_pools += 1,
            Record::Unwritten(unwritten) => self.unwritten += unwritten.pages,
            _ => {}
        }
    }
}
