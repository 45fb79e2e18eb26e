//! Whatever goes wrong beside a watch or under it, in QEMU: it goes on, a dump says what it has, and
//! nothing hangs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab, Running, User};

/// Nothing here takes this long unless it hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Where the watch keeps its files, in the guest.
const WATCH: &str = "/tmp/watch";

/// Dumps that are asked for at once.
const DUMPS: usize = 32;

#[test]
fn nothing_stops_a_watch() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    // The first ones allocate what later ones use again, in each thread of the core.
    sh(&mut guest, "teeleak doctor; drm-player --switches 3");
    many_at_once(&mut guest, "teeleak TA");
    round(&mut guest);
    sh(&mut guest, "teeleak snapshot -o /tmp/before.tlk");
    round(&mut guest);
    sh(&mut guest, "teeleak snapshot -o /tmp/after.tlk");
    let left = sh(&mut guest, "teeleak diff --json /tmp/before.tlk /tmp/after.tlk");
    let left: Value = serde_json::from_str(&left).unwrap();
    assert_eq!(left["sites"].as_array().map(Vec::len), Some(0), "left behind: {left:#}");
    guest.shutdown().unwrap();
}

fn round(guest: &mut Guest) {
    let watch = start(guest);
    a_ring_that_was_overrun(guest);
    a_ta_that_panics(guest);
    a_supplicant_that_is_gone(guest);
    a_clock_that_jumps(guest);
    many_at_once(guest, "running watch");
    a_watch_that_is_killed(guest, watch);
    let watch = start(guest);
    sh(guest, "kill -TERM $(pidof teeleak)");
    assert_eq!(guest.wait(watch, LIMIT).unwrap().code, 0);
}

fn sh(guest: &mut Guest, line: &str) -> String {
    guest.exec(line, LIMIT).unwrap().success().unwrap().stdout
}

fn start(guest: &mut Guest) -> Running {
    let watch = guest.start(User::Root, &format!("teeleak watch --dir {WATCH}")).unwrap();
    // A socket may be there from one that is dead.
    let asked = format!("teeleak dump --json --dir {WATCH} | grep -q 'took {WATCH}'");
    sh(guest, &format!("until {asked}; do sleep 0.2; done"));
    watch
}

/// A whole dump, from there.
fn dump(guest: &mut Guest, from: &str) -> Value {
    let dump = sh(guest, &format!("teeleak dump --json --dir {WATCH}"));
    let dump: Value = serde_json::from_str(&dump).unwrap();
    assert!(has(&dump, from), "{dump:#}");
    dump
}

/// Whether something was taken from there.
fn has(dump: &Value, from: &str) -> bool {
    let parts = dump["taken_from"].as_array().unwrap();
    parts.iter().any(|part| part["what"] == from && part["taken"].is_string())
}

/// Stopped as by a debugger or a suspend, while more happens than the TEE keeps.
fn a_ring_that_was_overrun(guest: &mut Guest) {
    sh(guest, "kill -STOP $(pidof teeleak); teeleak-probe storm --calls 4500");
    let line = format!("kill -CONT $(pidof teeleak); teeleak dump -o /tmp/now.tlk --dir {WATCH}");
    sh(guest, &line);
    let report = guest.exec("teeleak report /tmp/now.tlk", LIMIT).unwrap();
    let lost = report.stdout.lines().find(|line| line.trim_start().starts_with("events: "));
    let lost = lost.unwrap_or_else(|| panic!("no event was lost:\n{}", report.stdout));
    let number = lost.split(", ").last().unwrap().split(' ').next().unwrap().replace(',', "");
    let number: u64 = number.parse().unwrap_or_else(|_| panic!("{lost}"));
    assert!((1..4700).contains(&number), "{lost}");
}

fn a_ta_that_panics(guest: &mut Guest) {
    let line = "teeleak-probe crash 4 & crash=$!; \
                while kill -0 $crash 2>/dev/null; do teeleak dump --dir {} >/dev/null || exit 9; done; \
                wait $crash";
    sh(guest, &line.replace("{}", WATCH));
    dump(guest, "running watch");
}

fn a_supplicant_that_is_gone(guest: &mut Guest) {
    sh(guest, "kill -KILL $(pidof tee-supplicant)");
    dump(guest, "running watch");
    sh(guest, "tee-supplicant -d; sleep 2; drm-player --switches 1");
    dump(guest, "running watch");
}

/// Years back and forth: names of dumps show the time, and their order is that of their age.
fn a_clock_that_jumps(guest: &mut Guest) {
    for date in ["2019-01-01", "2035-01-01"] {
        sh(guest, &format!("date -s {date}; sleep 2"));
        dump(guest, "running watch");
    }
}

/// By a watch or without one: each has its dump, or says why not.
fn many_at_once(guest: &mut Guest, from: &str) {
    let line = format!(
        "mkdir -p /share/dumps; for n in $(seq {DUMPS}); do \
         teeleak dump --json --dir {WATCH} > /share/dumps/$n.json & pids=\"$pids $!\"; done; \
         for pid in $pids; do wait $pid || exit 9; done"
    );
    sh(guest, &line);
    for n in 1..=DUMPS {
        let dump = fs::read(guest.share().join(format!("dumps/{n}.json"))).unwrap();
        let dump: Value = serde_json::from_slice(&dump).unwrap();
        assert!(has(&dump, from), "{n}: {dump:#}");
    }
}

/// Its window is still there, and that it is gone is said.
fn a_watch_that_is_killed(guest: &mut Guest, watch: Running) {
    sh(guest, "kill -KILL $(pidof teeleak)");
    assert_ne!(guest.wait(watch, LIMIT).unwrap().code, 0);
    let document = dump(guest, "teeleak TA");
    let watch = document["taken_from"][0]["why_not"].as_str().unwrap();
    assert!(watch.contains("no `teeleak watch` is running for"), "{watch}");
    assert!(has(&document, "last window on disk"), "{document:#}");
}
