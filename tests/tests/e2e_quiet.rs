//! The auditor does not disturb: what it does a thousand times leaves nothing behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab};

/// A thousand snapshots take some seconds on an idle machine of two cores.
const LIMIT: Duration = Duration::from_secs(300);

/// Live allocations and regions that a census has to cope with.
const ALLOCATIONS: u64 = 4_000;
const REGIONS: u64 = 1_000;

#[test]
fn a_thousand_snapshots_leave_nothing_behind() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    let player = "drm-player --switches 1 --leak-objects 60 --leak-regions 1000";
    assert_eq!(guest.exec(player, LIMIT).unwrap().code, 0);
    // The first use of each PTA allocates what every later one uses again, as does the first session.
    json(&mut guest, "teeleak doctor --json --cost 1");
    census(&mut guest);
    let before = census(&mut guest);
    let cost = json(&mut guest, "teeleak doctor --json --cost 1000");
    assert_eq!(cost["cost"]["n_snapshots"], 1_000);
    assert!(cost["cost"]["n_allocations"].as_u64().unwrap() >= ALLOCATIONS, "{cost:#}");
    assert!(cost["cost"]["n_regions"].as_u64().unwrap() >= REGIONS, "{cost:#}");
    let after = census(&mut guest);
    guest.shutdown().unwrap();
    assert_eq!(before, after);
}

fn json(guest: &mut Guest, line: &str) -> Value {
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{line}: {}{}", outcome.stdout, outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// What must not change: allocations by site, regions by instance, pools.
fn census(guest: &mut Guest) -> BTreeMap<String, u64> {
    let snapshot = json(guest, "teeleak snapshot --json");
    let mut counts = BTreeMap::new();
    for site in snapshot["sites"].as_array().unwrap() {
        let key = format!("{}:{} {} bytes", site["file"], site["line"], site["size_bytes"]);
        *counts.entry(key).or_default() += site["count"].as_u64().unwrap();
    }
    for instance in snapshot["instances"].as_array().unwrap() {
        // That of the auditor's own TA is in a call while it looks.
        if let Some(regions) = instance["regions"].as_array() {
            counts.insert(format!("regions of {}", instance["uuid"]), regions.len() as u64);
        }
    }
    for pool in snapshot["pools"].as_array().unwrap() {
        if let Some(allocated) = pool["allocated"].as_u64() {
            counts.insert(format!("allocated of {}", pool["name"]), allocated);
        }
    }
    counts
}
