//! Leaks of the normal world on a real kernel in QEMU: `leaky-ree` holds dma-bufs, descriptors, objects of a
//! slab cache and binder's state of processes that have ended, while another one of each does the same work well.
//! Who holds what is reported; who does well is not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{collections::HashMap, fs, path::PathBuf, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab};
use teeleak_tests::teeleak;

/// A run of 12 iterations under strace takes a minute on a busy machine of two cores.
const LIMIT: Duration = Duration::from_secs(400);

/// User tracking of one cache alone costs next to nothing.
const KERNEL: &str = "slub_debug=U,skbuff_head_cache";

/// What they do, as their servers are called.
const WORKLOADS: [&str; 4] = ["dma-buf", "descriptors", "slab", "binder"];

/// Steps, each of them an iteration.
const STEPS: u32 = 12;

/// Bytes of a buffer, and messages or files of a step, as `leaky-ree` takes them by default.
const BYTES: u64 = 1 << 20;
const EACH: u64 = 8;

/// Starts two servers of each workload, the one that leaks buffers below strace, and a script that pokes all.
const START: &str = r#"
insmod /usr/lib/modules/binder_linux.ko debug_mask=8
poke=/share/poke
for w in dma-buf descriptors slab binder; do
    trace=
    [ $w = dma-buf ] && trace='strace -f -tt -o /share/ledgers/calls.strace -e trace=%process,%desc,ioctl,mmap,munmap'
    $trace leaky-ree serve /tmp/$w $w >/tmp/log 2>&1 &
    leaky-ree serve /tmp/$w.well $w --well >/tmp/log 2>&1 &
    for server in $w $w.well; do
        until [ -S /tmp/$server ]; do usleep 20000; done
        echo "leaky-ree poke /tmp/$server >> /share/$server.json || exit 1" >> $poke
    done
done
"#;

/// Prints of ledgers after each step, as somebody takes them who has no teeleak on the device.
const BY_HAND: &str = r#"
debug=/sys/kernel/debug
cd /share/ledgers
for i in $(seq -w 1 $STEPS); do
    sh /share/poke || exit 1
    cat /proc/slabinfo > slabinfo.$i
    cat /proc/meminfo > meminfo.$i
    cat $debug/dma_buf/bufinfo > bufinfo.$i
done
for pid in $(pidof leaky-ree); do
    for fd in /proc/$pid/fd/*; do
        case $(readlink $fd) in /dmabuf*)
            mkdir -p proc/$pid/fdinfo
            cat /proc/$pid/fdinfo/${fd##*/} > proc/$pid/fdinfo/${fd##*/}
        esac
    done
done
mkdir -p binder slab/skbuff_head_cache
cat $debug/binder/state > binder/state
cat $debug/slab/skbuff_head_cache/alloc_traces > slab/skbuff_head_cache/alloc_traces
dmesg > kmsg.txt
ps > ps.txt
"#;

/// What the servers said of their last steps, by their names.
struct Servers {
    last: HashMap<String, Value>,
    /// Steps of each so far.
    steps: u64,
}

impl Servers {
    fn read(guest: &Guest) -> Self {
        let text = |name: &str| fs::read_to_string(guest.share().join(format!("{name}.json")));
        let servers =
            WORKLOADS.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.well")]);
        let last = |name: String| {
            let last = serde_json::from_str(text(&name).unwrap().lines().last().unwrap()).unwrap();
            (name, last)
        };
        let steps = text(WORKLOADS[0]).unwrap().lines().count() as u64;
        Self { last: servers.map(last).collect(), steps }
    }

    fn number(&self, server: &str, name: &str) -> u64 {
        self.last[server][name].as_u64().unwrap()
    }

    fn pid(&self, server: &str) -> u64 {
        self.number(server, "pid")
    }

    /// Nobody who gives back what is taken is named.
    fn innocent(&self, report: &Value) {
        for name in WORKLOADS {
            let named = format!("pid {} (", self.pid(&format!("{name}.well")));
            assert!(!report["findings"].to_string().contains(&named), "{named}: {report:#}");
        }
    }
}

/// The failure whose title has all of these in it.
#[track_caller]
fn failure<'r>(report: &'r Value, parts: &[&str]) -> &'r Value {
    let findings = report["findings"].as_array().unwrap();
    let is = |finding: &&Value| {
        let title = finding["title"].as_str().unwrap();
        finding["severity"] == "failure" && parts.iter().all(|part| title.contains(part))
    };
    findings.iter().find(is).unwrap_or_else(|| panic!("no failure has {parts:?}: {report:#}"))
}

