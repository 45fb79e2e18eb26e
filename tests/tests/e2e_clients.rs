//! Who did it, on a real OP-TEE in QEMU: the calls of the normal world's processes, as the preload
//! library or the kernel records them, put together with what the TEE saw of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use leaky_interface::Command;
use serde_json::Value;
use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_analysis::{
    clients,
    model::{Call, CallKind, Clients, Event, EventKind, Observation},
    parse::capture::ObservationBuilder,
};
use teeleak_qemu::{Guest, Lab};

const LIMIT: Duration = Duration::from_secs(300);

/// Threads of the three processes, and the calls of each thread: 10,000 in all where `TEELEAK_RUNS` is
/// set.
const THREADS: [u32; 3] = [3, 3, 2];
const CALLS: u32 = 300;
const ALL_CALLS: u32 = 1250;

/// Calls of each thread when the kernel writes a line for each begin and end: that takes longer.
const CALLS_BY_KERNEL: u32 = 100;

/// Times that the guilty and the innocent play at once, unless `TEELEAK_RUNS` says otherwise.
const RUNS: usize = 3;

/// Times that they do in front of the kernel's probes.
const RUNS_BY_KERNEL: usize = 2;

/// Option of `teeleak run` that chooses who records the calls.
const BY_LIBRARY: &str = "";
const BY_KERNEL: &str = "--kernel";

#[test]
fn calls_and_processes_are_distinguished() {
    let lab = Lab::new().unwrap();
    let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("leaky-ta/player/drm-player.toml");
    let mut files: Vec<(PathBuf, String)> = lab.products().unwrap();
    files.push((protocol, "drm-player.toml".into()));
    let mut guest = lab.boot("default", &files).unwrap();
    let wanted = std::env::var("TEELEAK_RUNS").ok();
    let calls = if wanted.is_some() { ALL_CALLS } else { CALLS };
    every_call_has_its_event(&mut guest, BY_LIBRARY, calls);
    let runs = wanted.map_or(RUNS, |runs| runs.parse().unwrap());
    for run in 0..runs {
        the_guilty_are_named(&mut guest, BY_LIBRARY, run);
    }
    every_call_has_its_event(&mut guest, BY_KERNEL, CALLS_BY_KERNEL);
    for run in 0..RUNS_BY_KERNEL {
        the_guilty_are_named(&mut guest, BY_KERNEL, run);
    }
    the_kernel_closes_for_a_client_that_is_killed(&mut guest);
    nothing_stays_in_the_kernel(&mut guest);
    guest.shutdown().unwrap();
}

fn every_call_has_its_event(guest: &mut Guest, how: &str, calls: u32) {
    let mut storms = String::new();
    for (n, threads) in THREADS.iter().enumerate() {
        let first = (n + 1) * 100_000;
        storms +=
            &format!("teeleak-probe storm --threads {threads} --calls {calls} --first {first} & ");
    }
    let line = format!(
        "teeleak run {how} -n 1 --warmup 0 --idle 0 -o /share/storm.tlk -- sh -c '{storms} wait'"
    );
    let outcome = guest.exec(&line, LIMIT).unwrap();
    assert_eq!(outcome.code, 3, "one snapshot can't show growth: {}", outcome.stderr);
    let mut storm = Storm::read(&guest.share().join("storm.tlk"));
    assert_eq!(storm.clients.lost, 0);
    let all = u64::from(THREADS.iter().sum::<u32>() * calls);
    assert_eq!(storm.join().0, all, "each call has its event");
    // Even where the parameters show nothing, no match may be wrong.
    storm.blind();
    let (matched, by_process) = storm.join();
    eprintln!("without parameters: {matched} matches, {by_process} with the process");
    assert_eq!(matched + by_process, all);
}

/// What was recorded of a storm. Tokens of 0 are of what isn't part of it.
struct Storm {
    events: Vec<Event>,
    clients: Clients,
    event_tokens: Vec<u32>,
    call_tokens: Vec<u32>,
}

