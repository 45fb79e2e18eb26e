//! Threads, signals, children, and processes that are killed.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::Stdio,
    thread,
    time::Duration,
};

use crate::support::{Abi, Ring, Trace, programs};
use teeleak_proto::client::ClientCallKind as Kind;

fn tokens(ring: &Ring) -> BTreeSet<u64> {
    let calls = ring.calls.iter().filter(|call| call.kind == Kind::InvokeCommand);
    calls.map(|call| call.params[0].input & 0xffff_ffff).collect()
}

fn run(args: &[&str]) -> Trace {
    let trace = Trace::new();
    let run = trace.run(programs(Abi::Two).path("client"), args);
    assert!(run.status.success(), "{run:?}");
    trace
}

#[test]
fn eight_threads_lose_nothing_that_fits() {
    let ring = run(&["threads", "1500", "8"]).ring();
    assert_eq!(ring.lost, 0);
    assert_eq!(tokens(&ring), (0..8 * 1500).collect());
    let threads: BTreeSet<_> = ring.calls.iter().map(|call| call.tid).collect();
    assert_eq!(threads.len(), 9);
}

#[test]
fn a_full_ring_keeps_the_newest_and_counts_the_rest() {
    let ring = run(&["threads", "50000", "4"]).ring();
    assert_eq!(ring.head.tickets, 4 * 50_000 + 4);
    assert_eq!(ring.lost + ring.calls.len() as u64, ring.head.tickets);
    assert!(ring.calls.len() as u64 > ring.head.slots * 9 / 10, "{} left", ring.calls.len());
    assert_eq!(ring.calls.last().unwrap().kind, Kind::FinalizeContext);
}

#[test]
fn signal_handlers_may_call() {
    let ring = run(&["signals", "5000"]).ring();
    let tokens = tokens(&ring);
    assert_eq!(ring.head.begun, ring.head.tickets);
    assert!(tokens.contains(&0x8000_0000), "no handler ran");
    assert_eq!(ring.lost, 0);
    assert!((0..5000).all(|token| tokens.contains(&token)));
}

#[test]
fn children_have_rings_of_their_own() {
    let rings = run(&["forks"]).rings();
    let seen: Vec<Vec<_>> = rings.iter().map(|ring| tokens(ring).into_iter().collect()).collect();
    let want: [Vec<u64>; 4] = [vec![1, 2], vec![3, 4], vec![5], vec![0]];
    assert_eq!(seen[..3], want[..3]);
    assert_eq!(rings.len(), 4);
    assert_eq!(rings[2].head.pid, rings[3].head.pid, "the last one is the same process after exec");
    assert!(rings.iter().all(|ring| ring.calls.iter().all(|call| call.pid == ring.head.pid)));
    assert_eq!(rings[1].head.ppid, rings[0].head.pid);
}

#[test]
fn a_vfork_child_writes_to_its_parents_ring() {
    let ring = run(&["vforks"]).ring();
    assert_eq!(tokens(&ring), BTreeSet::from([9, 10]));
    let pids: BTreeSet<_> = ring.calls.iter().map(|call| call.pid).collect();
    assert_eq!(pids.len(), 2);
}

#[test]
fn a_thread_can_be_cancelled_inside_a_call() {
    let ring = run(&["cancel"]).ring();
    assert_eq!(ring.head.begun, ring.head.tickets + 1, "one call never came back");
    assert_eq!(tokens(&ring), BTreeSet::from([1]));
}

#[test]
fn nothing_is_allocated_after_the_start() {
    let trace = Trace::new();
    let run = trace.run(programs(Abi::Two).path("client"), &["allocations", "20000"]);
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "0\n");
    assert_eq!(trace.ring().head.tickets, 20_004);
}

#[test]
fn whatever_was_finished_survives_sigkill() {
    for round in 0..200 {
        killed_after(Duration::from_micros(20 + 37 * round % 4000));
    }
}

fn killed_after(delay: Duration) {
    let trace = Trace::new();
    let mut command = trace.command(programs(Abi::Two).path("client"));
    let mut child = command.arg("forever").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    let ring = trace.ring();
    let overwritten = ring.head.tickets.saturating_sub(ring.head.slots);
    assert!(ring.lost - overwritten <= 1, "{} of {} lost", ring.lost, ring.head.tickets);
    assert!(ring.head.begun - ring.head.tickets <= 1);
    let tokens = tokens(&ring);
    if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
        assert!(tokens.len() as u64 + 1 >= last - first, "a hole between {first} and {last}");
    }
}