/// A figure of a finding.
fn figure(finding: &Value, name: &str) -> f64 {
    let figures = finding["figures"].as_array().unwrap();
    let figure = figures.iter().find(|figure| figure["name"] == name);
    figure.and_then(|figure| figure["value"].as_f64()).unwrap_or_else(|| panic!("{finding:#}"))
}

#[test]
fn what_leaks_in_the_normal_world_is_found() {
    let lab = Lab::new().unwrap();
    let files: Vec<(PathBuf, String)> = lab.products().unwrap();
    let mut guest = lab.boot_with(KERNEL, "default", &files).unwrap();
    let start = format!("mkdir /share/ledgers\n{START}");
    guest.exec(&start, LIMIT).unwrap().success().unwrap();
    by_hand(&mut guest);
    in_a_run(&mut guest);
    guest.shutdown().unwrap();
}

fn by_hand(guest: &mut Guest) {
    let line = format!("STEPS={STEPS}\n{BY_HAND}");
    guest.exec(&line, LIMIT).unwrap().success().unwrap();
    let servers = Servers::read(guest);
    let ledgers = guest.share().join("ledgers").display().to_string();
    let answer = teeleak(&["analyze", "--json", &ledgers]);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(answer.exit, teeleak::Exit::Leak, "{report:#}");
    buffers_are_held_by_copies(&report, &servers);
    let slab = failure(&report, &["slabinfo: skbuff_head_cache: "]);
    assert!(slab.to_string().contains(&format!("left exactly {EACH} objects")), "{slab:#}");
    binder_keeps_the_dead(&report, &servers);
    servers.innocent(&report);
    unseen_are_reported(&report);
}

fn in_a_run(guest: &mut Guest) {
    let line =
        "teeleak run --with normal-world -n 10 --json -o /share/normal.tlk -- sh /share/poke";
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let servers = Servers::read(guest);
    let who = format!("pid {} (leaky-ree): ", servers.pid("dma-buf"));
    failure(&report, &[&who, "descriptors of dma-bufs of 1,048,576 bytes", "1 per iteration"]);
    descriptors_run_out(&report, &servers);
    let slab = failure(&report, &["slabinfo: skbuff_head_cache: "]);
    assert!(slab.to_string().contains(&format!("left exactly {EACH} objects")), "{slab:#}");
    binder_keeps_the_dead(&report, &servers);
    servers.innocent(&report);
    unseen_are_reported(&report);
}

/// The end is seen while there is room, and files alone are to blame.
fn descriptors_run_out(report: &Value, servers: &Servers) {
    let who = format!("pid {} (leaky-ree): ", servers.pid("descriptors"));
    let table = failure(report, &[&who, "8 more per iteration; its limit of 256 is reached after"]);
    let iterations = (256.0 - figure(table, "descriptors")) / EACH as f64;
    assert!((figure(table, "until full") - iterations).abs() <= 1.0, "{table:#}");
    assert!(table["cause"].is_null(), "{table:#}");
}

/// All of them, with their holder, and the call that made the copies.
fn buffers_are_held_by_copies(report: &Value, servers: &Servers) {
    let who = format!("held by pid {} (leaky-ree)", servers.pid("dma-buf"));
    let held = failure(report, &[&who, "dups of", "never closed"]);
    assert_eq!(held["subject"]["name"], "leaky-ree");
    assert_eq!(figure(held, "buffers"), servers.steps as f64);
    assert_eq!(figure(held, "held"), (servers.steps * BYTES) as f64);
    let dup = format!("dup({})", servers.number("dma-buf", "buffer"));
    assert!(held["evidence"].to_string().contains(&dup), "{held:#}");
    let copy = servers.number("dma-buf", "copy");
    assert!(held["title"].as_str().unwrap().contains(&format!("to {copy},")), "{held:#}");
}

/// Processes that have ended and are not let go, and no others.
fn binder_keeps_the_dead(report: &Value, servers: &Servers) {
    let dead = failure(report, &["binder", "never released although their processes have exited"]);
    assert_eq!(figure(dead, "procs kept"), servers.number("binder", "kept") as f64, "{dead:#}");
}

/// With what would bring them.
fn unseen_are_reported(report: &Value) {
    let unseen = report["not_observed"].to_string();
    for option in ["CONFIG_PAGE_OWNER", "CONFIG_DEBUG_KMEMLEAK"] {
        assert!(unseen.contains(option), "{option}: {unseen}");
    }
}
