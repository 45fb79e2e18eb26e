//! Calls of many threads in several processes, put together with what the TEE saw. What belongs
//! together is known by construction, so that every wrong match shows.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test stops at the first surprise; its numbers are small"
)]

use std::{collections::HashMap, sync::Arc};

use teeleak_analysis::{
    clients::{blame, join},
    model::{
        Call, CallKind, CallParam, Caller, Clients, Clock, Event, EventKind, Evidence, FileKind,
        Finding, FindingKind, Fingerprint, JoinReport, Keys, Origin, Process, Severity,
        SourceLocation, StepRef, Subject, Time,
    },
};
use teeleak_proto::Uuid;

const TA: Uuid = Uuid([7; 16]);
const PROCESSES: [(u32, u32); 3] = [(100, 3), (200, 3), (300, 2)];
const CALLS_EACH: u32 = 1300;

fn place() -> SourceLocation {
    SourceLocation { source: "simulated".into(), at: 1 }
}

fn party(pid: u32, tid: u32) -> Caller {
    Caller { pid, tid, comm: format!("client-{pid}").into(), by_kernel: false }
}

fn call(by: Caller, kind: CallKind, session: u32, times: (u64, u64)) -> Call {
    Call {
        place: place(),
        thread: by.comm.clone(),
        by,
        kind,
        monotonic: times,
        counter: Some(times),
        result: 0,
        origin: Some(4),
        session: Some(session),
        uuid: Some(TA),
        cmd: 0,
        param_types: 1,
        params: [CallParam::default(); 4],
        file: FileKind::Other,
        stack: vec![],
    }
}

fn event(kind: EventKind, session: u32, times: (u64, u64)) -> Event {
    Event {
        origin: Origin::Tee,
        seq: 0,
        lost_before: 0,
        time: Some(Time { clock: Clock::Counter, ns: times.1 }),
        duration_ns: Some(times.1 - times.0),
        place: place(),
        iteration: None,
        kind,
        result: Some(0.into()),
        session: Some(session),
        opener: 0,
        instance: 1,
        uuid: Some(TA),
        cmd: None,
        values: [0; 8],
        keys: Keys::default(),
        by: None,
    }
}

/// Invokes of eight threads in three processes. All threads of a process share one session, which
/// serves one call at a time; the TEE serves sessions at the same time.
struct World {
    events: Vec<Event>,
    clients: Clients,
    /// Call of each event.
    truth: HashMap<usize, usize>,
}

