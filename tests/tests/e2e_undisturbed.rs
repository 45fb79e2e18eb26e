//! Watching changes nothing: a workload makes the same calls and the core does the same for each of them,
//! and what has no leak is clean, whatever teeleak itself needs meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_analysis::{
    model::{Observation, PoolKind, Sample, Stage},
    parse::capture::ObservationBuilder,
};
use teeleak_proto::{
    frame::{FrameKind, Phase, PhaseStage},
    record::{self, Record},
};
use teeleak_qemu::{Clock, Guest, Lab, Outcome};

/// A dozen runs of xtest take some minutes on an idle machine of two cores.
const LIMIT: Duration = Duration::from_secs(900);

/// The leaky TA, whose player leaves nothing behind unless it is asked to.
const LEAKY: &str = leaky_interface::LEAKY;
const PLAYER: &str = "drm-player --bug none --switches 10";
/// So long that what one snapshot allocates more or less than another one is next to nothing.
const LONG_PLAYER: &str = "drm-player --bug none --switches 100";

/// Runs of the player that nobody watches.
const BARE: u64 = 5;

/// Requests of an idle iteration: a mark, one for events, a snapshot.
const REQUESTS: u64 = 3;

/// Runs of which the allocations are compared.
const COUNTED: usize = 5;

/// Calls of which the cost is measured.
const CALLS: u32 = 500;

/// How much more a call may cost where it is watched, in percent.
const PERCENT: f64 = 1.0;

/// Workloads without a leak.
const CLEAN: [&str; 4] = ["true", "xtest 1001", "xtest 1004", "xtest 1032"];

#[test]
fn a_watched_workload_does_what_it_does_unwatched() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot_by(Clock::Instructions, "default", &lab.products().unwrap()).unwrap();
    the_same_calls_are_made(&mut guest);
    the_core_allocates_the_same(&mut guest);
    each_call_costs_the_same(&mut guest);
    guest.shutdown().unwrap();
}

#[test]
fn what_has_no_leak_is_clean() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    for workload in CLEAN {
        for with in ["", "--with normal-world "] {
            let line = format!("teeleak run -n 9 {with}--json -- {workload}");
            let outcome = guest.exec(&line, LIMIT).unwrap();
            let report: Value = serde_json::from_str(&outcome.stdout)
                .unwrap_or_else(|error| panic!("{line}: {error}: {}", outcome.stderr));
            let findings = report["findings"].as_array().unwrap();
            let main_findings = findings.iter().filter(|finding| finding["severity"] != "note");
            assert_eq!(main_findings.count(), 0, "{line}: {report:#}");
            assert_eq!(outcome.code, 0, "{line}: {report:#}");
        }
    }
    what_hangs_is_ended(&mut guest);
    guest.shutdown().unwrap();
}

fn what_hangs_is_ended(guest: &mut Guest) {
    let line = "teeleak run -n 3 --timeout 2 -- drm-player --busy 8000";
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
    let busy = format!("at that moment TA {LEAKY}");
    for text in ["did not end: it was still running after 2 seconds", &busy, "(drm-player) waited"]
    {
        assert!(outcome.stdout.contains(text), "{text}: {}", outcome.stdout);
    }
    assert!(outcome.stderr.contains("still running after 2 seconds"), "{}", outcome.stderr);
}

fn exec(guest: &mut Guest, line: &str) -> Outcome {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert!([0, 3].contains(&outcome.code), "{line}: {}{}", outcome.stdout, outcome.stderr);
    outcome
}

/// Runs the player with teeleak; returns the numbers of its first and last event since boot.
fn watched(guest: &mut Guest, iterations: u64) -> (u64, u64) {
    let line =
        format!("teeleak run -n {iterations} --warmup 0 --idle 0 -o /share/it.tlk -- {PLAYER}");
    exec(guest, &line);
    let file = fs::read(guest.share().join("it.tlk")).unwrap();
    let numbers = events(&file);
    (*numbers.iter().min().unwrap(), *numbers.iter().max().unwrap())
}

/// The numbers of all events of a recording.
fn events(file: &[u8]) -> Vec<u64> {
    let mut reader = CaptureReader::new(file).unwrap();
    let mut numbers = Vec::new();
    while let Some(piece) = reader.next_piece().unwrap() {
        let CapturePiece::Frame { kind: Some(FrameKind::Records), payload } = piece else {
            continue;
        };
        numbers.extend(record::read(payload).filter_map(|record| match record {
            Ok(Record::Event(event)) => Some(event.seq),
            _ => None,
        }));
    }
    numbers
}

/// The core numbers its events, whether somebody reads them or not.
fn the_same_calls_are_made(guest: &mut Guest) {
    // The first session ever loads what later ones use again.
    exec(guest, PLAYER);
    let (_, before) = watched(guest, 1);
    for _ in 0..BARE {
        exec(guest, PLAYER);
    }
    let (first, last) = watched(guest, BARE);
    let (unwatched, watched) = (first - before - 1, last - first + 1);
    eprintln!("{BARE} runs: {unwatched} events unwatched, {watched} watched");
    assert!(unwatched >= BARE, "the player makes no call");
    let differs = unwatched.abs_diff(watched) as f64 / unwatched as f64 * 100.0;
    assert!(differs <= PERCENT, "{unwatched} events unwatched, {watched} watched");
}