impl Storm {
    fn read(capture: &Path) -> Self {
        let Observation { events, clients, .. } = read(capture);
        let unmap = Command::Unmap as u32;
        let token = |is_one: bool, values: [u32; 8]| if is_one { values[0] } else { 0 };
        let of_event = |event: &Event| token(event.cmd == Some(unmap), event.values);
        let is_unmap = |call: &Call| call.kind == CallKind::InvokeCommand && call.cmd == unmap;
        Self {
            event_tokens: events.iter().map(of_event).collect(),
            call_tokens: clients.calls.iter().map(|c| token(is_unmap(c), c.values())).collect(),
            events,
            clients,
        }
    }

    /// Takes away what the parameters say.
    fn blind(&mut self) {
        self.events.iter_mut().for_each(|event| event.values = [0; 8]);
        let params = self.clients.calls.iter_mut().flat_map(|call| &mut call.params);
        params.for_each(|param| (param.input, param.output) = (0, 0));
    }

    /// Joins both sides, and checks that nothing is wrong; gives how many events of the storm have
    /// their call, and how many but their process.
    fn join(&mut self) -> (u64, u64) {
        self.events.iter_mut().for_each(|event| event.by = None);
        let joined = clients::join(&mut self.events, &self.clients);
        let pairs: HashMap<usize, usize> = joined.pairs.iter().copied().collect();
        let owners: HashMap<u32, u32> =
            self.call_tokens.iter().zip(&self.clients.calls).map(|(t, c)| (*t, c.by.pid)).collect();
        let (mut matched, mut by_process) = (0, 0);
        for (at, token) in self.event_tokens.iter().enumerate().filter(|(_, token)| **token > 0) {
            let by = self.events[at].by.as_ref().expect("an event without a process");
            assert_eq!(by.pid, owners[token], "a wrong process");
            match pairs.get(&at) {
                Some(call) => {
                    assert_eq!(self.call_tokens[*call], *token, "a wrong match");
                    matched += 1;
                }
                None => by_process += 1,
            }
        }
        (matched, by_process)
    }
}

/// A capture, as a report has it.
fn read(capture: &Path) -> Observation {
    let mut reader = CaptureReader::new(fs::File::open(capture).unwrap()).unwrap();
    let mut builder = ObservationBuilder::new("storm");
    while let Some(piece) = reader.next_piece().unwrap() {
        match piece {
            CapturePiece::Frame { kind, payload } => builder.frame(kind, payload),
            CapturePiece::Damage(damage) => panic!("{damage:?}"),
        }
    }
    let mut observation = builder.finish();
    clients::settle(&mut observation);
    observation
}

/// PTA that maps memory for a TA.
const SYSTEM_PTA: &str = "3a2f8978-5dc0-11e8-9c2d-fa7ae01bbebc";

