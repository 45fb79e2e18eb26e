//! What runs out in the normal world of a real kernel in QEMU: the limit of a cgroup and all memory are filled
//! until the OOM killer acts, and processes that nobody ends take the kernel's address space.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::time::Duration;

use serde_json::Value;
use teeleak_qemu::{Guest, Lab};
use teeleak_tests::teeleak;

/// Filling all memory takes half a minute where nothing else runs.
const LIMIT: Duration = Duration::from_secs(400);

/// Each iteration starts a process that it does not end.
const FORGETFUL: &str = "teeleak run --with normal-world -n 32 --idle 8 --json -- \
    sh -c 'sleep 100000 </dev/null >/dev/null 2>&1 & true'";

/// A process that takes memory without end, in a cgroup that may have little.
const IN_CGROUP: &str = "
mkdir -p /cgroup
mount -t cgroup2 none /cgroup
echo +memory > /cgroup/cgroup.subtree_control
mkdir /cgroup/player
echo 32M > /cgroup/player/memory.max
dmesg -c > /tmp/before
sh -c 'echo $$ > /cgroup/player/cgroup.procs; exec tail /dev/zero'
dmesg -c > /share/cgroup.txt
";

/// The same process, with all memory.
const EVERYWHERE: &str = "
tail /dev/zero
dmesg -c > /share/memory.txt
cat /proc/vmallocinfo > /share/vmallocinfo.txt
";

#[test]
fn what_runs_out_is_read_as_the_kernel_prints_it() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    processes_that_nobody_ends(&mut guest);
    for script in [IN_CGROUP, EVERYWHERE] {
        guest.exec(script, LIMIT).unwrap().success().unwrap();
    }
    cgroup_at_its_limit(&guest);
    all_memory(&guest);
    areas_of_the_kernel(&guest);
    guest.shutdown().unwrap();
}

/// The stack that the kernel keeps of each task is an area of its address space.
fn processes_that_nobody_ends(guest: &mut Guest) {
    let outcome = guest.exec(FORGETFUL, LIMIT).unwrap();
    assert_eq!(outcome.code, 1, "{}\n{}", outcome.stdout, outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let is_of_stacks = |finding: &&Value| {
        let title = finding["title"].as_str().unwrap();
        finding["severity"] == "failure" && title.starts_with("vmallocinfo: kernel_clone")
    };
    assert!(findings.iter().any(|finding| is_of_stacks(&finding)), "{report:#}");
}

fn cgroup_at_its_limit(guest: &Guest) {
    let text = analysis(guest, "cgroup.txt");
    for part in [
        "memory of the cgroup /player ran out at its limit: pid ",
        "(tail) was killed",
        "uses 32,768 kB of its limit of 32,768 kB",
        "most of it: anon ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn all_memory(guest: &Guest) {
    let text = analysis(guest, "memory.txt");
    for part in ["memory ran out: pid ", "(tail) was killed, which had ", "below min ", "no swap"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Whatever the kernel prints there is read.
fn areas_of_the_kernel(guest: &Guest) {
    let text = analysis(guest, "vmallocinfo.txt");
    assert!(text.contains("load_module: "), "{text}");
    assert!(text.contains(", 0 unrelated, 0 damaged"), "{text}");
}

fn analysis(guest: &Guest, file: &str) -> String {
    let path = guest.share().join(file).display().to_string();
    let answer = teeleak(&["analyze", &path]);
    assert_eq!(answer.exit, teeleak::Exit::Blind, "{}", answer.out);
    answer.out
}
