//! Survivors by epoch distinguish a leak from a cache and from a swinging number, on a real OP-TEE in QEMU.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::time::Duration;

use leaky_interface::LEAKY;
use serde_json::Value;
use teeleak_qemu::{Guest, Lab};

const LIMIT: Duration = Duration::from_secs(300);

/// Twelve iterations of a player; gives the exit code and the report.
fn run(guest: &mut Guest, player: &str) -> (i32, Value) {
    let line = format!("teeleak run -n 12 --warmup 0 --json -- drm-player {player}");
    let outcome = guest.exec(&line, LIMIT).unwrap();
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{player}: {error}: {}", outcome.stderr));
    eprintln!("{player}: exit code {}", outcome.code);
    // What one kind holds must not be taken for another's.
    guest.exec("drm-player --free", LIMIT).unwrap().success().unwrap();
    (outcome.code, report)
}

fn failures(report: &Value) -> Vec<&Value> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().filter(|finding| finding["severity"] == "failure").collect()
}

#[test]
fn a_cache_a_swing_and_a_slow_leak_are_distinguished() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    for harmless in ["--cache 4", "--oscillate 7"] {
        let (code, report) = run(&mut guest, harmless);
        assert_eq!((code, failures(&report).len()), (0, 0), "{harmless}: {report:#}");
    }
    let (code, report) = run(&mut guest, "--slow-leak");
    assert_eq!(code, 1, "{report:#}");
    let leaks = failures(&report);
    assert!(!leaks.is_empty(), "{report:#}");
    for leak in leaks {
        assert!(leak.to_string().contains(LEAKY), "its owner is not named: {leak:#}");
    }
    guest.shutdown().unwrap();
}
