//! Verdicts under what real workloads do besides leaking, on a real OP-TEE in QEMU: load that comes
//! and goes, a cache that warms up, something that is opened once, and two leaks at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{path::Path, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab};

/// A run of 45 iterations takes some 40 s on an idle machine of two cores.
const LIMIT: Duration = Duration::from_secs(400);

/// UUIDs of the leaky TA and its peer, from their interface.
const LEAKY: &str = leaky_interface::LEAKY;
const PEER: &str = leaky_interface::PEER;

/// Where `struct tee_obj` and its attributes are allocated.
const OBJECTS: &str = "core/tee/";

/// What a run said.
struct Said {
    code: i32,
    report: Value,
}

impl Said {
    /// Findings of a severity.
    fn of(&self, severity: &str) -> Vec<&Value> {
        let all = self.report["findings"].as_array().unwrap();
        all.iter().filter(|finding| finding["severity"] == severity).collect()
    }

    /// Failures of a kind.
    fn failures(&self, kind: &str) -> Vec<&Value> {
        self.of("failure").into_iter().filter(|finding| finding["kind"] == kind).collect()
    }

    #[track_caller]
    fn expect(&self, code: i32) {
        assert_eq!(self.code, code, "{:#}", self.report);
        assert!(self.of("possible").is_empty(), "{:#}", self.report);
    }
}

/// Runs `words` so often, and lets the TA give back what its switches made it hold.
fn run(guest: &mut Guest, options: &str, words: &str) -> Said {
    let line = format!("teeleak run {options} --protocol /share/drm-player.toml --json -- {words}");
    let outcome = guest.exec(&line, LIMIT).unwrap();
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{words}: {error}: {}", outcome.stderr));
    eprintln!("{words:?}: exit code {}", outcome.code);
    let freed = guest.exec("drm-player --free", LIMIT).unwrap();
    assert_eq!(freed.code, 0, "{}", freed.stderr);
    Said { code: outcome.code, report }
}

/// Growth of a finding in objects per iteration.
fn rate(finding: &Value) -> f64 {
    let figures = finding["figures"].as_array().unwrap();
    let growth = figures.iter().find(|figure| figure["unit"] == "objects per iteration");
    growth.and_then(|figure| figure["value"].as_f64()).unwrap_or(f64::NAN)
}

fn is_of_objects(finding: &Value) -> bool {
    finding["subject"]["file"].as_str().is_some_and(|file| file.starts_with(OBJECTS))
}

/// One boot for all of it: booting is most of the time.
#[test]
fn each_workload_gets_its_verdict() {
    let lab = Lab::new().unwrap();
    let mut files = lab.products().unwrap();
    let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("leaky-ta/player/drm-player.toml");
    files.push((protocol, "drm-player.toml".into()));
    let mut guest = lab.boot("default", &files).unwrap();
    load_around_a_leak_is_no_finding(&mut guest);
    a_leak_at_the_site_of_the_load_is_found(&mut guest);
    a_cache_that_warms_up_is_a_note(&mut guest);
    one_session_opened_once_is_a_note(&mut guest);
    two_leaks_are_distinguished(&mut guest);
    guest.shutdown().unwrap();
}

fn load_around_a_leak_is_no_finding(guest: &mut Guest) {
    let said = run(guest, "-n 20", "drm-player --oscillate 7 --bug forget-unmap");
    said.expect(1);
    let [regions] = said.failures("region_growth")[..] else { panic!("{:#}", said.report) };
    assert_eq!(regions["subject"]["uuid"], LEAKY);
    assert_eq!(rate(regions), 1.0, "{regions:#}");
    let sites = said.failures("site_growth");
    assert!(!sites.is_empty() && sites.iter().all(|site| site["subject"]["owner"] == LEAKY));
    assert_eq!(sites.iter().filter(|site| is_of_objects(site)).count(), 0, "{:#}", said.report);
}

fn a_leak_at_the_site_of_the_load_is_found(guest: &mut Guest) {
    let said = run(guest, "-n 40", "drm-player --oscillate 7 --leak-objects 1");
    said.expect(1);
    let sites = said.failures("site_growth");
    assert!(!sites.is_empty() && sites.iter().all(|site| is_of_objects(site)), "{:#}", said.report);
    assert!(said.failures("region_growth").is_empty(), "{:#}", said.report);
}

fn a_cache_that_warms_up_is_a_note(guest: &mut Guest) {
    let said = run(guest, "-n 20 --warmup 0", "drm-player --cache 6");
    said.expect(0);
    let notes = said.of("note");
    let sites: Vec<_> = notes.iter().filter(|note| note["kind"] == "site_growth").collect();
    assert!(!sites.is_empty(), "{:#}", said.report);
    assert!(sites.iter().all(|site| site["verdict"] == "warm_up"), "{:#}", said.report);
}

fn one_session_opened_once_is_a_note(guest: &mut Guest) {
    let once = "sh -c 'echo >> /tmp/n; test $(wc -l < /tmp/n) != 7 || BUG=leak-session; \
                drm-player --bug ${BUG:-none}'";
    let said = run(guest, "-n 20", once);
    said.expect(0);
    let notes = said.of("note");
    let session = notes.iter().find(|note| note["kind"] == "session_growth").unwrap();
    assert_eq!(session["verdict"], "step", "{session:#}");
    assert_eq!(session["subject"]["uuid"], PEER);
}

fn two_leaks_are_distinguished(guest: &mut Guest) {
    let said = run(guest, "-n 20", "drm-player --slow-leak --bug forget-unmap");
    said.expect(1);
    let [regions] = said.failures("region_growth")[..] else { panic!("{:#}", said.report) };
    assert_eq!(rate(regions), 1.0);
    let sites = said.failures("site_growth");
    let (slow, fast): (Vec<_>, Vec<_>) = sites.into_iter().partition(|site| is_of_objects(site));
    assert!(!slow.is_empty() && !fast.is_empty(), "{:#}", said.report);
    // Two allocations for an object that every fourth switch loses; a rate covers all sites that grow
    // together.
    assert!(slow.iter().all(|site| (0.3..0.7).contains(&rate(site))), "{:#}", said.report);
    assert!(fast.iter().all(|site| rate(site) >= 1.0), "{:#}", said.report);
}
