//! The main job on a 32-bit TEE core with 32-bit TAs, below the same 64-bit kernel: what many boxes have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{path::Path, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab};

/// A run of 8 iterations takes some 10 s on an idle machine of two cores.
const LIMIT: Duration = Duration::from_secs(300);
const VARIANT: &str = "arm32";

fn boot() -> Guest {
    let lab = Lab::new().unwrap();
    let mut files = lab.products_for(VARIANT).unwrap();
    let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("leaky-ta/player/drm-player.toml");
    files.push((protocol, "drm-player.toml".into()));
    lab.boot(VARIANT, &files).unwrap()
}

/// Exit code and report of a run with a player that does `player`.
fn run(guest: &mut Guest, player: &str) -> (i32, Value) {
    let line =
        format!("teeleak run -n 8 --protocol /share/drm-player.toml --json -- drm-player {player}");
    let outcome = guest.exec(&line, LIMIT).unwrap();
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{player}: {error}: {}", outcome.stderr));
    (outcome.code, report)
}

fn failures<'a>(report: &'a Value, kind: &str) -> Vec<&'a Value> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|one| one["severity"] == "failure" && one["kind"] == kind).collect()
}

#[test]
fn a_32_bit_core_is_observed_in_full() {
    let mut guest = boot();
    owners_are_known_and_call_stacks_are_not(&mut guest);
    nothing_wrong_is_clean(&mut guest);
    forgotten_unmaps_leak(&mut guest);
    closing_first_is_the_wrong_order(&mut guest);
    guest.shutdown().unwrap();
}

fn owners_are_known_and_call_stacks_are_not(guest: &mut Guest) {
    let outcome = guest.exec("teeleak doctor --json", LIMIT).unwrap();
    let diagnosis: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let state = |name: &str| {
        let checks = diagnosis["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()["state"].clone()
    };
    for name in ["leak-audit-pta", "malloc-debug", "owner-tags", "event-ring"] {
        assert_eq!(state(name), "present", "{diagnosis:#}");
    }
    assert_eq!(state("call-stacks"), "missing");
}

fn nothing_wrong_is_clean(guest: &mut Guest) {
    let (code, report) = run(guest, "--bug none");
    assert_eq!(code, 0, "{report:#}");
    let canary = &report["coverage"]["canary"];
    assert_eq!(canary["n_found"], canary["n_expected"]);
}

fn forgotten_unmaps_leak(guest: &mut Guest) {
    let (code, report) = run(guest, "--bug forget-unmap");
    assert_eq!(code, 1, "{report:#}");
    let sites = failures(&report, "site_growth");
    assert!(!sites.is_empty(), "{report:#}");
    for site in sites {
        assert_eq!(site["subject"]["owner"], leaky_interface::LEAKY, "{site:#}");
    }
}

fn closing_first_is_the_wrong_order(guest: &mut Guest) {
    let (code, report) = run(guest, "--bug close-before-unmap --processes 2");
    assert_eq!(code, 4, "{report:#}");
    let order = failures(&report, "order");
    let regions = failures(&report, "region_growth");
    assert_eq!(regions[0]["subject"]["uuid"], leaky_interface::LEAKY);
    assert_eq!(regions[0]["cause"]["fingerprint"], order[0]["fingerprint"], "{report:#}");
}
