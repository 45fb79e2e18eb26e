//! Without the leak audit PTA, on a real OP-TEE in QEMU: what mdbg prints on the console shows the same
//! leak as the PTA does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
    time::Duration,
};

use leaky_interface::LEAKY;
use serde_json::Value;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_analysis::{
    model::{Observation, Sample, Stage},
    parse::capture::ObservationBuilder,
};
use teeleak_qemu::{Guest, Lab, Outcome, User};

const LIMIT: Duration = Duration::from_secs(300);

/// Iterations of a run.
const N: u64 = 10;

/// File, line and size of an allocation.
type Key = (String, u32, u64);

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", outcome.stdout, outcome.stderr))
}

fn read(capture: &Path) -> Observation {
    let mut reader = CaptureReader::new(File::open(capture).unwrap()).unwrap();
    let mut builder = ObservationBuilder::new("capture");
    while let Some(piece) = reader.next_piece().unwrap() {
        match piece {
            CapturePiece::Frame { kind, payload } => builder.frame(kind, payload),
            CapturePiece::Damage(damage) => panic!("{damage:?}"),
        }
    }
    builder.finish()
}

fn objects(sample: &Sample) -> BTreeMap<Key, u64> {
    let mut objects = BTreeMap::new();
    for site in sample.sites.value().unwrap() {
        *objects.entry((site.file.to_string(), site.line, site.size)).or_default() += site.count;
    }
    objects
}

/// What was gained from the first measured iteration to the last one, by site.
fn gained(observation: &Observation) -> BTreeMap<Key, u64> {
    let measured = observation.samples.iter().filter(|s| s.moment.stage == Stage::Measured);
    let measured: Vec<_> = measured.collect();
    let (first, last) = (objects(measured[0]), objects(measured[measured.len() - 1]));
    assert!(measured.iter().all(|sample| sample.sites.gap().is_none()));
    let gain = |(key, n): (Key, u64)| {
        let more = n.saturating_sub(first.get(&key).copied().unwrap_or(0));
        (more > 0).then_some((key, more))
    };
    last.into_iter().filter_map(gain).collect()
}

/// Runs a player that forgets to unmap; gives the sites that grow by one or more in each iteration, with
/// objects per iteration, and the files that the report names.
fn leak(guest: &mut Guest, how: &str) -> (BTreeMap<Key, u64>, BTreeSet<String>) {
    let line = format!(
        "teeleak run -n {N} --json -o /share/last.tlk {how} -- drm-player --bug forget-unmap"
    );
    let outcome = guest.exec(&line, LIMIT).unwrap();
    let report = json(&outcome);
    eprintln!("{how:?}: exit code {}", outcome.code);
    assert_eq!(outcome.code, 1, "{report:#}{}", outcome.stderr);
    assert_eq!(report["coverage"]["n_measured"], N);
    assert_eq!(report["coverage"]["input"]["rejected"], 0);
    let findings = report["findings"].as_array().unwrap().iter();
    let sites = findings.filter(|f| f["severity"] == "failure" && f["kind"] == "site_growth");
    let files = sites.map(|site| site["subject"]["file"].as_str().unwrap().to_owned()).collect();
    let gained = gained(&read(&guest.share().join("last.tlk")));
    let steady = gained.into_iter().filter(|(_, n)| *n >= N - 1 && n % (N - 1) == 0);
    let each: BTreeMap<_, _> = steady.map(|(key, n)| (key, n / (N - 1))).collect();
    assert!(!each.is_empty(), "nothing grows: {report:#}");
    (each, files)
}

/// File, size and bytes per iteration: what patches to the core don't shift.
fn without_lines(each: &BTreeMap<Key, u64>) -> Vec<(&str, u64, u64)> {
    let mut all: Vec<_> =
        each.iter().map(|((file, _, size), n)| (file.as_str(), *size, size * n)).collect();
    all.sort_unstable();
    all
}

#[test]
fn the_console_shows_the_leak_that_the_pta_shows() {
    let lab = Lab::new().unwrap();
    let products = lab.products().unwrap();
    let mut guest = lab.boot("default", &products).unwrap();
    let (by_pta, named_by_pta) = leak(&mut guest, "");
    let (same_core, named_there) = leak(&mut guest, "--console /share/console");
    guest.shutdown().unwrap();
    // One build, so that even lines agree.
    assert_eq!(by_pta, same_core);
    assert_eq!(named_by_pta, named_there);

    let mut guest = lab.boot("mdbg", &products).unwrap();
    doctor_tries_the_console(&mut guest);
    let (by_console, named) = leak(&mut guest, "--console /share/console");
    eprintln!("per iteration: {:?}", without_lines(&by_console));
    assert_eq!(without_lines(&by_pta), without_lines(&by_console));
    assert_eq!(named_by_pta, named);
    nothing_wrong_is_clean(&mut guest);
    what_is_missing_is_reported(&mut guest);
    any_way_to_the_console_will_do(&mut guest);
    guest.shutdown().unwrap();
}

