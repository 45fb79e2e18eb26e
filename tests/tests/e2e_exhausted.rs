//! Out of secure memory, for real, in QEMU: a watch that was there in time has a complete dump each
//! time, and without one it is said what could not be had.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs, time::Duration};

use leaky_interface::LEAKY;
use serde_json::Value;
use teeleak_qemu::{Guest, Lab, User};

const LIMIT: Duration = Duration::from_secs(300);

/// Where the watch of this test keeps its files, in the guest.
const WATCH: &str = "/tmp/watch";

/// Exhaustions in a row, unless `TEELEAK_RUNS` says otherwise; each of another kind than the one before.
const RUNS: usize = 3;

/// What leaks, the pool that runs out, and where the core allocates most of it.
const KINDS: [(&str, &str, &str); 4] = [
    ("regions", "core heap", "core/mm/"),
    ("ta-ram", "TA memory", "core/mm/"),
    ("sessions", "core heap", "core/kernel/tee_ta_manager.c"),
    ("operations", "core heap", "core/lib/libtomcrypt/hash.c"),
];

#[test]
fn what_ran_out_is_known() {
    let lab = Lab::new().unwrap();
    let mut files = lab.products().unwrap();
    files.push((lab.firmware("default").unwrap().core_elf(), "tee.elf".into()));
    let mut guest = lab.boot("default", &files).unwrap();
    // The first session, to each TA and PTA, allocates what later ones use again.
    sh(&mut guest, "teeleak doctor && drm-player --exhaust regions < /dev/null");
    without_a_watch_it_is_said_what_is_missing(&mut guest);
    let before = heap(&mut guest);
    let watch = format!("teeleak watch --dir {WATCH} --census 5");
    sh(&mut guest, &format!("mkdir -p {WATCH}"));
    let watch = guest.start(User::Root, &watch).unwrap();
    sh(&mut guest, &format!("until [ -S {WATCH}/watch.sock ]; do sleep 0.2; done; sleep 6"));
    let runs = std::env::var("TEELEAK_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    for run in 0..runs {
        a_dump_is_there(&mut guest, run);
    }
    sh(&mut guest, "kill -TERM $(pidof teeleak)");
    assert_eq!(guest.wait(watch, LIMIT).unwrap().code, 0);
    assert_eq!(heap(&mut guest), before, "something was left behind");
    let console = fs::read_to_string(guest.secure_log()).unwrap();
    assert!(console.contains("Memory allocation failed"), "nothing was said on the console");
    guest.shutdown().unwrap();
}

fn sh(guest: &mut Guest, line: &str) -> String {
    guest.exec(line, LIMIT).unwrap().success().unwrap().stdout
}

/// Starts to leak until there is nothing left; runs `meanwhile`, then ends it. Gives what that printed
/// and its exit code.
fn exhausted(guest: &mut Guest, what: &str, meanwhile: &str) -> (String, i32) {
    let line = format!(
        "rm -f /tmp/full /tmp/end; mkfifo /tmp/end; \
         drm-player --exhaust {what} < /tmp/end > /tmp/full & player=$!; exec 3> /tmp/end; \
         until [ -s /tmp/full ]; do kill -0 $player || exit 99; sleep 0.2; done; \
         {meanwhile}; code=$?; exec 3>&-; wait $player || exit 98; exit $code"
    );
    let outcome = guest.exec(&line, LIMIT).unwrap();
    assert!(outcome.code < 97, "{what}: the player: {}", outcome.stderr);
    (outcome.stdout + &outcome.stderr, outcome.code)
}

fn without_a_watch_it_is_said_what_is_missing(guest: &mut Guest) {
    let (said, code) = exhausted(guest, "regions", "teeleak dump --dir /tmp/none");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("OUT_OF_MEMORY"), "{said}");
    assert!(!said.contains("clean"), "{said}");
}

/// The watch has a dump of the failure itself, and gives another one when it is asked.
fn a_dump_is_there(guest: &mut Guest, run: usize) {
    let (what, pool, file) = KINDS[run % KINDS.len()];
    // Old ones make room for new ones, so their number need not rise; the names of two of one second
    // are in the order of their reasons.
    let dumps = format!("echo $(ls {WATCH} | grep ^dump- | grep -v asked)");
    let before = sh(guest, &dumps);
    let opened = if pool == "core heap" {
        "teeleak snapshot > /dev/null 2>&1; [ $? = 3 ] || exit 97;"
    } else {
        ""
    };
    let meanwhile = format!(
        "{opened} n=0; until [ \"$({dumps})\" != '{}' ] || [ $((n += 1)) = 400 ]; do sleep 0.25; done; \
         {dumps}; teeleak dump --json --dir {WATCH} > /share/first.json; \
         teeleak dump --json --dir {WATCH} --log /share/console --tee /share/tee.elf \
         > /share/dump.json",
        before.trim()
    );
    let (said, code) = exhausted(guest, what, &meanwhile);
    assert!(code == 1 || code == 3, "run {run}, {what}: {said}");
    let by_itself = said.lines().next().unwrap_or_default();
    assert_ne!(by_itself, before.trim(), "run {run}, {what}: no dump by itself: {said}");
    let [first, dump] = ["first.json", "dump.json"].map(|name| {
        let text = fs::read_to_string(guest.share().join(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    });
    a_dump_takes_nothing(&first, &dump);
    let out = &dump["out_of_memory"];
    assert_eq!(out["pools"][0]["pool"]["name"], pool, "run {run}, {what}: {out:#}");
    assert!(out["holders_by_ta"][0].to_string().contains(LEAKY), "run {run}, {what}: {out:#}");
    let sites = out["holders_by_site"].as_array().unwrap();
    let is_expected = |site: &&Value| site["file"].as_str().unwrap().starts_with(file);
    assert!(sites.iter().take(2).any(|site| is_expected(&site)), "run {run}, {what}: {out:#}");
    if pool == "core heap" {
        let stack = out["asked_by"]["stack"].to_string();
        assert!(stack.contains("print_oom"), "run {run}, {what}: {out:#}");
    }
    let complete = &dump["taken_from"];
    assert!(complete.as_array().is_some_and(|parts| !parts.is_empty()), "run {run}: {complete:#}");
}

/// Whatever was asked of a pool without room for anything would have failed, and be counted. What is
/// taken for a moment, and given back, is only counted among all allocations.
fn a_dump_takes_nothing(before: &Value, after: &Value) {
    let [before, after] = [before, after].map(|dump| {
        let mut pool = dump["out_of_memory"]["pools"][0]["pool"].clone();
        pool["num_alloc"].take();
        pool
    });
    assert_eq!(before, after);
}

/// Bytes of the core heap in use.
fn heap(guest: &mut Guest) -> u64 {
    let snapshot: Value = serde_json::from_str(&sh(guest, "teeleak snapshot --json")).unwrap();
    let pools = snapshot["pools"].as_array().unwrap();
    pools.iter().find(|pool| pool["name"] == "core heap").unwrap()["allocated"].as_u64().unwrap()
}
