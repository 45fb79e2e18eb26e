//! The main job on a real OP-TEE in QEMU: what a player does wrong is found, named and explained.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab, User};

/// A run of 25 iterations takes some 20 s on an idle machine of two cores.
const LIMIT: Duration = Duration::from_secs(300);

/// UUIDs of the leaky TA and its peer, from their interface.
const LEAKY: &str = leaky_interface::LEAKY;
const PEER: &str = leaky_interface::PEER;

fn files(lab: &Lab) -> Vec<(PathBuf, String)> {
    let mut files = lab.products().unwrap();
    let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("leaky-ta/player/drm-player.toml");
    files.push((protocol, "drm-player.toml".into()));
    files
}

/// What a run said.
struct Said {
    code: i32,
    report: Value,
}

impl Said {
    fn findings(&self) -> &Vec<Value> {
        self.report["findings"].as_array().unwrap()
    }

    /// The failures of a kind.
    fn failures(&self, kind: &str) -> Vec<&Value> {
        let is = |finding: &&Value| finding["severity"] == "failure" && finding["kind"] == kind;
        self.findings().iter().filter(is).collect()
    }

    #[track_caller]
    fn expect(&self, code: i32) {
        assert_eq!(self.code, code, "{:#}", self.report);
        let coverage = &self.report["coverage"];
        assert_eq!(coverage["n_measured"], iterations(), "{coverage:#}");
        assert_eq!(coverage["canary"]["n_found"], coverage["canary"]["n_expected"]);
        assert_eq!(coverage["input"]["rejected"], 0);
    }
}

/// How often a player plays: enough to decide, and 20 times for a fixture.
fn iterations() -> u32 {
    if std::env::var_os("BLESS").is_some() { 20 } else { 8 }
}

/// Runs it with a player that does `player`. Where `BLESS` is set, the capture becomes the fixture of
/// that name.
fn run(guest: &mut Guest, fixture: &str, player: &str) -> Said {
    let line = format!(
        "teeleak run -n {} --protocol /share/drm-player.toml --json -o /share/last.tlk -- \
         drm-player {player}",
        iterations()
    );
    let outcome = guest.exec(&line, LIMIT).unwrap();
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{player}: {error}: {}", outcome.stderr));
    eprintln!("{player:?}: exit code {}", outcome.code);
    if std::env::var_os("BLESS").is_some() {
        let name = format!("fixtures/capture/4.10.0.{fixture}.tlk");
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        fs::copy(guest.share().join("last.tlk"), place).unwrap();
    }
    Said { code: outcome.code, report }
}

/// One boot for all of it: booting is most of the time.
#[test]
fn what_a_player_does_wrong_is_found() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &files(&lab)).unwrap();
    all_is_there(&mut guest);
    a_busy_ta_is_reported(&mut guest);
    others_are_refused(&mut guest);
    nothing_wrong_is_clean(&mut guest);
    forgotten_unmaps_leak(&mut guest);
    closing_first_is_the_wrong_order(&mut guest);
    lost_sessions_leak(&mut guest);
    a_capture_says_the_same_here(&mut guest);
    guest.shutdown().unwrap();
}

/// What Debian's kernel is not built with, or keeps only with an option at its start.
const NOT_OF_DEBIAN: [&str; 4] = ["slab-callers", "page-owner", "kmemleak", "binder"];