fn doctor_tries_the_console(guest: &mut Guest) {
    let outcome = guest.exec("teeleak doctor --json --console /share/console", LIMIT).unwrap();
    let diagnosis = json(&outcome);
    assert_eq!(outcome.code, 0, "{diagnosis:#}");
    let checks = diagnosis["checks"].as_array().unwrap();
    let state = |name: &str| &checks.iter().find(|check| check["name"] == name).unwrap()["state"];
    assert_eq!(state("leak-audit-pta"), "missing", "{diagnosis:#}");
    for works in ["mdbg-console", "malloc-debug", "stats-pta"] {
        assert_eq!(state(works), "present", "{diagnosis:#}");
    }
    assert_eq!(state("concurrent-tas"), "unknown");
}

fn nothing_wrong_is_clean(guest: &mut Guest) {
    let line = format!("teeleak run -n {N} --json --console /share/console -- drm-player");
    let outcome = guest.exec(&line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    let unseen = json(&outcome)["not_observed"].to_string();
    for part in ["regions", "sessions", "events", "owners and epochs"] {
        assert!(unseen.contains(part), "{part} is not reported as unseen: {unseen}");
    }
}

fn what_is_missing_is_reported(guest: &mut Guest) {
    // No other client opens a session meanwhile.
    let outcome = guest.exec("teeleak snapshot --json --ta-stats", LIMIT).unwrap();
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    let census = json(&outcome);
    let tas = census["instances"].as_array().unwrap();
    let leaky = tas.iter().find(|ta| ta["uuid"] == LEAKY).unwrap();
    assert!(leaky["heap"].is_null(), "no session to it is open, so nobody could ask: {leaky:#}");
    // The kernel's log has no word of this OP-TEE.
    let outcome = guest.exec("teeleak snapshot --console kmsg", LIMIT).unwrap();
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("did not arrive in time"), "{}", outcome.stdout);
}

/// Vendors' drivers pass the secure world's log on to the kernel's; a FIFO is what a logger may offer.
fn any_way_to_the_console_will_do(guest: &mut Guest) {
    let setup = "mkfifo /tmp/console; echo on > /proc/sys/kernel/printk_devkmsg";
    guest.exec(setup, LIMIT).unwrap().success().unwrap();
    let to_kernel = "tail -n 0 -f /share/console | while read -r line; do
        echo \"[TEE] $line\" > /dev/kmsg
    done";
    guest.start(User::Root, to_kernel).unwrap();
    let to_fifo = "exec 3<>/tmp/console; tail -n 0 -f /share/console >&3";
    guest.start(User::Root, to_fifo).unwrap();
    let counted = ["/share/console", "/tmp/console", "kmsg"].map(|console| {
        let line = format!("teeleak snapshot --json --console {console}");
        let outcome = guest.exec(&line, LIMIT).unwrap();
        assert_eq!(outcome.code, 0, "{console}: {}{}", outcome.stdout, outcome.stderr);
        let census = json(&outcome);
        let unseen = census["not_observed"].to_string();
        assert!(!unseen.contains("allocation sites"), "{console}: {unseen}");
        census["sites"].as_array().unwrap().len()
    });
    eprintln!("sites by file, FIFO and kernel's log: {counted:?}");
    assert!(counted.iter().all(|n| *n > 10 && n.abs_diff(counted[0]) < 3), "{counted:?}");
}

#[test]
fn without_malloc_debug_there_are_counters() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("stock", &lab.products().unwrap()).unwrap();
    for how in ["", "--console /share/console"] {
        let outcome = guest.exec(&format!("teeleak snapshot --json {how}"), LIMIT).unwrap();
        let census = json(&outcome);
        assert_eq!(outcome.code, 3, "{how}: {census:#}");
        let pools = census["pools"].as_array().unwrap();
        let heap = pools.iter().find(|pool| pool["name"] == "core heap").unwrap();
        let (used, size) = (heap["allocated"].as_u64().unwrap(), heap["size"].as_u64().unwrap());
        // What Debian's CFG_CORE_HEAP_SIZE sets, and what is left over behind it.
        assert!(used > 10_000 && used < size && size >= 196_608, "{heap:#}");
        let unseen = census["not_observed"].as_array().unwrap();
        let sites = unseen.iter().find(|gap| gap["what"] == "allocation sites").unwrap();
        let remedy = sites["remedy"].as_str().unwrap();
        assert!(remedy.contains("CFG_TEE_CORE_MALLOC_DEBUG=y"), "{sites:#}");
        assert!(census["sites"].is_null());
    }
    let outcome = guest.exec("teeleak run -n 3 -- true", LIMIT).unwrap();
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    guest.shutdown().unwrap();
}
