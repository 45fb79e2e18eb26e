//! The whole audit over small simulated runs: exit codes, causes, doubts.

#[expect(dead_code, reason = "the growth tests use more of the simulation")]
mod simulation;

use simulation::{PLAYER, Run};
use teeleak_analysis::{
    audit::{Conclusion, Needs, Options, Report, audit},
    model::{
        Call, CallKind, CallParam, Caller, Canary, Event, EventKind, FileKind, Finding,
        FindingKind, Keys, Origin, Severity, SourceLocation, Stage,
    },
    protocol::Protocol,
};

const DRM: &str = r#"
[protocol.drm]
ta = "07070707-0707-0707-0707-070707070707"
resource.channel = { max_held = 1 }
resource.mapping = { parent = "channel" }
step.open_channel = { acquire = "channel", invoke = 0, key = "value 0.a" }
step.map = { acquire = "mapping", invoke = 1, key = "value 1.a", parent_key = "value 0.a" }
step.unmap = { release = "mapping", invoke = 2, key = "value 1.a", parent_key = "value 0.a" }
step.close_channel = { release = "channel", invoke = 3, key = "value 0.a" }
"#;

/// A player's events.
#[derive(Default)]
struct Events(Vec<Event>);

impl Events {
    fn push(&mut self, iteration: u32, kind: EventKind, values: [u32; 3], result: u32) {
        let [cmd, first, third] = values;
        let at = self.0.len() as u64 + 1;
        let mut values = [0; 8];
        values[0] = first;
        values[2] = third;
        self.0.push(Event {
            origin: Origin::Tee,
            seq: at + 500,
            lost_before: 0,
            time: None,
            duration_ns: None,
            place: SourceLocation { source: "simulation".into(), at },
            iteration: Some(iteration),
            cmd: (kind == EventKind::Invoke).then_some(cmd),
            session: (kind == EventKind::Invoke).then_some(1),
            kind,
            result: Some(result.into()),
            opener: 0,
            instance: 1,
            uuid: Some(PLAYER),
            values,
            keys: Keys::default(),
            by: None,
        });
    }

    fn call(&mut self, iteration: u32, cmd: u32, buffer: u32, result: u32) {
        self.push(iteration, EventKind::Invoke, [cmd, 3, buffer], result);
    }

    /// Opens a channel, and maps a buffer that stays mapped.
    fn open_and_map(&mut self, iteration: u32) {
        self.call(iteration, 0, 0, 0);
        // The simulation maps its n-th region here.
        self.push(iteration, EventKind::Map, [0, 0x10_0000 * iteration, 0x1000], 0);
        self.call(iteration, 1, iteration, 0);
    }
}

fn report(run: &Run, events: Events, needs: Needs) -> Report {
    let mut observation = run.observation();
    observation.events = events.0;
    observation.canary = Some(Canary { size: 999, expected: 21, found: 21 });
    let mut options = Options { needs, ..Options::default() };
    options.protocols.extend(Protocol::read("drm.toml", DRM).unwrap_or_default());
    assert_eq!(options.protocols.len(), 4);
    audit(&mut observation, &options)
}

/// A run that leaks a mapping in each iteration; `close` does the rest of it.
fn leaky(close: impl Fn(&mut Events, u32)) -> Report {
    let mut run = Run::new(3);
    let mut events = Events::default();
    run.measure(20, |heap, n| {
        heap.allocate("core/mm/mobj.c", 168, 32);
        heap.allocate("core/mm/vm.c", 257, 28);
        heap.map(0x1000);
        events.open_and_map(n);
        close(&mut events, n);
    });
    report(&run, events, Needs::ALL)
}

fn failures(report: &Report) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.severity == Severity::Failure).collect()
}

#[test]
fn quiet_run_is_clean() {
    let mut run = Run::new(3);
    let mut events = Events::default();
    run.measure(20, |heap, n| {
        let object = heap.allocate("core/mm/mobj.c", 168, 32);
        heap.free(object);
        for cmd in 0..4 {
            events.call(n, cmd, n, 0);
        }
    });
    let report = report(&run, events, Needs::ALL);
    assert_eq!(report.findings, []);
    assert_eq!(
        (report.conclusion, report.conclusion.code()),
        (Conclusion::Clean, 0),
        "{:?}",
        report.doubts
    );
    assert_eq!(report.steps, 80);
}

