//! What must be refused is refused by a real OP-TEE in QEMU: sessions that nobody may open, and
//! each command of the TA and of the PTA with wrong types, NULL, short, misaligned and oversized
//! buffers and values out of their range. The cases are in `tests/probe`, which prints them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs, path::PathBuf, time::Duration};

use serde_json::Value;
use teeleak_proto::command::TA_UUID;
use teeleak_qemu::{Guest, Lab, User};

const LIMIT: Duration = Duration::from_secs(300);

/// Runs cases of the probe: at least `least` of them, each with a result that is right.
fn probe(guest: &mut Guest, user: User, what: &str, least: usize) {
    let outcome = guest.exec_as(user, &format!("teeleak-probe {what}"), LIMIT).unwrap();
    // libteec prints sessions that are refused, too, between the lines of JSON.
    let lines = outcome.stdout.lines().filter(|line| line.starts_with('{'));
    let cases: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let wrong: Vec<_> = cases.iter().filter(|case| case["ok"] != true).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    assert_eq!(outcome.code, 0, "{what}: {}", outcome.stderr);
    assert!(cases.len() >= least, "{what}: {} cases", cases.len());
    let log = fs::read_to_string(guest.secure_log()).unwrap();
    assert!(!log.contains("panicked"), "{what}: {log}");
}

#[test]
fn the_ta_refuses_and_still_answers() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    probe(&mut guest, User::Root, "doors", 13);
    probe(&mut guest, User::Guest, "guest-doors", 4);
    probe(&mut guest, User::Root, "ta", 183);
    guest.exec("teeleak snapshot", LIMIT).unwrap().success().unwrap();
    guest.shutdown().unwrap();
}

#[test]
fn the_pta_refuses_and_still_answers() {
    let lab = Lab::new().unwrap();
    let place = format!("ta/{TA_UUID}.ta");
    let mut files = lab.products().unwrap();
    files.retain(|(_, to)| *to != place);
    files.iter_mut().filter(|(_, to)| to == "lib/probe-ta.ta").for_each(put_in_place(&place));
    let mut guest = lab.boot("default", &files).unwrap();
    probe(&mut guest, User::Root, "pta", 265);
    guest.shutdown().unwrap();
}

/// Puts a file where another one would be.
fn put_in_place(place: &str) -> impl Fn(&mut (PathBuf, String)) {
    move |file| place.clone_into(&mut file.1)
}
