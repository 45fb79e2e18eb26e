//! `teeleak trace` with programs that call a libteec without a TEE.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde_json::Value;
use teeleak::{
    Exit, Interrupt,
    source::{Sink, clients::RingFile},
};
use teeleak_analysis::parse::capture::Damage;
use teeleak_proto::{
    client::{batch, head},
    frame::FrameKind,
};
use teeleak_tests::{Answer, World, client, preload};

/// A system without a TEE, where the library is installed.
fn world() -> World {
    World { preload: Some(preload()), ..World::without_tee() }
}

fn trace(arguments: &[&str]) -> Answer {
    world().run(&[&["trace"], arguments].concat())
}

/// Lines of JSON.
fn calls(answer: &Answer) -> Vec<Value> {
    answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn token(call: &Value) -> u64 {
    call["params"][0][0].as_u64().unwrap()
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("teeleak-{name}-{}", std::process::id()));
    // What an earlier test process with this number left behind.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_log_says_who_called_what() {
    let answer = trace(&["--", client(), "threads", "2", "1"]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let lines: Vec<_> = answer.out.lines().collect();
    let has = |n: usize, text: &str| assert!(lines[n].contains(text), "{text} in {}", lines[n]);
    has(0, "InitializeContext = ok");
    has(1, "OpenSession 01020304-0506-0708-090a-0b0c0d0e0f10 session 1 = ok");
    has(2, "InvokeCommand session 1 command 1 (0x0,0x0)->(0x0,0x1) = ok");
    has(3, "InvokeCommand session 1 command 1 (0x1,0x0)->(0x1,0x2) = ok");
    has(4, "CloseSession session 1");
    has(5, "FinalizeContext");
    has(6, "client pid ");
    has(7, "6 calls by 1 processes, 0 lost; 0 processes made no calls");
    assert!(lines[2].contains("client["));
}

#[test]
fn every_call_of_threads_and_children_is_there_while_they_run() {
    let script = format!("for i in 1 2 3; do {} threads 2000 4 & done; wait", client());
    let answer = trace(&["--json", "--follow", "--", "sh", "-c", &script]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let calls = calls(&answer);
    let invokes: Vec<_> = calls.iter().filter(|call| call["call"] == "InvokeCommand").collect();
    let processes: BTreeSet<_> = invokes.iter().map(|call| call["pid"].as_u64()).collect();
    let tokens: BTreeSet<_> =
        invokes.iter().map(|call| (call["pid"].as_u64(), token(call))).collect();
    assert_eq!(processes.len(), 3);
    assert_eq!(tokens.len(), invokes.len(), "nothing twice");
    assert!(invokes.len() <= 3 * 8_000);
    // A ring holds 16,368 calls; on a machine that is busy, some are overwritten before they are
    // read. What is lost is counted: see the next test.
    assert!(invokes.len() > 3 * 4_000, "only {}", invokes.len());
}

#[test]
fn read_and_lost_are_all_there_is() {
    let capture = scratch("lost").join("calls.tlk");
    let capture = capture.to_str().unwrap();
    let answer = trace(&["-o", capture, "--", client(), "threads", "20000", "4"]);
    let sum = answer.out.lines().last().unwrap();
    let numbers: Vec<u64> =
        sum.split(' ').filter_map(|word| word.replace(',', "").parse().ok()).collect();
    assert_eq!(numbers[0] + numbers[2], 80_004, "{sum}");
    let again = trace(&["--read", capture]);
    assert_eq!(again.out, answer.out);
}

#[test]
fn a_program_without_calls_is_not_clean() {
    let answer = trace(&["--", "true"]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.out.contains("1 processes made no calls"), "{}", answer.out);
    assert!(answer.err.contains("no call was recorded"), "{}", answer.err);
}

#[test]
fn without_the_library_nothing_can_be_seen() {
    let answer = World::without_tee().run(&["trace", "--", "true"]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.err.contains("libteeleak_preload.so is missing"), "{}", answer.err);
}

#[test]
fn a_status_is_reported() {
    let answer = trace(&["--", "sh", "-c", &format!("{} threads; exit 7", client())]);
    assert_eq!(answer.exit, Exit::Clean);
    assert!(answer.err.contains("ended with status 7"), "{}", answer.err);
}

#[test]
fn calls_of_processes_that_were_there_before_are_collected() {
    let folder = scratch("collect");
    let mut client = Command::new(client())
        .args(["threads", "5", "1"])
        .env("LD_PRELOAD", preload())
        .env("TEELEAK_TRACE_DIR", &folder)
        .spawn()
        .unwrap();
    client.wait().unwrap();
    let interrupt = Interrupt::default();
    let world = World { interrupt: interrupt.clone(), ..world() };
    let stop = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        interrupt.set();
    });
    let answer = world.run(&["trace", "--collect", folder.to_str().unwrap(), "--json"]);
    stop.join().unwrap();
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    assert_eq!(calls(&answer).len(), 9);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "what was read is removed");
}

#[test]
fn stacks_are_shown() {
    let answer = trace(&["--json", "--stacks", "--", client(), "threads", "1", "1"]);
    let calls = calls(&answer);
    assert!(calls.iter().all(|call| call["stack"].as_array().unwrap().len() > 3), "{}", answer.out);
}

/// Takes frames and counts the slots in them.
struct Slots(u64);

impl Sink for Slots {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> anyhow::Result<()> {
        if kind == Some(FrameKind::ClientCalls) {
            self.0 += batch::read(payload).map_or(0, |(_, records)| records.count() as u64);
        }
        Ok(())
    }

    fn damage(&mut self, _damage: Damage) {}
}

/// A ring as a real process left it.
fn ring(folder: &Path) -> PathBuf {
    let mut client = Command::new(client())
        .args(["threads", "30", "1"])
        .env("LD_PRELOAD", preload())
        .env("TEELEAK_TRACE_DIR", folder)
        .spawn()
        .unwrap();
    client.wait().unwrap();
    let ring = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    ring.path()
}

#[test]
fn a_ring_that_means_no_good_is_read_to_an_end() {
    let folder = scratch("hostile");
    let path = ring(&folder);
    let good = fs::read(&path).unwrap();
    let (mut state, mut refused) = (7u64, 0);
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..=next(4) {
            // The head, where the counters are, or the first slots.
            let at = if next(2) == 0 { next(head::WORDS * 8) } else { 4096 + next(8192) };
            bytes[at] = [0, 1, 0x7f, 0xff][next(4)];
        }
        bytes.truncate(if next(8) == 0 { next(bytes.len()) } else { bytes.len() });
        fs::write(&path, bytes).unwrap();
        match RingFile::open(&path) {
            Ok(Some(mut ring)) => {
                let mut slots = Slots(0);
                // A file that was cut short can't be read to its end.
                refused += u32::from(ring.poll(true, &mut slots).is_err());
                assert!(slots.0 <= ring.head().slots);
            }
            Ok(None) | Err(_) => refused += 1,
        }
    }
    assert!(refused > 0);
}