#[test]
fn close_before_unmap_is_the_cause_of_all_that_grows() {
    let report = leaky(|events, n| {
        events.call(n, 3, 0, 0);
        events.call(n, 2, n, 0xffff_0008);
    });
    assert_eq!(report.conclusion, Conclusion::Order);
    let failures = failures(&report);
    let order = failures.iter().find(|finding| finding.kind == FindingKind::Order);
    let order = &order.expect("an order finding").fingerprint;
    for finding in failures.iter().filter(|finding| finding.kind != FindingKind::Order) {
        let cause = finding.cause.as_ref().map(|cause| &cause.0);
        assert_eq!(cause, Some(order), "{}", finding.title);
    }
    let kinds: Vec<_> = failures.iter().map(|finding| finding.kind).collect();
    let expected = [
        FindingKind::Order,
        FindingKind::SiteGrowth,
        FindingKind::RegionGrowth,
        FindingKind::Unpaired,
        FindingKind::Unpaired,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn forgotten_unmap_is_a_leak_explained_by_what_was_not_released() {
    let report = leaky(|events, n| events.call(n, 3, 0, 0));
    assert_eq!(report.conclusion, Conclusion::Leak);
    let failures = failures(&report);
    let of_ta = failures.iter().find(|finding| finding.title.starts_with("drm: "));
    let mapping = &of_ta.expect("an unpaired mapping").fingerprint;
    for finding in failures.iter().filter(|finding| finding.fingerprint != *mapping) {
        let cause = finding.cause.as_ref().map(|cause| &cause.0);
        assert_eq!(cause, Some(mapping), "{}", finding.title);
    }
}

#[test]
fn two_equally_good_causes_make_no_link() {
    let mut run = Run::new(3);
    let mut events = Events::default();
    run.measure(20, |heap, n| {
        heap.allocate("core/mm/mobj.c", 168, 32);
        // A channel and a mapping in another one stay: which of the two made the object?
        events.call(n, 0, 0, 0);
        events.push(n, EventKind::Invoke, [0, 100 + n, 0], 0);
        events.push(n, EventKind::Invoke, [1, 3, n], 0);
        events.push(n, EventKind::Invoke, [3, 3, 0], 0);
    });
    let report = report(&run, events, Needs::ALL);
    let site = report.findings.iter().find(|finding| finding.kind == FindingKind::SiteGrowth);
    assert_eq!(site.expect("a growing site").cause, None);
}

#[test]
fn what_was_not_seen_is_no_clean_run() {
    let quiet = || {
        let mut run = Run::new(3);
        run.measure(20, |_, _| {});
        run
    };
    let blind = report(&quiet(), Events::default(), Needs::ALL);
    assert_eq!(blind.conclusion.code(), 3);
    assert_eq!(blind.doubts, ["no event was recorded".into()]);
    assert_eq!(report(&quiet(), Events::default(), Needs::SITES).conclusion.code(), 0);

    let mut hidden = quiet();
    hidden.hide([7]);
    hidden.measure(20, |_, _| {});
    let hidden = report(&hidden, Events::default(), Needs::SITES);
    assert_eq!(hidden.conclusion, Conclusion::Inconclusive);
    assert_eq!(hidden.coverage.len(), 1);

    let nothing = audit(&mut Default::default(), &Options::default());
    assert_eq!(nothing.conclusion, Conclusion::Inconclusive);
    assert_eq!(nothing.doubts.len(), 3);
}

#[test]
fn missing_canary_is_no_clean_run() {
    let mut run = Run::new(3);
    run.measure(20, |_, _| {});
    let mut observation = run.observation();
    let needs = Needs { canary: true, ..Needs::SITES };
    let options = Options { needs, ..Options::default() };
    assert_eq!(audit(&mut observation, &options).conclusion, Conclusion::Inconclusive);
    observation.canary = Some(Canary { size: 999, expected: 21, found: 20 });
    assert_eq!(audit(&mut observation, &options).conclusion, Conclusion::Inconclusive);
    observation.canary = Some(Canary { size: 999, expected: 21, found: 21 });
    assert_eq!(audit(&mut observation, &options).conclusion, Conclusion::Clean);
}

#[test]
fn a_few_equal_dumps_of_a_log_are_no_proof() {
    for n in 1..8 {
        let mut run = Run::new(3);
        run.measure(n, |_, _| {});
        let mut observation = run.observation();
        observation.samples.retain(|sample| sample.moment.stage == Stage::Measured);
        let options = |needs| Options { needs, ..Options::default() };
        let log = audit(&mut observation, &options(Needs::SITES));
        let is_enough = observation.samples.len() >= 5;
        assert_eq!(log.conclusion == Conclusion::Clean, is_enough, "{n}: {:?}", log.doubts);
        let live = audit(&mut observation, &options(Needs::STOCK));
        assert_eq!(live.conclusion == Conclusion::Clean, observation.samples.len() > 1);
    }
}

/// Calls of a client that need no session, such as those that make and end a context.
fn context_calls(n: u64, kind: CallKind) -> Vec<Call> {
    let call = |at| Call {
        place: SourceLocation { source: "client".into(), at },
        by: Caller { pid: 7, tid: 7, comm: "client".into(), by_kernel: false },
        thread: "client".into(),
        kind,
        monotonic: (at, at + 1),
        counter: None,
        result: 0,
        origin: None,
        session: None,
        uuid: None,
        cmd: 0,
        param_types: 0,
        params: [CallParam::default(); 4],
        file: FileKind::Other,
        stack: Vec::new(),
    };
    (0..n).map(call).collect()
}

#[test]
fn clients_that_open_no_session_leave_no_event_and_no_doubt() {
    let conclusion = |has_events, kind| {
        let mut run = Run::new(3);
        run.measure(20, |_, _| {});
        let mut observation = run.observation();
        observation.platform.has_events = has_events;
        observation.platform.workload = vec!["true".into()];
        observation.clients.calls = context_calls(80, kind);
        observation.canary = Some(Canary { size: 999, expected: 21, found: 21 });
        audit(&mut observation, &Options::default()).conclusion
    };
    assert_eq!(conclusion(true, CallKind::InitializeContext), Conclusion::Clean);
    assert_eq!(conclusion(true, CallKind::OpenSession), Conclusion::Inconclusive);
    assert_eq!(conclusion(false, CallKind::InitializeContext), Conclusion::Inconclusive);
}