/// The core heap counts allocations since boot. What snapshots, idle iterations and requests for further
/// pages of events make it allocate is teeleak's own.
fn the_core_allocates_the_same(guest: &mut Guest) {
    let counts: Vec<_> = (0..COUNTED).map(|_| allocations(guest)).collect();
    let snapshot = middle(counts.windows(2).map(|pair| pair[1] - pair[0]).collect());
    let runs = (0..COUNTED).map(|_| {
        let before = allocations(guest);
        exec(guest, LONG_PLAYER);
        allocations(guest) - before - snapshot
    });
    let unwatched: Vec<_> = runs.collect();
    let line =
        format!("teeleak run -n {COUNTED} --idle {COUNTED} -o /share/it.tlk -- {LONG_PLAYER}");
    exec(guest, &line);
    let samples = read(&guest.share().join("it.tlk")).samples;
    let [watched, idle] =
        [Stage::Measured, Stage::Idle].map(|stage| allocations_in(&samples, stage));
    eprintln!(
        "allocations: {unwatched:?} unwatched, {watched:?} watched, {idle:?} in idle iterations"
    );
    let pages = event_pages(&fs::read(guest.share().join("it.tlk")).unwrap());
    let own = middle(idle.clone()) + (middle(pages) - 1) * middle(idle) / REQUESTS;
    let (unwatched, watched) = (middle(unwatched), middle(watched) - own);
    eprintln!("a run: {unwatched} allocations unwatched, {watched} watched, {own} of teeleak");
    assert!(unwatched > 0, "the core allocates nothing for the player");
    let differs = unwatched.abs_diff(watched) as f64 / unwatched as f64 * 100.0;
    assert!(differs <= PERCENT, "{unwatched} allocations unwatched, {watched} watched");
}

/// Pages of events in each measured iteration.
fn event_pages(file: &[u8]) -> Vec<u64> {
    let mut reader = CaptureReader::new(file).unwrap();
    let mut pages = Vec::new();
    let mut is_measured = false;
    while let Some(piece) = reader.next_piece().unwrap() {
        let CapturePiece::Frame { kind: Some(kind), payload } = piece else { continue };
        match kind {
            FrameKind::Phase => {
                let phase: Phase = postcard::from_bytes(payload).unwrap();
                is_measured = phase.stage == PhaseStage::Measured;
                pages.extend(is_measured.then_some(0));
            }
            FrameKind::Records if is_measured => {
                let is_page = |record| matches!(record, Ok(Record::Events(_)));
                *pages.last_mut().unwrap() += u64::from(record::read(payload).any(is_page));
            }
            _ => {}
        }
    }
    pages
}

fn middle(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts[counts.len() / 2]
}

/// Allocations since boot, as a snapshot has them.
fn allocations(guest: &mut Guest) -> u64 {
    let outcome = exec(guest, "teeleak snapshot --json");
    let snapshot: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let pools = snapshot["pools"].as_array().unwrap();
    let heap = pools.iter().find(|pool| pool["name"] == "core heap").unwrap();
    heap["num_alloc"].as_u64().unwrap()
}

/// Allocations during each iteration of a stage of a run.
fn allocations_in(samples: &[Sample], stage: Stage) -> Vec<u64> {
    let count = |sample: &Sample| {
        let pools = sample.pools.value().unwrap();
        pools.iter().find(|pool| pool.kind == PoolKind::CoreHeap).unwrap().num_alloc.unwrap()
    };
    let pairs = samples.windows(2).filter(|pair| pair[1].moment.stage == stage);
    pairs.map(|pair| count(&pair[1]) - count(&pair[0])).collect()
}

fn read(capture: &Path) -> Observation {
    let mut reader = CaptureReader::new(fs::File::open(capture).unwrap()).unwrap();
    let mut builder = ObservationBuilder::new("it");
    while let Some(piece) = reader.next_piece().unwrap() {
        match piece {
            CapturePiece::Frame { kind, payload } => builder.frame(kind, payload),
            CapturePiece::Damage(damage) => panic!("{damage:?}"),
        }
    }
    builder.finish()
}

/// Time is the number of instructions of both worlds: a call that allocates more takes longer.
fn each_call_costs_the_same(guest: &mut Guest) {
    let plain = format!("teeleak-probe storm --calls {CALLS}");
    let run = format!("teeleak run -n 1 --warmup 0 --idle 0 --no-clients -- {plain} 2>&1");
    let [_, plain, watched] = [&plain, &plain, &run].map(|line| median(guest, line));
    eprintln!("a call: {plain} ns unwatched, {watched} ns watched, at 2 ns per instruction");
    assert!(
        (watched / plain - 1.0) * 100.0 <= PERCENT,
        "{plain} ns unwatched, {watched} ns watched"
    );
}

fn median(guest: &mut Guest, line: &str) -> f64 {
    let outcome = exec(guest, line);
    let answer = outcome.stdout.lines().find(|line| line.starts_with('{')).unwrap();
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["call_median_ns"].as_f64().unwrap()
}
