//! Leaks of known cause, played on a real OP-TEE in QEMU: each is found, and what is said of it is the truth; the
//! same work without the leak is clean.
//!
//! One build plays them all, each in a boot of its own: the core of the variant `forgetful` skips a release on
//! demand (`tests/leaky-ta/pta/forget.toml`), and the TA, the clients and the plugin of tee-supplicant lose what they
//! have when they are asked to. `TEELEAK_REPLAY=all` plays all of `LEAKS` and `CLEAN`, else those that differ most;
//! `TEELEAK_REPLAY=NAME` plays one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{env, path::PathBuf, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Forget, Guest, Lab, Running, User};

/// A run of twelve iterations takes some 10 s on an idle machine of two cores.
const LIMIT: Duration = Duration::from_secs(400);

/// What makes the leak.
enum Made {
    /// The core forgets this release, each n-th time.
    Forgotten(&'static str, u32),
    /// The workload itself.
    Workload,
    /// A client that stays and takes one more of this in each iteration.
    Held(&'static str),
}

/// Asks the client that stays.
const POKE: &str = "drm-player --poke /tmp/held";

/// A leak, and what is true of it.
struct Leak {
    name: &'static str,
    made: Made,
    workload: &'static str,
    /// Kind of the finding, and what its subject or evidence names.
    kind: &'static str,
    names: &'static str,
    /// What stays per iteration at that place and those that grow with it, in objects.
    rate: Option<f64>,
    /// Who keeps it, among those that the finding blames.
    side: Option<&'static str>,
    /// The call that does it, with its result, as the finding names it.
    call: &'static str,
    /// Whether the fast selection plays it.
    fast: bool,
}

const CORE: Option<&str> = Some("the TEE core");
const TA: Option<&str> = Some("TA 23fe83ec-2b7b-4b16-a872-7b927e6e4557");
const PTA: Option<&str> = Some("PTA 2f1f6a3e-90c4-4d5b-b71d-630a5ce24897");
const CLIENT: Option<&str> = Some("the client");

#[rustfmt::skip]
const LEAKS: [Leak; 16] = [
    Leak { name: "refused-session", made: Made::Forgotten("refused-session", 1), workload: "drm-player --work refused-session", kind: "session_growth", names: leaky_interface::PEER, rate: Some(1.0), side: CORE, call: "fails with TEE_ERROR_ACCESS_DENIED", fast: true },
    Leak { name: "lost-instance", made: Made::Forgotten("lost-instance", 1), workload: "drm-player --work session", kind: "site_growth", names: "core/kernel/user_ta.c", rate: None, side: CORE, call: "", fast: false },
    Leak { name: "missing-object", made: Made::Forgotten("missing-object", 1), workload: "drm-player --work open-missing", kind: "site_growth", names: "core/tee/tee_obj.c", rate: Some(1.0), side: CORE, call: "command 17 of TA 23fe83ec-2b7b-4b16-a872-7b927e6e4557 that fails with TEE_ERROR_ITEM_NOT_FOUND", fast: true },
    Leak { name: "operation-state", made: Made::Forgotten("operation-state", 3), workload: "drm-player --work digest", kind: "site_growth", names: "core/tee/tee_svc_cryp.c", rate: Some(0.3), side: CORE, call: "every third call of command 18", fast: true },
    Leak { name: "shared-range", made: Made::Forgotten("shared-range", 1), workload: "drm-player --work ask-plugin", kind: "site_growth", names: "core/mm/tee_mm.c", rate: None, side: CORE, call: "", fast: false },
    Leak { name: "mapped-memory", made: Made::Forgotten("mapped-memory", 1), workload: "drm-player --maps 1", kind: "site_growth", names: "core/mm/mobj.c", rate: Some(3.0), side: CORE, call: "command 2 or 3 of PTA 3a2f8978-5dc0-11e8-9c2d-fa7ae01bbebc", fast: true },
    Leak { name: "loaded-memory", made: Made::Forgotten("loaded-memory", 1), workload: "drm-player --work session", kind: "site_growth", names: "core/mm/mobj.c", rate: Some(9.0), side: CORE, call: "", fast: true },
    Leak { name: "big-number", made: Made::Forgotten("big-number", 20), workload: "drm-player --work make-key", kind: "pool_growth", names: "crypto bignum pool", rate: None, side: CORE, call: "", fast: false },
    Leak { name: "plugin-payload", made: Made::Forgotten("plugin-payload", 1), workload: "drm-player --work ask-plugin", kind: "site_growth", names: "core/mm/mobj_dyn_shm.c", rate: Some(2.0), side: CORE, call: "", fast: true },
    Leak { name: "pta-session", made: Made::Forgotten("pta-session", 1), workload: "drm-player --work pta-session", kind: "site_growth", names: "core/pta/leaky_forget.c", rate: Some(1.0), side: PTA, call: "close of a session to PTA 2f1f6a3e-90c4-4d5b-b71d-630a5ce24897", fast: true },
    Leak { name: "ta-object", made: Made::Workload, workload: "drm-player --leak-objects 1", kind: "site_growth", names: "core/tee/tee_obj.c", rate: Some(2.0), side: TA, call: "7 of TA 23fe83ec-2b7b-4b16-a872-7b927e6e4557", fast: false },
    Leak { name: "ta-unmap", made: Made::Workload, workload: "drm-player --bug forget-unmap", kind: "region_growth", names: leaky_interface::LEAKY, rate: Some(1.0), side: TA, call: "", fast: true },
    Leak { name: "ta-session", made: Made::Workload, workload: "drm-player --bug leak-session", kind: "session_growth", names: leaky_interface::PEER, rate: Some(1.0), side: TA, call: "", fast: false },
    Leak { name: "client-session", made: Made::Held("session"), workload: POKE, kind: "session_growth", names: leaky_interface::LEAKY, rate: Some(1.0), side: CLIENT, call: "", fast: true },
    Leak { name: "client-buffer", made: Made::Held("buffer-of-client"), workload: POKE, kind: "region_growth", names: leaky_interface::LEAKY, rate: Some(1.0), side: TA, call: "", fast: false },
    Leak { name: "supplicant-descriptor", made: Made::Workload, workload: "drm-player --work lose-descriptor", kind: "pool_growth", names: "tee-supplicant", rate: None, side: Some("tee-supplicant"), call: "", fast: true },
];

/// Work that loses nothing, and whether the fast selection does it.
const CLEAN: [(&str, bool); 12] = [
    ("true", true),
    ("drm-player", true),
    ("drm-player --oscillate 7", false),
    ("drm-player --work open-missing", true),
    ("drm-player --work digest", false),
    ("drm-player --work make-key", false),
    ("drm-player --work store", true),
    ("drm-player --work ask-plugin", true),
    ("drm-player --work session", false),
    ("drm-player --work refused-session", true),
    ("drm-player --work pta-session", false),
    ("sh -c 'drm-player --switches 3 & drm-player --switches 3; wait'", true),
];

/// What a run reported.
struct Outcome {
    code: i32,
    report: Value,
}

/// A guest and what it can be asked to forget.
struct Replay {
    guest: Guest,
    forgets: Vec<Forget>,
}

#[test]
fn leaks_of_known_cause_are_reported_as_they_are() {
    let lab = Lab::new().unwrap();
    let files = lab.products().unwrap();
    let mut wrong = Vec::new();
    let mut replay = Replay::new(&lab, &files);
    for (workload, _) in CLEAN.iter().filter(|(workload, fast)| is_wanted(workload, *fast)) {
        wrong.extend(replay.check_clean(workload).err());
    }
    replay.guest.shutdown().unwrap();
    for leak in LEAKS.iter().filter(|leak| is_wanted(leak.name, leak.fast)) {
        // What one loses, the next one would feel.
        let mut replay = Replay::new(&lab, &files);
        wrong.extend(replay.check(leak).err());
        replay.guest.shutdown().unwrap();
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
}

fn is_wanted(name: &str, fast: bool) -> bool {
    match env::var("TEELEAK_REPLAY").as_deref() {
        Ok("all") => true,
        Ok(wanted) => wanted == name,
        Err(_) => fast,
    }
}

impl Replay {
    fn new(lab: &Lab, files: &[(PathBuf, String)]) -> Self {
        let guest = lab.boot("forgetful", files).unwrap();
        Self { guest, forgets: lab.forgets().unwrap() }
    }

    fn check_clean(&mut self, workload: &str) -> Result<(), String> {
        let outcome = self.run(&workload.replace([' ', '\''], "_"), workload);
        let findings = outcome.report["findings"].as_array().unwrap();
        let counted = findings.iter().filter(|finding| finding["severity"] != "note");
        let titles: Vec<_> = counted.map(|finding| finding["title"].to_string()).collect();
        if titles.is_empty() && outcome.code == 0 {
            return Ok(());
        }
        let doubts = &outcome.report["inconclusive"];
        Err(format!("{workload}: exit code {}: {titles:?}, {doubts}", outcome.code))
    }

    fn check(&mut self, leak: &Leak) -> Result<(), String> {
        let client = match leak.made {
            Made::Forgotten(name, every) => {
                self.forget(name, every);
                None
            }
            Made::Workload => None,
            Made::Held(what) => Some(self.hold(what)),
        };
        let outcome = self.run(leak.name, leak.workload);
        if let Some(client) = client {
            self.guest.exec("drm-player --free; killall drm-player", LIMIT).unwrap();
            self.guest.wait(client, LIMIT).unwrap();
        }
        outcome.check(leak)
    }

    fn forget(&mut self, name: &str, every: u32) {
        let at = self.forgets.iter().position(|forget| forget.name == name).unwrap();
        let line = format!("drm-player --forget {} --every {every}", at + 1);
        self.guest.exec(&line, LIMIT).unwrap().success().unwrap();
    }

    /// A client that takes what it never gives back.
    fn hold(&mut self, what: &str) -> Running {
        let client = format!("rm -f /tmp/held; exec drm-player --hold /tmp/held --what {what}");
        let client = self.guest.start(User::Root, &client).unwrap();
        let line = "until [ -S /tmp/held ]; do sleep 0.1; done";
        self.guest.exec(line, LIMIT).unwrap().success().unwrap();
        client
    }

    /// Twelve iterations of the workload.
    fn run(&mut self, name: &str, workload: &str) -> Outcome {
        let options = "--json -o /share/run.tlk";
        // Instances of the peer have a mebibyte each, and there is room for ten or so.
        let n = if workload.ends_with("--work session") { 5 } else { 12 };
        let line = format!("teeleak run -n {n} {options} -- {workload}");
        let outcome = self.guest.exec(&line, LIMIT).unwrap();
        if let Some(folder) = env::var_os("TEELEAK_REPLAY_KEEP") {
            let to = PathBuf::from(folder).join(format!("{name}.json"));
            std::fs::write(to, &outcome.stdout).unwrap();
        }
        let report = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", outcome.stderr));
        eprintln!("{name}: {workload:?}: exit code {}", outcome.code);
        Outcome { code: outcome.code, report }
    }
}

impl Outcome {
    fn check(&self, leak: &Leak) -> Result<(), String> {
        let findings = self.report["findings"].as_array().unwrap();
        let is_named = |finding: &&Value| {
            finding["severity"] == "failure"
                && finding["kind"] == leak.kind
                && finding.to_string().contains(leak.names)
        };
        let found = findings.iter().find(is_named);
        let is_right = found.is_some_and(|finding| leak.is_true_of(finding));
        if is_right && matches!(self.code, 1 | 4) {
            return Ok(());
        }
        let all = findings.iter().map(|finding| {
            format!("  {} {} {}", finding["severity"], finding["title"], finding["blame"])
        });
        let all = all.collect::<Vec<_>>().join("\n");
        Err(format!("{}: exit code {}, rate {:?}\n{all}", leak.name, self.code, found.map(rate)))
    }
}

impl Leak {
    /// Whether rate, side and call are those of the leak.
    fn is_true_of(&self, finding: &Value) -> bool {
        let has_rate = self.rate.is_none_or(|expected| (rate(finding) - expected).abs() < 0.2);
        let sides = finding["blame"]["sides"].as_array();
        let has_side = self.side.is_none_or(|side| {
            sides.is_some_and(|sides| sides.iter().any(|one| one.as_str() == Some(side)))
        });
        let has_call = self.call.is_empty() || finding["blame"].to_string().contains(self.call);
        has_rate && has_side && has_call
    }
}

/// Growth of a finding in objects per iteration.
fn rate(finding: &Value) -> f64 {
    let figures = finding["figures"].as_array().unwrap();
    let growth = figures.iter().find(|figure| figure["unit"] == "objects per iteration");
    growth.and_then(|figure| figure["value"].as_f64()).unwrap_or(f64::NAN)
}
