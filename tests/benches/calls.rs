//! What recording a client's calls costs: a call that is recorded against the plain one, in the same
//! boot.
//!
//! `cargo xtask bench calls` runs it. Both are made in turn, so that a machine that gets slower
//! meanwhile slows both; what is compared is the median of each round.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at the first surprise"
)]

use std::time::Duration;

use serde_json::Value;
use teeleak_qemu::{Guest, Lab};

const LIMIT: Duration = Duration::from_secs(120);

/// Rounds of a plain and a recorded storm, and the calls of each.
const ROUNDS: usize = 25;
const CALLS: u32 = 400;

/// Promised in the README: what a recorded call may take longer, in percent.
const PERCENT: f64 = 2.0;

fn main() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    let plain = format!("teeleak-probe storm --calls {CALLS}");
    let traced = format!("teeleak trace -o /tmp/calls.tlk -- {plain} 2>&1 >/dev/null");
    let (mut plains, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (plain, traced) = (call_ns(&mut guest, &plain), call_ns(&mut guest, &traced));
        plains.push(plain);
        ratios.push(traced / plain);
    }
    guest.shutdown().unwrap();
    let (plain, ratio) = (median(plains), median(ratios));
    println!("medians of {ROUNDS} rounds of {CALLS} plain and {CALLS} recorded calls of a TA");
    println!("{:>14}{:>16}{:>12}", "plain, us", "recorded, %", "allowed, %");
    let added = (ratio - 1.0) * 100.0;
    println!("{:>14.1}{added:>+16.2}{PERCENT:>+12.2}", plain / 1e3);
}

/// The median of a storm's calls, in nanoseconds.
fn call_ns(guest: &mut Guest, line: &str) -> f64 {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{line}: {}{}", outcome.stdout, outcome.stderr);
    let told = outcome.stdout.lines().find(|line| line.starts_with('{')).unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    told["call_median_ns"].as_f64().unwrap()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
