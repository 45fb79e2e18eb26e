//! A buffer that both worlds have, lost on either side, on a real OP-TEE in QEMU: both ends are joined by the
//! address of its pages, and the side that does not let go is named.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::time::Duration;

use serde_json::Value;
use teeleak_qemu::{Guest, Lab, User};

const LIMIT: Duration = Duration::from_secs(300);

/// What the client holds, the side at fault, and how many buffers eight iterations leave.
const SIDES: [(&str, &str, &str); 2] = [
    ("buffer-of-client", "at fault: the normal world", "of 9 buffers"),
    ("buffer-of-ta", "at fault: the TA", "of 1 buffer"),
];

#[test]
fn the_side_that_keeps_a_buffer_is_named() {
    let lab = Lab::new().unwrap();
    let mut files = lab.products().unwrap();
    let protocol = lab.repository().join("tests/leaky-ta/player/shared.toml");
    files.push((protocol, "shared.toml".into()));
    let mut guest = lab.boot("default", &files).unwrap();
    for (what, fault, buffers) in SIDES {
        let report = run(&mut guest, what);
        let findings = report["findings"].as_array().unwrap();
        let regions: Vec<_> =
            findings.iter().filter(|finding| finding["kind"] == "region_growth").collect();
        assert_eq!(regions.len(), 1, "{what}: {report:#}");
        let text = regions[0].to_string();
        for part in [fault, buffers, " of the TA, 16,384 bytes; 0x", "(drm-player), [heap]"] {
            assert!(text.contains(part), "{what}: no {part:?} in {:#}", regions[0]);
        }
    }
    guest.shutdown().unwrap();
}

/// Eight iterations that count of a client that loses one more in each; then all is given back.
fn run(guest: &mut Guest, what: &str) -> Value {
    let client = format!("rm -f /tmp/held; exec drm-player --hold /tmp/held --what {what}");
    let client = guest.start(User::Root, &client).unwrap();
    let line = "until [ -S /tmp/held ]; do sleep 0.1; done; \
                teeleak run -n 8 --warmup 1 --with normal-world --protocol /share/shared.toml --json \
                -- drm-player --poke /tmp/held";
    let outcome = guest.exec(line, LIMIT).unwrap();
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{what}: {error}: {}", outcome.stderr));
    assert!(matches!(outcome.code, 1 | 4), "{what}: {}: {report:#}", outcome.code);
    // The TA lets go first: the kernel waits for it when the client ends.
    guest.exec("drm-player --free; killall drm-player", LIMIT).unwrap().success().unwrap();
    guest.wait(client, LIMIT).unwrap();
    report
}