/// Two that play wrong together, and one that plays right at the same time.
fn the_guilty_are_named(guest: &mut Guest, how: &str, run: usize) {
    let line = format!(
        "teeleak run {how} -n 1 --warmup 0 --idle 0 --json --protocol /share/drm-player.toml -- \
        sh -c 'drm-player --bug none --switches 4 > /share/innocent & \
        drm-player --bug close-before-unmap --processes 2 --switches 2 > /share/guilty & wait'"
    );
    let outcome = guest.exec(&line, LIMIT).unwrap();
    assert_eq!(outcome.code, 4, "run {run}: {}{}", outcome.stdout, outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let (opener, closer) = pids(&guest.share().join("guilty"));
    let (innocent, _) = pids(&guest.share().join("innocent"));
    let findings = report["findings"].as_array().unwrap();
    let order: Vec<_> = findings.iter().filter(|finding| finding["kind"] == "order").collect();
    assert!(!order.is_empty(), "run {run}: {report:#}");
    for finding in order {
        let steps: HashSet<_> = parties(finding).collect();
        let expected = [("map", opener), ("close_channel", closer), ("unmap", opener)];
        for (step, pid) in expected {
            assert!(steps.contains(&(step, pid)), "run {run}, {step} by {pid}: {finding:#}");
        }
        assert!(
            steps.iter().all(|(_, pid)| *pid == opener || *pid == closer),
            "run {run}: {steps:?}"
        );
        let text = finding["evidence"].to_string();
        let blame = format!("ms after close_channel by drm-player pid {closer}");
        assert!(text.contains(&blame), "run {run}: {text}");
    }
    let named = format!("pid {innocent}");
    // The session that the TA keeps to this PTA is opened in the first call that maps, whoever makes that one.
    let is_kept = |finding: &&Value| finding["title"].to_string().contains(SYSTEM_PTA);
    for finding in findings.iter().filter(|finding| !is_kept(finding)) {
        assert!(!finding.to_string().contains(&named), "run {run}: {finding:#}");
    }
}

/// One that has a session and no chance to close it. Which program it is has to be looked up while it lives.
fn the_kernel_closes_for_a_client_that_is_killed(guest: &mut Guest) {
    let line = "teeleak run --kernel -n 1 --warmup 0 --idle 0 -o /share/killed.tlk -- sh -c \
        'drm-player --hold /tmp/held & held=$!; until [ -e /tmp/held ]; do usleep 10000; done; \
        drm-player --poke /tmp/held; sleep 1; kill -9 $held; wait $held; echo $held > /share/killed'";
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 3, "one snapshot can't show growth: {}", outcome.stderr);
    let killed = fs::read_to_string(guest.share().join("killed")).unwrap();
    let killed: u32 = killed.trim().parse().unwrap();
    let seen = read(&guest.share().join("killed.tlk"));
    let closed: Vec<_> =
        seen.events.iter().filter(|event| event.kind == EventKind::Close).collect();
    let parties = closed.iter().filter_map(|event| event.by.as_deref());
    let by_kernel: Vec<_> = parties.filter(|party| party.by_kernel).collect();
    assert_eq!(by_kernel.len(), 1, "{:#?}", seen.clients);
    assert_eq!((by_kernel[0].pid, &*by_kernel[0].comm), (killed, "drm-player"));
    assert_eq!(seen.clients.joined.map(|joined| joined.by_kernel), Some(1));
    let process = seen.clients.processes.iter().find(|process| process.pid == killed).unwrap();
    assert!(process.ended && process.exe.ends_with("drm-player"), "{process:?}");
}

/// Also when it is killed itself: the next one clears up.
fn nothing_stays_in_the_kernel(guest: &mut Guest) {
    let line = "cd /sys/kernel/tracing; teeleak trace --kernel > /tmp/log & ours=$!; \
        until [ -e instances/*/trace_pipe ] && grep -q . kprobe_events; do usleep 10000; done; \
        kill -9 $ours; wait $ours; grep -q teeleak_$ours/ kprobe_events && \
        teeleak trace --kernel -- drm-player > /tmp/log && \
        ! grep -q teeleak kprobe_events && [ -z \"$(ls instances)\" ] && tail -n 1 /tmp/log";
    let outcome = guest.exec(line, LIMIT).unwrap();
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    let sum = "by 1 processes, 0 lost; from kernel probes";
    assert!(outcome.stdout.contains(sum), "{}", outcome.stdout);
}

/// Which process did each step of a finding's sequence.
fn parties(finding: &Value) -> impl Iterator<Item = (&str, u64)> {
    let sequences = finding["evidence"].as_array().unwrap().iter();
    let steps = sequences.filter_map(|evidence| evidence["steps"].as_array()).flatten();
    steps.map(|step| (step["step"].as_str().unwrap(), step["by"]["pid"].as_u64().unwrap()))
}

/// Process that played, and the one that closed its channels.
fn pids(played: &Path) -> (u64, u64) {
    let played = fs::read_to_string(played).unwrap();
    let switch: Value = serde_json::from_str(played.lines().next().unwrap()).unwrap();
    (switch["pid"].as_u64().unwrap(), switch["closed_by"].as_u64().unwrap())
}
