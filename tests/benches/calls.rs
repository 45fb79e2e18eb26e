//! What recording a client's calls costs: a call that is recorded against the plain one, in the same
//! boot.
//!
//! `cargo xtask bench calls` runs it. Time in the guest is the number of instructions of both worlds,
//! so that the ratio is the same on every machine, busy or not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at the first surprise"
)]

use std::{process::ExitCode, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Clock, Guest, Lab};

const LIMIT: Duration = Duration::from_secs(120);

/// Calls of each kind.
const CALLS: u32 = 2000;

/// Promised in the README: what a recorded call may take longer, in percent.
const PERCENT: f64 = 2.0;

fn main() -> ExitCode {
    let lab = Lab::new().unwrap();
    let products = lab.products().unwrap();
    let mut guest = lab.boot_by(Clock::Instructions, "default", &products).unwrap();
    let plain = format!("teeleak-probe storm --calls {CALLS}");
    let traced = format!("teeleak trace -o /tmp/calls.tlk -- {plain} 2>&1 >/dev/null");
    // The first session ever allocates what later ones use again.
    storm(&mut guest, &plain);
    let answers = [storm(&mut guest, &plain), storm(&mut guest, &traced)];
    guest.shutdown().unwrap();
    println!("{CALLS} plain and as many recorded calls of a TA, at 2 ns per instruction");
    println!("{:10}{:>12}{:>14}{:>12}", "", "plain, us", "recorded, us", "added, %");
    let added = ["call_median_ns", "call_mean_ns"].map(|name| {
        let [plain, recorded] =
            answers.each_ref().map(|answer| answer[name].as_f64().unwrap() / 1e3);
        let added = (recorded / plain - 1.0) * 100.0;
        let word = name.trim_start_matches("call_").trim_end_matches("_ns");
        println!("{word:10}{plain:>12.1}{recorded:>14.1}{added:>+12.2}");
        added
    });
    let met = added[0] <= PERCENT;
    let verdict = if met { "met" } else { "MISSED" };
    println!("median, required at most {PERCENT} %: {verdict}; the mean has the collector in it");
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a storm of calls prints.
fn storm(guest: &mut Guest, line: &str) -> Value {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{line}: {}{}", outcome.stdout, outcome.stderr);
    let answer = outcome.stdout.lines().find(|line| line.starts_with('{')).unwrap();
    serde_json::from_str(answer).unwrap()
}
