//! What `teeleak watch` costs with its defaults: a poll each second, a census each minute.
//!
//! `cargo xtask bench watch` runs it. Time in the guest is the number of instructions of both worlds, so
//! that the figures are the same on every machine; the time of a process has what the secure world
//! does for it in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at the first surprise"
)]

use std::{process::ExitCode, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Clock, Guest, Lab, User};

const LIMIT: Duration = Duration::from_secs(300);

/// Objects of a TA, two live allocations each, and its regions of a page, with four more each.
const CONTENT: &str = "drm-player --switches 1 --leak-objects 60 --leak-regions 1000";

/// Seconds in the guest over which it is looked at, and as many before.
const SECONDS: u32 = 300;

/// Promised in the README: percent of a core, MiB of memory, and how many times longer than a walk of the
/// same heap a poll may hold the malloc lock.
const PERCENT: f64 = 0.5;
const MIB: f64 = 16.0;
const WALKS: f64 = 2.0;

fn main() -> ExitCode {
    let lab = Lab::new().unwrap();
    let products = lab.products().unwrap();
    let mut guest = lab.boot_by(Clock::Instructions, "default", &products).unwrap();
    run(&mut guest, CONTENT);
    let cost: Value =
        serde_json::from_str(&run(&mut guest, "teeleak doctor --json --cost 25")).unwrap();
    let number = |name: &str| cost["cost"][name].as_f64().unwrap();
    let (walk, poll) = (number("malloc_lock_median_ns"), number("poll_malloc_lock_max_ns"));
    let watch = guest.start(User::Root, "teeleak watch --dir /tmp/watch").unwrap();
    let (percent, mib) = look(&mut guest);
    run(&mut guest, "kill -TERM $(pidof teeleak)");
    assert_eq!(guest.wait(watch, LIMIT).unwrap().code, 0);
    guest.shutdown().unwrap();
    println!("{} live allocations, at 2 ns per instruction", number("n_allocations"));
    println!("{:38}{:>10}{:>16}", "", "", "required, most");
    let rows = [
        row("time of a core, %", percent, PERCENT),
        row("resident memory, MiB", mib, MIB),
        row("malloc lock of a poll, walks", poll / walk, WALKS),
    ];
    println!(
        "(a walk of the heap holds the lock for {:.0} us, a poll {:.1})",
        walk / 1e3,
        poll / 1e3
    );
    if rows == [true; 3] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Percent of a core's time, and resident memory in MiB at most, of the watch that runs.
fn look(guest: &mut Guest) -> (f64, f64) {
    let line = format!(
        "until [ -S /tmp/watch/watch.sock ]; do sleep 0.2; done; sleep {SECONDS}; \
         pid=$(pidof teeleak); cat /proc/uptime /proc/$pid/schedstat; sleep {SECONDS}; \
         cat /proc/uptime /proc/$pid/schedstat; grep VmHWM /proc/$pid/status"
    );
    let text = run(guest, &line);
    let numbers: Vec<Vec<f64>> = text.lines().map(numbers).collect();
    let [uptime, ran, later, ran_later, most] = &numbers[..] else { panic!("{text}") };
    // schedstat has nanoseconds, uptime seconds (proc(5)).
    let percent = (ran_later[0] - ran[0]) / 1e7 / (later[0] - uptime[0]);
    (percent, most[0] / 1024.0)
}

fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn run(guest: &mut Guest, line: &str) -> String {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{line}: {}{}", outcome.stdout, outcome.stderr);
    outcome.stdout
}

fn row(what: &str, value: f64, most: f64) -> bool {
    let met = value <= most;
    let verdict = if met { "met" } else { "MISSED" };
    println!("{what:38}{value:>10.3}{most:>16.1}  {verdict}");
    met
}
