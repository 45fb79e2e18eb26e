//! What the patches do to OP-TEE: nothing when compiled out, and no harm when compiled in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{path::Path, process::Command, time::Duration};

use teeleak_qemu::Lab;

/// OP-TEE's own tests of concurrent and cancelled invokes take half a minute on an idle machine.
const LIMIT: Duration = Duration::from_secs(900);

/// Name and size of each section, as binutils' `size -A` prints them.
fn sections(elf: &Path) -> Vec<(String, String)> {
    let output = Command::new("aarch64-linux-gnu-size").arg("-A").arg(elf).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    let all: Vec<_> = text.lines().filter(|line| line.starts_with('.')).filter_map(row).collect();
    assert!(all.iter().any(|(name, _)| name == ".text"), "{text}");
    // Debug information has line numbers and names of the hooks that compile to nothing.
    all.into_iter().filter(|(name, _)| !name.starts_with(".debug")).collect()
}

#[test]
fn compiled_out_there_is_no_trace_of_it() {
    let lab = Lab::new().unwrap();
    let stock = lab.firmware("stock").unwrap();
    let patched_off = lab.firmware("patched-off").unwrap();
    assert_eq!(sections(&stock.core_elf()), sections(&patched_off.core_elf()));
}

#[test]
fn optees_own_tests_pass_with_the_ring_on() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    let outcome = guest.exec("xtest -t regression 1013 1016 1017", LIMIT).unwrap();
    let tail = outcome.stdout.lines().rev().take(12).collect::<Vec<_>>().join("\n");
    assert_eq!(outcome.code, 0, "{tail}");
    assert!(tail.contains("0 test cases failed") || tail.contains("0 failed"), "{tail}");
    let snapshot = guest.exec("teeleak snapshot", LIMIT).unwrap();
    assert_eq!(snapshot.code, 0, "{}{}", snapshot.stdout, snapshot.stderr);
    guest.shutdown().unwrap();
}