fn all_is_there(guest: &mut Guest) {
    let outcome = guest.exec("teeleak doctor --json", LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    let diagnosis: Value = serde_json::from_str(&outcome.stdout).unwrap();
    for check in diagnosis["checks"].as_array().unwrap() {
        let expected = match check["name"].as_str() {
            Some("raw-addresses") => "missing",
            Some("concurrent-tas") => "unknown",
            Some(name) if NOT_OF_DEBIAN.contains(&name) => "missing",
            _ => "present",
        };
        assert_eq!(check["state"], expected, "{check:#}");
    }
}

fn others_are_refused(guest: &mut Guest) {
    let outcome = guest.exec_as(User::Guest, "teeleak snapshot", LIMIT).unwrap();
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ACCESS_DENIED"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("run as root"), "{}", outcome.stderr);
}

fn nothing_wrong_is_clean(guest: &mut Guest) {
    let players = [("none", "--bug none"), ("none-2", "--bug none --processes 2")];
    for (fixture, player) in players {
        let said = run(guest, fixture, player);
        said.expect(0);
        let main_findings = said.findings().iter().filter(|finding| finding["severity"] != "note");
        assert_eq!(main_findings.count(), 0, "{:#}", said.report);
    }
}

fn forgotten_unmaps_leak(guest: &mut Guest) {
    let said = run(guest, "forget-unmap", "--bug forget-unmap");
    said.expect(1);
    regions_of_the_leaky_ta_grow(&said, 1.0);
    let sites = said.failures("site_growth");
    assert!(!sites.is_empty(), "{:#}", said.report);
    for site in sites {
        assert_eq!(site["subject"]["owner"], LEAKY, "{site:#}");
        assert!(site["subject"]["file"].as_str().unwrap().starts_with("core/"), "{site:#}");
    }
    let unpaired = said.failures("unpaired");
    assert!(!unpaired.is_empty(), "{:#}", said.report);
}

fn regions_of_the_leaky_ta_grow(said: &Said, by: f64) {
    let [regions] = said.failures("region_growth")[..] else {
        panic!("one TA's regions grow: {:#}", said.report)
    };
    assert_eq!(regions["subject"]["uuid"], LEAKY);
    let figures = regions["figures"].as_array().unwrap();
    let growth = figures.iter().find(|figure| figure["unit"] == "objects per iteration").unwrap();
    assert!((growth["value"].as_f64().unwrap() - by).abs() < 0.01, "{growth:#}");
}

fn closing_first_is_the_wrong_order(guest: &mut Guest) {
    let said = run(guest, "close-before-unmap-2", "--bug close-before-unmap --processes 2");
    said.expect(4);
    regions_of_the_leaky_ta_grow(&said, 2.0);
    let order = said.failures("order");
    assert!(!order.is_empty(), "{:#}", said.report);
    let proof = order[0]["evidence"].as_array().unwrap();
    let steps = proof.iter().find(|proof| proof["type"] == "sequence").unwrap();
    let names: Vec<_> =
        steps["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str()).collect();
    assert!(names.len() <= 10, "{names:?}");
    let close = names.iter().position(|name| *name == Some("close_channel"));
    let unmap = names.iter().rposition(|name| *name == Some("unmap"));
    assert!(close.is_some() && close < unmap, "{names:?}");
    let causes = said.failures("region_growth");
    assert_eq!(causes[0]["cause"]["fingerprint"], order[0]["fingerprint"], "{:#}", said.report);
}

fn lost_sessions_leak(guest: &mut Guest) {
    let said = run(guest, "leak-session", "--bug leak-session");
    said.expect(1);
    let sessions = said.failures("session_growth");
    assert!(sessions.iter().any(|finding| finding["subject"]["uuid"] == PEER), "{:#}", said.report);
}

fn a_capture_says_the_same_here(guest: &mut Guest) {
    let there = guest.exec("teeleak report --json /share/last.tlk", LIMIT).unwrap();
    let file = guest.share().join("last.tlk");
    let here = teeleak_tests::teeleak(&["report", "--json", file.to_str().unwrap()]);
    assert_eq!(here.exit as i32, there.code);
    assert_eq!(here.out.replace(file.to_str().unwrap(), "/share/last.tlk"), there.stdout);
}

fn a_busy_ta_is_reported(guest: &mut Guest) {
    // In the first sample it may not be busy yet.
    let player = guest.start(User::Root, "drm-player --busy 20000").unwrap();
    let busy = (0..20).any(|_| is_reported_busy(guest));
    let player = guest.wait(player, LIMIT).unwrap();
    assert!(busy, "the TA was never busy, its player ended with {player:?}");
    assert_eq!(player.code, 0, "{}", player.stderr);
}

fn is_reported_busy(guest: &mut Guest) -> bool {
    let outcome = guest.exec("teeleak snapshot --json", LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let census: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let busy = |gap: &Value| {
        let what = gap["what"].as_str().unwrap();
        what.contains(LEAKY) && gap["reason"].as_str().unwrap().contains("busy")
    };
    census["not_observed"].as_array().unwrap().iter().any(busy)
}

#[test]
fn stock_firmware_is_said_to_be_blind() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("stock", &files(&lab)).unwrap();
    let doctor = guest.exec("teeleak doctor", LIMIT).unwrap();
    assert_eq!(doctor.code, 3, "{}", doctor.stdout);
    for flag in ["CFG_LEAK_AUDIT=y", "CFG_TEE_CORE_MALLOC_DEBUG=y", "CFG_LEAK_AUDIT_EVENTS="] {
        assert!(doctor.stdout.contains(flag), "{flag} is not named:\n{}", doctor.stdout);
    }
    for command in ["teeleak snapshot", "teeleak run -n 3 -- true"] {
        let outcome = guest.exec(command, LIMIT).unwrap();
        assert_eq!(outcome.code, 3, "{command}: {}", outcome.stderr);
        assert!(!outcome.stdout.contains("clean"), "{}", outcome.stdout);
    }
    guest.shutdown().unwrap();
}
