//! A snapshot against OP-TEE's own dump on the secure console: the same content in the same boot.
//!
//! `cargo xtask bench snapshot` runs it. The wall times are those of one call each in an open session,
//! without starting a program. The dump holds the malloc lock for the whole of its print
//! (`gen_mdbg_check()` in optee_os lib/libutils/isoc/bget_malloc.c@4.10.0), so the time of its command
//! as the TEE core's event ring has it is the time of the lock; both locks are in ticks of one counter.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at the first surprise"
)]

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_proto::{
    Uuid,
    frame::FrameKind,
    record::{self, Record},
};
use teeleak_qemu::{Guest, Lab};

/// Printing 4,000 lines takes a second or more here.
const LIMIT: Duration = Duration::from_secs(300);

/// Objects of the TA, two live allocations each, and its regions of a page, with four more each.
const CONTENT: &str = "drm-player --switches 1 --leak-objects 60 --leak-regions 1000";

/// Both are measured in turn, so that a machine that gets slower meanwhile slows both.
const ROUNDS: usize = 7;
const SNAPSHOTS: u32 = 25;

/// UUID of the stats PTA, its command that prints.
const STATS: Option<Uuid> = Uuid::parse("d96a5b40-e2c7-b1af-8794-1002a5d5c61b");
const MEMLEAK_STATS: u32 = 2;

/// Promised in the README: how many times less wall time, how many times shorter a lock.
const WALL_RATIO: f64 = 100.0;
const LOCK_RATIO: f64 = 300.0;

fn main() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    run(&mut guest, CONTENT);
    let (mut dumps, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        dumps.push(dump(&mut guest));
        costs.push(cost(&mut guest));
    }
    guest.shutdown().unwrap();
    print(&costs, &dumps);
}

/// What snapshots cost by `teeleak doctor`: medians.
fn cost(guest: &mut Guest) -> Value {
    let text = run(guest, &format!("teeleak doctor --json --cost {SNAPSHOTS}"));
    let mut diagnosis: Value = serde_json::from_str(&text).unwrap();
    diagnosis["cost"].take()
}

fn run(guest: &mut Guest, line: &str) -> String {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{line}: {}{}", outcome.stdout, outcome.stderr);
    outcome.stdout
}

/// What a dump took.
struct Dump {
    wall_ns: f64,
    lock_ns: f64,
}

/// Has the dump printed while the event ring is recorded.
fn dump(guest: &mut Guest) -> Dump {
    let line = "teeleak run -n 1 --warmup 0 --idle 0 -o /share/dump.tlk -- \
                sh -c 'teeleak-probe print 1 > /share/dump.json'";
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert!(outcome.code < 2 || outcome.code == 3, "{}{}", outcome.stdout, outcome.stderr);
    let wall = fs::read_to_string(guest.share().join("dump.json")).unwrap();
    let wall: Value = serde_json::from_str(wall.trim()).unwrap();
    Dump {
        wall_ns: wall["wall_ns"].as_f64().unwrap(),
        lock_ns: median(locks(&guest.share().join("dump.tlk"))),
    }
}

/// How long each dump's command took by the secure world's counter, in nanoseconds.
fn locks(capture: &Path) -> Vec<f64> {
    let mut reader = CaptureReader::new(fs::File::open(capture).unwrap()).unwrap();
    let (mut hz, mut ticks) = (0, Vec::new());
    while let Some(piece) = reader.next_piece().unwrap() {
        let CapturePiece::Frame { kind: Some(FrameKind::Records), payload } = piece else {
            continue;
        };
        for record in record::read(payload).flatten() {
            match record {
                Record::Hello(hello) => hz = hello.tick_hz,
                Record::Event(event) if Some(event.uuid) == STATS && event.cmd == MEMLEAK_STATS => {
                    ticks.push(event.duration_ticks);
                }
                _ => {}
            }
        }
    }
    ticks.into_iter().map(|ticks| f64::from(ticks) * 1e9 / hz as f64).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print(costs: &[Value], dumps: &[Dump]) {
    let number = |name: &str| median(costs.iter().map(|c| c[name].as_f64().unwrap()).collect());
    let (wall, lock) = (number("wall_median_ns"), number("malloc_lock_median_ns"));
    println!(
        "{} live allocations, {} regions; medians of {ROUNDS} rounds of a dump and {SNAPSHOTS} \
         snapshots",
        number("n_allocations"),
        number("n_regions")
    );
    println!("{:22}{:>14}{:>14}{:>10}{:>11}", "", "dump, us", "snapshot, us", "ratio", "required");
    row("wall clock", median(dumps.iter().map(|d| d.wall_ns).collect()), wall, WALL_RATIO);
    row("malloc lock held", median(dumps.iter().map(|d| d.lock_ns).collect()), lock, LOCK_RATIO);
}

fn row(what: &str, dump_ns: f64, snapshot_ns: f64, required: f64) {
    let (dump, snapshot, ratio) = (dump_ns / 1e3, snapshot_ns / 1e3, dump_ns / snapshot_ns);
    println!("{what:22}{dump:>14.0}{snapshot:>14.0}{ratio:>10.0}{required:>11.0}");
}