/// A small generator of numbers that only need to look irregular.
fn next(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

impl World {
    fn new(token: impl Fn(u32) -> u32, distance: u64) -> Self {
        let mut made: Vec<(Event, Call)> = Vec::new();
        for (n, (pid, threads)) in PROCESSES.iter().enumerate() {
            made.extend(session(n as u32 + 1, *pid, *threads, &token, distance));
        }
        made.sort_by_key(|(event, _)| event.time.map(|time| time.ns));
        let mut order: Vec<usize> = (0..made.len()).collect();
        order.sort_by_key(|at| made[*at].1.monotonic);
        let truth = order.iter().enumerate().map(|(call, event)| (*event, call)).collect();
        let calls = order.iter().map(|at| made[*at].1.clone()).collect();
        let events = made.into_iter().map(|(event, _)| event).collect();
        Self {
            events,
            clients: Clients { processes: vec![], calls, lost: 0, ..Clients::default() },
            truth,
        }
    }

    /// Loses every `nth` call; calls that are left keep their truth.
    fn lose_calls(&mut self, nth: usize) {
        let mut kept = HashMap::new();
        let calls = std::mem::take(&mut self.clients.calls);
        for (at, call) in calls.into_iter().enumerate() {
            if at % nth == 0 {
                self.clients.lost += 1;
            } else {
                kept.insert(at, self.clients.calls.len());
                self.clients.calls.push(call);
            }
        }
        self.truth.retain(|_, call| kept.get(call).map(|new| *call = *new).is_some());
    }

    /// Joins, and checks that nothing is wrong; says what came of it.
    fn join(mut self) -> JoinReport {
        let owners: HashMap<u32, u32> =
            PROCESSES.iter().enumerate().map(|(n, (pid, _))| (n as u32 + 1, *pid)).collect();
        let joined = join(&mut self.events, &self.clients);
        for (event, call) in &joined.pairs {
            assert_eq!(self.truth.get(event), Some(call), "a wrong match");
        }
        for (at, event) in self.events.iter().enumerate() {
            let Some(by) = &event.by else { continue };
            assert_eq!(by.pid, owners[&event.session.unwrap()]);
            let tid = self.truth.get(&at).map(|call| self.clients.calls[*call].by.tid);
            assert!(by.tid == 0 || Some(by.tid) == tid, "a wrong thread");
        }
        assert_eq!(joined.matched, joined.pairs.len() as u64);
        let all = joined.matched + joined.by_process + joined.by_kernel + joined.unclaimed;
        assert_eq!(all, self.events.len() as u64);
        joined
    }
}

fn session(
    session: u32,
    pid: u32,
    threads: u32,
    token: &impl Fn(u32) -> u32,
    distance: u64,
) -> Vec<(Event, Call)> {
    let mut state = u64::from(pid);
    let mut ready: Vec<u64> = (0..threads).map(|n| 1_000_000 + u64::from(n)).collect();
    let (mut free, mut made) = (0, Vec::new());
    for n in 0..threads * CALLS_EACH {
        let thread = (0..ready.len()).min_by_key(|thread| ready[*thread]).unwrap();
        let begin = ready[thread];
        let started = (begin + 1 + next(&mut state, 400)).max(free + 1);
        let done = started + 10 + next(&mut state, 900);
        let end = done + 1 + next(&mut state, 3000);
        free = done;
        ready[thread] = end + next(&mut state, 50);
        let by = party(pid, pid + thread as u32);
        let mut call = call(by, CallKind::InvokeCommand, session, (begin, end));
        let token = token(session << 20 | n);
        call.params[0] = CallParam { input: u64::from(token), size: 0, output: u64::from(token) };
        let mut event = event(EventKind::Invoke, session, (started + distance, done + distance));
        event.cmd = Some(0);
        event.values[0] = token;
        made.push((event, call));
    }
    made
}

const ALL: u64 = 8 * CALLS_EACH as u64;

#[test]
fn every_call_finds_its_event() {
    let joined = World::new(|token| token, 0).join();
    assert_eq!((joined.matched, joined.distance_ns), (ALL, Some(0)));
    assert_eq!((joined.unseen, joined.findings.len()), (0, 0));
}

#[test]
fn clocks_that_differ_are_found_out() {
    let joined = World::new(|token| token, 77_000_000_000).join();
    assert_eq!(joined.matched, ALL);
    let distance = joined.distance_ns.unwrap();
    assert!((distance + 77_000_000_000).abs() < 2_000, "{distance}");
}

#[test]
fn a_late_call_has_its_say_in_how_far_the_clocks_differ() {
    // Many calls whose answer is short allow one side of the true distance, a late one the other.
    const AHEAD: u64 = 5_000_000_000;
    let (mut events, mut calls) = (vec![], vec![]);
    for n in 0..100 {
        let (before, after) = if n < 90 { (500_000, 50_000) } else { (50_000, 500_000) };
        let (begin, end) = (n * 2_000_000 + 1_000_000, n * 2_000_000 + 1_100_000);
        calls.push(call(party(9, 9), CallKind::CloseSession, 3, (begin - before, end + after)));
        events.push(event(EventKind::Close, 3, (begin + AHEAD, end + AHEAD)));
    }
    let joined = join(&mut events, &Clients { calls, ..Clients::default() });
    assert_eq!((joined.matched, joined.unclaimed), (100, 0), "{joined:?}");
}

#[test]
fn calls_that_look_alike_name_the_process_at_least() {
    let joined = World::new(|_| 5, 0).join();
    assert_eq!(joined.matched + joined.by_process, ALL);
    assert!(joined.matched > 0 && joined.by_process > 0, "{joined:?}");
}

#[test]
fn calls_that_look_alike_do_not_shift_the_clock() {
    // A bit later, each event of the two long calls lies in both of them, but that of the short call
    // lies in none.
    const AHEAD: u64 = 5_000_000_000;
    const CALLS: [(u64, u64); 3] = [(0, 100_000), (60_000, 160_000), (300_000, 310_000)];
    const EVENTS: [(u64, u64); 3] = [(50_000, 51_000), (62_000, 63_000), (301_000, 309_000)];
    let (mut events, mut calls) = (vec![], vec![]);
    for n in 0..40 {
        let start = 1_000_000 * (n + 1);
        // One round in four has a short call.
        for at in 0..if n % 4 == 0 { 3 } else { 2 } {
            let times = (start + CALLS[at].0, start + CALLS[at].1);
            calls.push(call(party(9, 9), CallKind::CloseSession, 3, times));
            let times = (start + EVENTS[at].0 + AHEAD, start + EVENTS[at].1 + AHEAD);
            events.push(event(EventKind::Close, 3, times));
        }
    }
    let joined = join(&mut events, &Clients { calls, ..Clients::default() });
    assert_eq!(joined.unclaimed, 0, "{joined:?}");
}

#[test]
fn lost_calls_are_counted_not_guessed() {
    for nth in [2, 7, 100] {
        let mut world = World::new(|token| token, 0);
        world.lose_calls(nth);
        let lost = world.clients.lost;
        let joined = world.join();
        assert_eq!((joined.matched, joined.unclaimed), (ALL - lost, lost));
    }
}

#[test]
fn lost_calls_that_look_alike_lead_to_no_wrong_thread() {
    for nth in [2, 7, 100] {
        let mut world = World::new(|_| 5, 0);
        world.lose_calls(nth);
        let lost = world.clients.lost;
        let joined = world.join();
        assert!(joined.unclaimed <= lost, "{joined:?}");
    }
}

#[test]
fn where_both_sides_lost_only_processes_are_named() {
    let mut world = World::new(|_| 5, 0);
    world.lose_calls(7);
    world.events[0].lost_before = 3;
    let joined = world.join();
    assert_eq!(joined.matched, 0);
    assert!(joined.by_process > 0);
}

fn process(pid: u32, ended: bool) -> Process {
    Process {
        pid,
        ppid: 1,
        comm: "drmserver".into(),
        exe: "/bin/drmserver".into(),
        born_ns: 0,
        ended,
        called: true,
        running: 0,
        lost: 0,
    }
}

#[test]
fn a_session_that_the_kernel_closed_says_so() {
    let calls = vec![call(party(1502, 1502), CallKind::OpenSession, 9, (100, 200))];
    let mut events =
        [event(EventKind::Open, 9, (110, 190)), event(EventKind::Close, 9, (1000, 1010))];
    let processes = vec![process(1502, true)];
    let joined = join(&mut events, &Clients { processes, calls, lost: 0, ..Clients::default() });
    assert_eq!((joined.matched, joined.by_kernel), (1, 1));
    let by = events[1].by.as_ref().unwrap().to_string();
    assert_eq!(by, "the kernel, for client-1502 pid 1502");
}

#[test]
fn a_closing_that_the_kernel_was_seen_at_needs_no_end_of_the_process() {
    let kernel = Caller { by_kernel: true, ..party(1502, 0) };
    let open = call(party(1502, 1502), CallKind::OpenSession, 9, (100, 200));
    let events =
        || [event(EventKind::Open, 9, (110, 190)), event(EventKind::Close, 9, (1000, 1010))];
    for (times, expected) in [((990, 1020), 1), ((1005, 1005), 0)] {
        let close = call(kernel.clone(), CallKind::CloseSession, 9, times);
        let processes = vec![process(1502, false)];
        let calls = vec![open.clone(), close];
        let mut events = events();
        let joined = join(&mut events, &Clients { processes, calls, ..Clients::default() });
        assert_eq!((joined.matched, joined.by_kernel), (1, expected), "{times:?}");
        assert_eq!(events[1].by.as_deref(), (expected > 0).then_some(&kernel));
    }
}

#[test]
fn two_stories_are_a_finding() {
    let mut invoke = call(party(1, 1), CallKind::InvokeCommand, 3, (100, 200));
    invoke.result = 0xffff_000c;
    let mut seen = event(EventKind::Invoke, 3, (110, 190));
    seen.cmd = Some(0);
    let opened = call(party(1, 1), CallKind::OpenSession, 3, (10, 20));
    let unseen = call(party(1, 1), CallKind::CloseSession, 4, (50, 60));
    let mut events = [event(EventKind::Open, 3, (12, 18)), seen];
    let clients = Clients {
        processes: vec![],
        calls: vec![opened, unseen, invoke],
        lost: 0,
        ..Clients::default()
    };
    let joined = join(&mut events, &clients);
    assert_eq!((joined.matched, joined.unseen), (1, 1));
    let titles: Vec<_> = joined.findings.iter().map(|finding| &*finding.title).collect();
    let want = [
        "a client got a different result than the TEE returned, once",
        "a client's call succeeded, but the TEE did not record it, once",
    ];
    assert_eq!(titles, want);
    assert!(joined.findings.iter().all(|finding| finding.kind == FindingKind::Disagreement));
}

#[test]
fn a_violation_names_both_processes() {
    let step = |name: &str, pid: u32, comm: &str, ns| {
        let mut event = event(EventKind::Invoke, 1, (ns, ns));
        event.by = Some(Caller { pid, tid: pid, comm: comm.into(), by_kernel: false }.into());
        StepRef { step: name.into(), keys: "channel 3".into(), event }
    };
    let close = step("close_channel", 1423, "mediaserver", 1_000);
    let unmap = step("unmap", 1502, "drmserver", 3_101_000);
    let mut findings = [Finding {
        kind: FindingKind::Order,
        severity: Severity::Failure,
        verdict: None,
        subject: Subject::Ta(TA),
        title: "x".into(),
        headline: None,
        figures: vec![],
        evidence: vec![Evidence::Sequence(vec![close, unmap])],
        fingerprint: Fingerprint(Arc::from("x")),
        cause: None,
        blame: None,
        next_step: "x".into(),
    }];
    blame(&mut findings);
    let want = "unmap by drmserver pid 1502, 3.1 ms after close_channel by mediaserver pid 1423";
    assert_eq!(findings[0].evidence[0], Evidence::Text(want.into()));
}
